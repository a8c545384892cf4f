"""A remote that answers every path with one calendar, and counts who asks for the same path at once."""

from __future__ import annotations

import threading

from tests.fakes.feed_server import CALENDAR
from tests.fakes.loopback import Handler, Loopback
from tests.fakes.under_way import UnderWay


class _Handler(Handler["CountingServer"]):
    def do_GET(self) -> None:
        owner = self.owner
        owner.begins(self.path)
        try:
            owner.go_on.wait(owner.delay)
        finally:
            owner.ends(self.path)
        self.send_response(200)
        self.send_header("Content-Type", CALENDAR)
        self.send_header("Content-Length", str(len(owner.body)))
        self.end_headers()
        self.wfile.write(owner.body)


class CountingServer(UnderWay, Loopback):
    """`delay` is the seconds before an answer; what is under way is counted by path."""

    handler = _Handler
    backlog = 256
    # A client that was killed hangs up.
    tells_errors = False

    def __init__(self, body: bytes, delay: float, address: str = "127.0.0.1") -> None:
        UnderWay.__init__(self)
        Loopback.__init__(self, address)
        self.body = body
        self.delay = delay
        self.go_on = threading.Event()
        """Once set, nobody waits for an answer any more"""

    def url(self, path: str) -> str:
        return f"{self.root}{path}"

    def _ending(self) -> None:
        super()._ending()
        self.go_on.set()

"""A remote that answers every path with one calendar, and counts who asks for the same path at once."""

from __future__ import annotations

import threading
import time
from collections import Counter

from tests.fakes.feed_server import CALENDAR
from tests.fakes.loopback import Handler, Loopback


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


class CountingServer(Loopback):
    """`delay` is the seconds before an answer; `most_at_once` counts requests under way per path."""

    handler = _Handler
    backlog = 256
    # A client that was killed hangs up.
    tells_errors = False

    def __init__(self, body: bytes, delay: float, address: str = "127.0.0.1") -> None:
        super().__init__(address)
        self.body = body
        self.delay = delay
        self.go_on = threading.Event()
        """Once set, nobody waits for an answer any more"""
        self.requests: Counter[str] = Counter()
        self.most_at_once: Counter[str] = Counter()
        self.most_together = 0
        """Requests under way of all paths"""
        self.began: list[float] = []
        """When each request came"""
        self._under_way: Counter[str] = Counter()
        self._lock = threading.Lock()

    def url(self, path: str) -> str:
        return f"{self.root}{path}"

    def total(self) -> int:
        with self._lock:
            return self.requests.total()

    def begins(self, path: str) -> None:
        with self._lock:
            self.requests[path] += 1
            self._under_way[path] += 1
            self.most_at_once[path] = max(self.most_at_once[path], self._under_way[path])
            self.most_together = max(self.most_together, self._under_way.total())
            self.began.append(time.monotonic())

    def ends(self, path: str) -> None:
        with self._lock:
            self._under_way[path] -= 1

    def _ending(self) -> None:
        super()._ending()
        self.go_on.set()

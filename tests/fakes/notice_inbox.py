"""An address on loopback to which a channel may post, and what was posted there."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

PATIENCE = 10.0


class NoticeInbox:
    """`with NoticeInbox() as inbox: …; inbox.wait(2)`"""

    def __init__(self) -> None:
        self._posted: list[Mapping[str, str]] = []
        self._arrived = threading.Condition()

    def __enter__(self) -> NoticeInbox:
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("content-length") or 0))
                self.send_response(204)
                self.end_headers()
                inbox._keep({name.lower(): value for name, value in self.headers.items()})

            def log_message(self, format: str, *args: object) -> None:
                """A test's output is no access log."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/notices"

    def wait(self, least: int) -> Sequence[Mapping[str, str]]:
        """Headers (lower-case names) in the order of arrival, as soon as there are so many."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self._posted) >= least, PATIENCE), self._posted
            return tuple(self._posted)

    def _keep(self, headers: Mapping[str, str]) -> None:
        with self._arrived:
            self._posted.append(headers)
            self._arrived.notify_all()

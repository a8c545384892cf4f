"""The double on loopback, for real processes and real sockets."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from tests.fakes.google_calendar.asked import Ending, Reply
from tests.fakes.google_calendar.double import GoogleCalendar


class Serving:
    """`with Serving(google) as server: ... server.root`; `google.root` is the same while it serves.

    `patience`: so many seconds a connection is kept open that gets no answer by order.
    """

    def __init__(self, google: GoogleCalendar, port: int = 0, patience: float = 60) -> None:
        self.google = google
        self.patience = patience
        self.closing = threading.Event()
        self._server = _Server(self, port)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.005,), daemon=True)

    def __enter__(self) -> Serving:
        self._before, self.google.root = self.google.root, self.root
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self.google.watching.close()
        self.google.root = self._before

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def host(self) -> str:
        """`host:port`, as HUB_ALLOWED_PRIVATE_HOSTS and `Network` take it."""
        return f"127.0.0.1:{self.port}"

    @property
    def root(self) -> str:
        return f"http://{self.host}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # What waits by order ends with `closing`, nobody waits for it.
    block_on_close = False
    request_queue_size = 128

    def __init__(self, owner: Serving, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.owner = owner

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gives up is what the test wants."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # an answer's head and body leave together

    def do_GET(self) -> None:
        self._respond()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """The double has a log of its own."""

    def _respond(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        reply = self.server.owner.google.handle(self.command, self.path, dict(self.headers.items()), body)
        closing, patience = self.server.owner.closing, self.server.owner.patience
        if reply.delay and closing.wait(reply.delay):
            reply = Reply(0, ending=Ending.HUNG_UP)
        if reply.ending in (Ending.TIMED_OUT, Ending.HUNG_UP):
            if reply.ending is Ending.TIMED_OUT:
                closing.wait(patience)
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status not in (204, 304):
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        cut = reply.ending is Ending.TRUNCATED
        self.wfile.write(reply.body[: len(reply.body) // 2] if cut else reply.body)
        self.close_connection = self.close_connection or cut

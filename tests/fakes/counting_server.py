"""A remote that answers every path with one calendar, and counts who asks for the same path at once."""

from __future__ import annotations

import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from tests.fakes.feed_server import CALENDAR


class CountingServer:
    """`delay` is the seconds before an answer; `most_at_once` counts requests under way per path."""

    def __init__(self, body: bytes, delay: float, address: str = "127.0.0.1") -> None:
        self.address = address
        self.body = body
        self.delay = delay
        self.closing = threading.Event()
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
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> CountingServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def url(self, path: str) -> str:
        return f"http://{self.address}:{self._server.server_address[1]}{path}"

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


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, owner: CountingServer) -> None:
        super().__init__((owner.address, 0), _Handler)
        self.owner = owner

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed hangs up."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        owner = self.server.owner
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

    def log_message(self, format: str, *args: Any) -> None:
        pass

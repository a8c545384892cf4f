"""Stands between a connector and its remote on loopback: counts what is asked, and fails as it is told."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "content-length", "host", "date", "server"}
)
PAUSE = 0.01


@dataclass(frozen=True, slots=True)
class Passed:
    """One request that came by, or was stopped here."""

    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: bool = False
    """Announce all of the body, and hang up before its end"""
    endless: bool = False


Trouble = Callable[[Passed, Callable[[], Answer]], Answer | None]
"""What becomes of a request; the second argument asks the remote. None says nothing and hangs up."""


class FaultyProxy:
    """`with FaultyProxy(remote.url) as proxy: proxy.trouble = refuse`; without trouble it is not felt."""

    def __init__(self, remote: str = "") -> None:
        self.leads_to(remote)
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.005,), daemon=True)

    def __enter__(self) -> FaultyProxy:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def leads_to(self, remote: str) -> None:
        """From now on, and without trouble; what passed until now is forgotten."""
        self.remote = urlsplit(remote)
        self.trouble: Trouble | None = None
        self._passed: list[Passed] = []

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def passed(self) -> Sequence[Passed]:
        with self._lock:
            return tuple(self._passed)

    def handle(self, passed: Passed, body: bytes) -> Answer | None:
        with self._lock:
            self._passed.append(passed)
            trouble = self.trouble
        if trouble is None:
            return self._ask(passed, body)
        return trouble(passed, lambda: self._ask(passed, body))

    def _ask(self, passed: Passed, body: bytes) -> Answer:
        connection = http.client.HTTPConnection(self.remote.hostname or "", self.remote.port, timeout=30)
        headers = {
            name: value
            for name, value in passed.headers.items()
            if name not in HOP_BY_HOP and name != "accept-encoding"
        }
        try:
            connection.request(passed.method, passed.path, body=body or None, headers=headers)
            response = connection.getresponse()
            told = {name: value for name, value in response.getheaders() if name.lower() not in HOP_BY_HOP}
            return Answer(response.status, told, response.read())
        finally:
            connection.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, owner: FaultyProxy) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.owner = owner

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gives up on a faulty answer is what the test wants."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else a body waits until its head is acknowledged

    def _pass(self) -> None:
        owner = self.server.owner
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = owner.handle(Passed(self.command, self.path, headers), body)
        if answer is None:
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.endless:
            self.close_connection = True
            self.end_headers()
            while not owner.closing.wait(PAUSE):
                self.wfile.write(answer.body)
            return
        if answer.status in (204, 304):
            self.end_headers()
            return
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if answer.cut:
            self.close_connection = True
            self.wfile.write(answer.body[:-10])
        else:
            self.wfile.write(answer.body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass

    def log_message(self, format: str, *args: Any) -> None:
        """A test's output is no access log."""


PAGE = b"<!DOCTYPE html><html><body>Sign in</body></html>"


def silent(proxy: FaultyProxy) -> Trouble:
    """Says nothing until the test is over."""

    def wait(passed: Passed, ask: Callable[[], Answer]) -> None:
        proxy.closing.wait(30)

    return wait


def hangs_up(passed: Passed, ask: Callable[[], Answer]) -> None:
    """The remote never hears of it."""


def loses_the_answer(passed: Passed, ask: Callable[[], Answer]) -> None:
    """The remote does what it is asked, and nobody learns of it."""
    ask()


def says(status: int, headers: Mapping[str, str] | None = None, body: bytes = b"{}") -> Trouble:
    """The remote never hears of it."""

    def answer(passed: Passed, ask: Callable[[], Answer]) -> Answer:
        return Answer(status, headers or {}, body)

    return answer


def breaks_off(passed: Passed, ask: Callable[[], Answer]) -> Answer:
    answer = ask()
    return Answer(
        200 if answer.status == 204 else answer.status, answer.headers, answer.body + b" " * 20, cut=True
    )


def half(passed: Passed, ask: Callable[[], Answer]) -> Answer:
    answer = ask()
    return Answer(answer.status, answer.headers, answer.body[: len(answer.body) // 2])


def endless(passed: Passed, ask: Callable[[], Answer]) -> Answer:
    return Answer(200, {"Content-Type": "application/json"}, b'{"noise": "' + b"x" * 1000, endless=True)

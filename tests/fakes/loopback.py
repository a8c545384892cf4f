"""What the HTTP servers among the fakes have in common: each serves on loopback, in a thread of its own."""

from __future__ import annotations

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, Generic, Self, TypeVar, cast

POLL = 0.005
"""Seconds until the thread sees that it should end"""
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients that speak no https: httpx else reads all of the machine's authorities for each of them"""


class Loopback:
    """It listens from the beginning of `with` to its end, however that comes; with `tls` it speaks https."""

    handler: ClassVar[type[BaseHTTPRequestHandler]]
    backlog: ClassVar[int] = ThreadingHTTPServer.request_queue_size
    tells_errors: ClassVar[bool] = True
    """Whether a handler that fails, as when a client hangs up, says so"""

    def __init__(self, ip: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self.ip = ip
        self._tls = tls
        self.closing = threading.Event()
        """Set at the end, for handlers that wait"""

    def __enter__(self) -> Self:
        self._server = _Server(self)
        try:
            if self._tls is not None:
                self._server.socket = self._tls.wrap_socket(
                    self._server.socket, server_side=True, do_handshake_on_connect=False
                )
            self._thread = threading.Thread(target=self._server.serve_forever, args=(POLL,), daemon=True)
            self._thread.start()
        except BaseException:
            self._server.server_close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending()
        try:
            self._server.shutdown()
            self._thread.join()
        finally:
            self._server.server_close()

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def host(self) -> str:
        """`host:port`, as HUB_ALLOWED_PRIVATE_HOSTS and `Network` take it."""
        return f"{self.ip}:{self.port}"

    @property
    def root(self) -> str:
        return f"{'http' if self._tls is None else 'https'}://{self.host}"

    def _ending(self) -> None:
        """Handlers that wait need not wait any longer."""
        self.closing.set()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A test's faults leave threads that wait: they end with `closing`, nobody waits for them.
    block_on_close = False

    def __init__(self, owner: Loopback) -> None:
        self.owner = owner
        self.request_queue_size = owner.backlog
        super().__init__((owner.ip, 0), owner.handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if self.owner.tells_errors:
            super().handle_error(request, client_address)


Fake = TypeVar("Fake", bound=Loopback)


class Handler(BaseHTTPRequestHandler, Generic[Fake]):
    server: _Server
    disable_nagle_algorithm = True
    """Else a body waits 40 ms until the client has acknowledged the head"""

    @property
    def owner(self) -> Fake:
        return cast(Fake, self.server.owner)

    def log_message(self, format: str, *args: object) -> None:
        """A test's output is no access log."""

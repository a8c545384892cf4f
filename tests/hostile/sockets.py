"""What this process connects to, told by the interpreter itself, and listeners that must hear nothing."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from collections.abc import Iterator
from typing import Any

_seen: list[Any] | None = None


def _tell(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and _seen is not None and isinstance(arguments[1], tuple):
        _seen.append(arguments[1])


sys.addaudithook(_tell)  # for good: hooks cannot be taken back


@contextlib.contextmanager
def connections() -> Iterator[list[Any]]:
    """Addresses to which sockets are connected meanwhile, whoever does it; the file system's left out."""
    global _seen
    assert _seen is None, "one watch at a time"
    seen: list[Any] = []
    _seen = seen
    try:
        yield seen
    finally:
        _seen = None


class Listeners:
    """One port on every loopback address, of both families; `knocks` counts who came."""

    def __init__(self) -> None:
        self.knocks = 0
        first = socket.create_server(("0.0.0.0", 0), backlog=64)
        self.port: int = first.getsockname()[1]
        self._sockets = [first]
        with contextlib.suppress(OSError):  # no IPv6 here, or the port is taken there
            self._sockets.append(socket.create_server(("::1", self.port), family=socket.AF_INET6))
        self._threads = [
            threading.Thread(target=self._listen, args=(one,), daemon=True) for one in self._sockets
        ]

    def __enter__(self) -> Listeners:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._sockets:
            one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join()

    def _listen(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                self.knocks += 1
                connection.close()

"""How the guarded client dials: it resolves once, checks every address and connects to what it checked."""

from __future__ import annotations

import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import httpcore

from connectors.addresses import Allowed, permitted

Resolver = Callable[[str, int], Sequence[str]]
"""Host and port to IP addresses, in the order to try them; raises OSError."""

_LITERAL = re.compile(r"[0-9.]+|[0-9a-f:.]*:[0-9a-f:.]*")


class UnknownHost(httpcore.ConnectError):
    """The name has no address, as far as the resolver can tell now."""


def system_resolver(host: str, port: int) -> Sequence[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class GuardedBackend(httpcore.NetworkBackend):
    """Looks up, checks and dials in one step, so that a name cannot change its mind in between.

    `ends` is the moment of `time.monotonic()` at which everything must be over.
    """

    def __init__(self, allowed: Allowed, resolve: Resolver, ends: float) -> None:
        self._allowed = allowed
        self._resolve = resolve
        self._ends = ends

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = permitted(self._look_up(host, port), host, port, self._allowed)
        problem: Exception = httpcore.ConnectError("no address")
        for position, address in enumerate(addresses):
            # Shared among the addresses left: one that never answers must not cost the others their turn.
            share = _left(self._ends, httpcore.ConnectTimeout, timeout) / (len(addresses) - position)
            try:
                stream = httpcore.SyncBackend().connect_tcp(
                    address, port, share, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
            else:
                return _BoundedStream(stream, self._ends)
        raise problem

    def _look_up(self, host: str, port: int) -> Sequence[str]:
        """The resolver's answer by the deadline; getaddrinfo itself knows no timeout."""
        if _LITERAL.fullmatch(host):
            return (host,)
        answer: list[Sequence[str] | OSError] = []

        def ask() -> None:
            try:
                answer.append(self._resolve(host, port))
            except OSError as error:
                answer.append(error)

        asking = threading.Thread(target=ask, name="look-up", daemon=True)
        asking.start()
        asking.join(_left(self._ends, httpcore.ConnectTimeout))
        if not answer:
            raise httpcore.ConnectTimeout("the name was not resolved in time")
        if isinstance(answer[0], OSError):
            raise UnknownHost("the name was not resolved") from answer[0]
        return answer[0]


class _BoundedStream(httpcore.NetworkStream):
    """A stream whose every wait ends at one deadline: a trickle of bytes does not renew it."""

    def __init__(self, inner: httpcore.NetworkStream, ends: float) -> None:
        self._inner = inner
        self._ends = ends

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(self._ends, httpcore.ReadTimeout, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(self._ends, httpcore.WriteTimeout, timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(self._ends, httpcore.ConnectTimeout, timeout)
        return _BoundedStream(self._inner.start_tls(ssl_context, server_hostname, left), self._ends)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _left(ends: float, otherwise: type[Exception], timeout: float | None = None) -> float:
    left = ends - time.monotonic()
    if left <= 0:
        raise otherwise("the deadline has passed")
    return left if timeout is None else min(left, timeout)

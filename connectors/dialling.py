"""How the guarded client dials: it resolves once, checks every address and connects to what it checked."""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet

import httpcore

from connectors.addresses import AddressRefused, Allowed, permitted
from connectors.lookups import LookUps

MOST_READS = 20_000
"""Of one exchange: the largest answer comes in a third of these, in full packets"""

_LITERAL = re.compile(r"[0-9.]+|[0-9a-f:.]*:[0-9a-f:.]*")


class TooMuch(httpcore.NetworkError):
    """More bytes than any answer needs, or fewer at a time than any sender sends."""


@dataclass(slots=True)
class Budget:
    """What one exchange may still cost, all its redirects together."""

    ends: float
    """The moment of `time.monotonic()` at which everything must be over"""
    wire_bytes: int
    reads: int = MOST_READS

    def left(self, otherwise: type[Exception], timeout: float | None = None) -> float:
        """Seconds, at most `timeout`; raises `otherwise` when there are none."""
        left = self.ends - time.monotonic()
        if left <= 0:
            raise otherwise("the deadline has passed")
        return left if timeout is None else min(left, timeout)

    def spend(self, received: int) -> None:
        self.wire_bytes -= received
        self.reads -= 1
        if self.wire_bytes < 0 or self.reads < 0:
            raise TooMuch("the answer costs more than it can be worth")


class Streams:
    """What is open, so that another thread can break it off."""

    def __init__(self) -> None:
        self.closed = False
        self._lock = threading.Lock()
        self._open: WeakSet[GuardedStream] = WeakSet()

    def add(self, stream: GuardedStream) -> None:
        with self._lock:
            self._open.add(stream)
        if self.closed:
            stream.break_off()

    def close(self) -> None:
        with self._lock:
            self.closed, open_now = True, list(self._open)
        for stream in open_now:
            stream.break_off()


class GuardedBackend(httpcore.NetworkBackend):
    """Looks up, checks and dials in one step, so that a name cannot change its mind in between."""

    def __init__(self, allowed: Allowed, names: LookUps, streams: Streams, budget: Budget) -> None:
        self._allowed = allowed
        self._names = names
        self._streams = streams
        self._budget = budget
        self._dialler: httpcore.NetworkBackend = httpcore.SyncBackend()

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
            share = self._budget.left(httpcore.ConnectTimeout, timeout) / (len(addresses) - position)
            try:
                stream = self._dialler.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
            else:
                _check_peer(stream, address, host)
                return GuardedStream(stream, self._budget, self._streams)
        raise problem

    def _look_up(self, host: str, port: int) -> Sequence[str]:
        if _LITERAL.fullmatch(host):
            return (host,)
        return self._names.addresses(host, port, self._budget.left(httpcore.ConnectTimeout))


def _check_peer(stream: httpcore.NetworkStream, address: str, host: str) -> None:
    """Who answers must be who was checked, whatever lies between; raises AddressRefused."""
    try:
        peer = ipaddress.ip_address(str(stream.get_extra_info("server_addr")[0]).partition("%")[0])
    except OSError as error:
        stream.close()
        raise httpcore.ConnectError("the connection was lost at once") from error
    if peer != ipaddress.ip_address(address):
        stream.close()
        raise AddressRefused(f"{host} was answered for by another address than its own")


class GuardedStream(httpcore.NetworkStream):
    """A stream whose every wait ends at one deadline, and which takes no more than its budget."""

    def __init__(self, inner: httpcore.NetworkStream, budget: Budget, streams: Streams) -> None:
        self._inner = inner
        self._budget = budget
        self._streams = streams
        streams.add(self)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        received = self._inner.read(max_bytes, self._budget.left(httpcore.ReadTimeout, timeout))
        self._budget.spend(len(received))
        return received

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._budget.left(httpcore.WriteTimeout, timeout))

    def close(self) -> None:
        self._inner.close()

    def break_off(self) -> None:
        """From any thread: whoever waits for a byte here learns at once that none will come."""
        plain: socket.socket | None = self._inner.get_extra_info("socket")
        if plain is not None:
            with contextlib.suppress(OSError):
                # Past the TLS layer, which is the reading thread's own.
                socket.socket.shutdown(plain, socket.SHUT_RDWR)

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._budget.left(httpcore.ConnectTimeout, timeout)
        return GuardedStream(
            self._inner.start_tls(ssl_context, server_hostname, left), self._budget, self._streams
        )

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

"""Names to addresses: within a time, one question a name at a time, and with a few threads at most."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import httpcore

Resolver = Callable[[str, int], Sequence[str]]
"""Host and port to IP addresses, in the order to try them; raises OSError."""

PATIENCE = 10.0
"""Seconds that a name may take; getaddrinfo itself knows no timeout"""
MOST_WAITING = 64
"""Questions without an answer at one time: a resolver that hangs costs so many threads and no more"""


class UnknownHost(httpcore.ConnectError):
    """The name has no address, as far as the resolver can tell now."""


class Overloaded(Exception):
    """It is we who have too much to do: nothing was learnt of the host."""


def system_resolver(host: str, port: int) -> Sequence[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(slots=True)
class _Question:
    """`answered` is set when one of the other two is told, or the process is about to end."""

    answered: threading.Event = field(default_factory=threading.Event)
    addresses: Sequence[str] | None = None
    problem: Exception | None = None


class LookUps:
    """Asks a resolver in threads of its own, which may outlive the patience of those who wait for them."""

    def __init__(self, resolve: Resolver, most: int = MOST_WAITING) -> None:
        self._resolve = resolve
        self._most = most
        self._lock = threading.Lock()
        self._open: dict[tuple[str, int], _Question] = {}

    def addresses(self, host: str, port: int, seconds: float) -> Sequence[str]:
        """Who asks for a name that is being asked for shares its answer.

        Raises UnknownHost, httpcore.ConnectTimeout, or Overloaded where too many others wait.
        """
        question = self._asked(host, port)
        if not question.answered.wait(min(seconds, PATIENCE)):
            raise httpcore.ConnectTimeout("the name was not resolved in time")
        if question.addresses is None:
            raise UnknownHost("the name was not resolved") from question.problem
        return question.addresses

    def give_up(self) -> None:
        """Let nobody wait any longer: this process is about to end."""
        with self._lock:
            for question in self._open.values():
                question.answered.set()

    def _asked(self, host: str, port: int) -> _Question:
        with self._lock:
            if found := self._open.get((host, port)):
                return found
            if len(self._open) >= self._most:
                raise Overloaded("too many names wait for the resolver")
            question = self._open[host, port] = _Question()
        try:
            threading.Thread(
                target=self._ask, args=(host, port, question), name="look-up", daemon=True
            ).start()
        except RuntimeError:
            self._close(host, port)
            raise Overloaded("no thread is left to resolve names") from None
        return question

    def _ask(self, host: str, port: int, question: _Question) -> None:
        try:
            question.addresses = self._resolve(host, port)
        except (OSError, UnicodeError) as problem:  # the idna codec refuses some names in its own way
            question.problem = problem
        finally:
            self._close(host, port)
            question.answered.set()

    def _close(self, host: str, port: int) -> None:
        with self._lock:
            del self._open[host, port]

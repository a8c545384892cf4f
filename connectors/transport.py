"""The guarded way out: calls that cannot reach private addresses, run for ever or fill the memory."""

from __future__ import annotations

import functools
import io
import ssl
import time
import zlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from types import MappingProxyType

import httpcore
import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_fixed

from connectors import bodies
from connectors.addresses import AddressRefused, Allowed, Target
from connectors.applications import UNREGISTERED, Application
from connectors.dialling import Budget, GuardedBackend, Streams, TooMuch
from connectors.errors import ConnectorError, NeedsReconnect, RateLimited, Rejected, Unavailable
from connectors.lookups import LookUps, Overloaded, Resolver, UnknownHost, system_resolver
from connectors.redirects import REDIRECTS, follow, is_redirect, readable
from connectors.seats import LARGE, Seats
from hub import clock

MAX_BYTES = 8 * 1024 * 1024
DEADLINE = timedelta(seconds=20)
HEADS = 512 * 1024
"""Bytes that the heads of one exchange may have, those of its redirects included"""
QUICK_RETRY = timedelta(milliseconds=200)
LONGEST_WAIT = timedelta(days=7)

NOWHERE: Mapping[str, Application] = MappingProxyType({})

_UNWELL = frozenset({408, 429, 502, 503, 504, 521, 522, 523, 524})
"""Said of a host, not of one address at it"""


class Closing(Exception):
    """This process is about to end: nothing was learnt, and whoever comes next asks again."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete answer; header names are lower-case. `url` is where redirects ended, and a secret."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    """Of a success; what comes with any other status is not read"""
    url: str = field(repr=False)
    host: str
    authority: str = ""
    """The host, and its port where that is not the usual one: whose answer it is"""


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    url: str = field(repr=False)
    goal: Target = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    max_bytes: int
    body: bytes | None = field(default=None, repr=False)


class Network:
    """What a connector calls remotes with. Keeps no connection, so threads may share it.

    `allowed_private` are the operator's exceptions (see `addresses.Allowed`); raises ValueError for an
    entry that cannot be read. `resolve` and `tls` are for tests and for networks with their own authority.
    `applications` says by a connector's slug who we are at its channel.
    """

    def __init__(
        self,
        allowed_private: Sequence[str] = (),
        *,
        deadline: timedelta = DEADLINE,
        resolve: Resolver | None = None,
        tls: ssl.SSLContext | None = None,
        applications: Mapping[str, Application] = NOWHERE,
    ) -> None:
        self._allowed = Allowed(allowed_private)
        self.deadline = deadline
        self._applications = applications
        self._names = LookUps(resolve or system_resolver)
        self._seats = Seats()
        self._streams = Streams()
        self._tls = tls

    def application(self, slug: str) -> Application:
        """Who we are at a connector's channel."""
        return self._applications.get(slug, UNREGISTERED)

    def visit(self) -> AbstractContextManager[None]:
        """Around a call and all that is done with its answer: what a large one takes of the memory that
        large ones have is given back at its end."""
        return self._seats.visit()

    def close(self) -> None:
        """Break off every call, from another thread; they and all later ones raise Closing."""
        self._streams.close()
        self._names.give_up()

    @property
    def closing(self) -> bool:
        return self._streams.closed

    def get(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        max_bytes: int = MAX_BYTES,
        deadline: timedelta | None = None,
    ) -> Reply:
        """Whatever the remote answered, redirects followed; raises a ConnectorError when it did not.

        `max_bytes` bounds the body after decompression, `deadline` (the network's own, unless given)
        everything from the first look-up to the last byte.
        """
        budget = self._budget(deadline)
        wanted = _said(headers)
        for _ in range(REDIRECTS + 1):
            call = _Call("GET", url, readable(url), wanted, max_bytes)
            with self.visit():
                reply = self._attempt(call, budget)
            location = reply.headers.get("location")
            if not is_redirect(reply.status) or not location:
                return reply
            url, wanted = follow(url, call.goal, location, wanted)
        raise Unavailable(
            f"{call.goal.host} redirected more than {REDIRECTS} times", code="too_many_redirects"
        )

    def send(
        self,
        method: str,
        url: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        max_bytes: int = MAX_BYTES,
        deadline: timedelta | None = None,
    ) -> Reply:
        """Whatever the remote answered to a write, which is sent once and follows no redirect.

        Bounded as `get` is. Unavailable: nobody knows whether the remote did it, unless its code is
        `unknown_host`, `unreachable`, `bad_certificate` or `overloaded`, which come before a word was said.
        """
        said = _said(headers) | {"content-length": str(len(body))}
        call = _Call(method, url, readable(url), said, max_bytes, body)
        with self.visit():
            return self._attempt(call, self._budget(deadline))

    def _budget(self, deadline: timedelta | None) -> Budget:
        return Budget(time.monotonic() + (deadline or self.deadline).total_seconds(), HEADS)

    def _attempt(self, call: _Call, budget: Budget) -> Reply:
        """One exchange. A connection that could not be made is tried once more for what only reads."""
        retrying = Retrying(
            retry=retry_if_exception_type(httpcore.ConnectError),
            stop=stop_after_attempt(2 if call.method == "GET" else 1),
            wait=wait_fixed(QUICK_RETRY),
            reraise=True,
        )
        try:
            return retrying(self._exchange, call, budget)
        except AddressRefused as error:
            raise Rejected(str(error), code="address_refused") from error
        except (
            httpcore.TimeoutException,
            httpcore.NetworkError,
            httpcore.ProtocolError,
            zlib.error,
        ) as error:
            if self._streams.closed:
                raise Closing from error
            raise _no_answer(call.goal, error) from error
        except Overloaded as error:
            raise Unavailable(f"{call.goal.host} was not asked: {error}", code="overloaded") from error

    def _exchange(self, call: _Call, budget: Budget) -> Reply:
        if self._streams.closed:
            raise Closing
        goal, max_bytes = call.goal, call.max_bytes
        backend = GuardedBackend(self._allowed, self._names, self._streams, budget)
        tls = (self._tls or _public_authorities()) if goal.scheme == "https" else None
        where = httpcore.URL(
            scheme=goal.scheme.encode(), host=goal.host.encode(), port=goal.port, target=goal.path
        )
        sent = [("host", goal.authority), *call.headers.items()]
        # A pool for one exchange: a kept connection could be lent to another host on the same address.
        with (
            httpcore.ConnectionPool(ssl_context=tls, max_connections=1, network_backend=backend) as pool,
            pool.stream(call.method, where, headers=sent, content=call.body) as response,
        ):
            names = {
                name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
            }
            body = b""
            if 200 <= response.status < 300:
                budget.wire_bytes += 2 * max_bytes
                body = self._body(response.iter_stream(), names, goal.host, max_bytes, budget)
            return Reply(response.status, names, body, call.url, goal.host, goal.authority)

    def _body(
        self,
        pieces: Iterable[bytes],
        headers: Mapping[str, str],
        host: str,
        max_bytes: int,
        budget: Budget,
    ) -> bytes:
        """The whole body, decompressed, or an error as soon as it grows beyond `max_bytes`."""
        # A buffer that gives its content away without a copy, and lets go of it at once if this fails:
        # an exception keeps what its frames held until the garbage is collected.
        with io.BytesIO() as body:
            for piece in bodies.unpacked(pieces, headers, host):
                size = body.tell() + len(piece)
                if size > max_bytes:
                    raise Unavailable(f"{host} answered more than {max_bytes} bytes", code="too_large")
                if size > LARGE and not self._seats.take(budget.left(httpcore.ReadTimeout)):
                    raise Overloaded("too many large answers come at once")
                body.write(piece)
            return body.getvalue()


def failure(reply: Reply) -> ConnectorError | None:
    """What an answer's status means for the caller; None for 2xx and 304."""
    host, status, wait = reply.host, reply.status, retry_after(reply)
    ailing = reply.authority if status in _UNWELL or wait is not None else ""
    if 200 <= status < 300 or status == 304:
        return None
    if status in (401, 403):
        return NeedsReconnect(f"{host} refuses access ({status})", code="access_refused")
    if status in (404, 410):
        return Rejected(f"the address was not found at {host} ({status})", code="not_found")
    if status == 429:
        return RateLimited(f"{host} asks us to come less often", host=ailing, retry_after=wait)
    if status >= 500 or status in (408, 421, 423, 425):
        words = f"{host} answered with an error ({status})"
        return Unavailable(words, code="remote_error", host=ailing, retry_after=wait)
    if status >= 400:
        return Rejected(f"{host} rejects the request ({status})", code="request_rejected")
    return Unavailable(f"{host} answered with an unexpected status ({status})", code="unexpected_status")


def retry_after(reply: Reply) -> timedelta | None:
    """How long the remote asks us to wait (RFC 9110, 10.2.3: seconds or a date); at most a week."""
    value = reply.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(timedelta(seconds=int(value[:9])), LONGEST_WAIT)
    try:
        until: datetime = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(until - clock.now(), timedelta()), LONGEST_WAIT)


@functools.cache
def user_agent() -> str:
    """Airbnb answers 403 to a request without one."""
    return f"ChannelHub/{version('channel-hub')} (+calendar sync)"


def _said(headers: Mapping[str, str] | None) -> dict[str, str]:
    usual = {"user-agent": user_agent(), "accept-encoding": "gzip, identity"}
    return usual | {name.lower(): value for name, value in (headers or {}).items()}


def _no_answer(goal: Target, error: Exception) -> Unavailable:
    host, asked = goal.host, goal.authority
    if isinstance(error, httpcore.TimeoutException):
        return Unavailable(f"{host} did not answer in time", code="timeout", host=asked)
    if isinstance(error, UnknownHost):
        return Unavailable(f"the name {host} cannot be resolved", code="unknown_host", host=asked)
    # httpcore raises `from None`, which leaves the context alone.
    if isinstance(error, httpcore.ConnectError) and isinstance(
        error.__context__, ssl.SSLCertVerificationError
    ):
        return Unavailable(f"the certificate of {host} is not valid", code="bad_certificate", host=asked)
    if isinstance(error, httpcore.ConnectError):
        return Unavailable(f"{host} cannot be reached", code="unreachable", host=asked)
    if isinstance(error, TooMuch):
        return Unavailable(f"{host} answered more than it can have to say", code="too_large")
    return Unavailable(f"{host} broke off its answer", code="interrupted")


@functools.cache
def _public_authorities() -> ssl.SSLContext:
    return httpx.create_ssl_context()

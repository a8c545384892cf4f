"""The guarded way out: one GET that cannot reach private addresses, run for ever or fill the memory."""

from __future__ import annotations

import functools
import ssl
import time
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib.metadata import version

import httpcore
import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_fixed

from connectors.addresses import AddressRefused, Allowed, Target, target
from connectors.dialling import GuardedBackend, Resolver, UnknownHost, system_resolver
from connectors.errors import ConnectorError, NeedsReconnect, RateLimited, Rejected, Unavailable
from hub import clock

MAX_BYTES = 8 * 1024 * 1024
DEADLINE = timedelta(seconds=20)
REDIRECTS = 5
PIECE = 64 * 1024
QUICK_RETRY = timedelta(milliseconds=200)
LONGEST_WAIT = timedelta(days=7)

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OWN_HOST_ONLY = frozenset({"authorization", "cookie", "proxy-authorization"})


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete answer; header names are lower-case. `url` is where redirects ended, and a secret."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    url: str = field(repr=False)
    host: str


class Network:
    """What a connector calls remotes with. Keeps no connection, so threads may share it.

    `allowed_private` are the operator's exceptions (see `addresses.Allowed`); raises ValueError for an
    entry that cannot be read. `resolve` and `tls` are for tests and for networks with their own authority.
    """

    def __init__(
        self,
        allowed_private: Sequence[str] = (),
        *,
        deadline: timedelta = DEADLINE,
        resolve: Resolver | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._allowed = Allowed(allowed_private)
        self._deadline = deadline
        self._resolve = resolve or system_resolver
        self._tls = tls

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
        ends = time.monotonic() + (deadline or self._deadline).total_seconds()
        wanted = {"user-agent": user_agent(), "accept-encoding": "gzip, identity"}
        wanted |= {name.lower(): value for name, value in (headers or {}).items()}
        for _ in range(REDIRECTS + 1):
            goal = _read(url)
            reply = self._attempt(url, goal, wanted, max_bytes, ends)
            location = reply.headers.get("location")
            if reply.status not in _REDIRECTS or not location:
                return reply
            url, wanted = _follow(url, goal, location, wanted)
        raise Unavailable(f"{goal.host} redirected more than {REDIRECTS} times", code="too_many_redirects")

    def _attempt(
        self, url: str, goal: Target, headers: Mapping[str, str], max_bytes: int, ends: float
    ) -> Reply:
        """One exchange; a connection that could not be made is tried once more, as a GET may be."""
        retrying = Retrying(
            retry=retry_if_exception_type(httpcore.ConnectError),
            stop=stop_after_attempt(2),
            wait=wait_fixed(QUICK_RETRY),
            reraise=True,
        )
        try:
            return retrying(self._exchange, url, goal, headers, max_bytes, ends)
        except AddressRefused as error:
            raise Rejected(str(error), code="address_refused") from error
        except httpcore.TimeoutException as error:
            raise Unavailable(f"{goal.host} did not answer in time", code="timeout") from error
        except httpcore.ConnectError as error:
            raise _no_connection(goal.host, error) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, zlib.error) as error:
            raise Unavailable(f"{goal.host} broke off its answer", code="interrupted") from error

    def _exchange(
        self, url: str, goal: Target, headers: Mapping[str, str], max_bytes: int, ends: float
    ) -> Reply:
        backend = GuardedBackend(self._allowed, self._resolve, ends)
        tls = (self._tls or _public_authorities()) if goal.scheme == "https" else None
        where = httpcore.URL(
            scheme=goal.scheme.encode(),
            host=goal.host.encode(),
            port=goal.port,
            target=goal.path,
        )
        sent = [("host", goal.authority), *headers.items()]
        # A pool for one exchange: a kept connection could be lent to another host on the same address.
        with (
            httpcore.ConnectionPool(ssl_context=tls, max_connections=1, network_backend=backend) as pool,
            pool.stream("GET", where, headers=sent) as response,
        ):
            names = {
                name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
            }
            body = _body(response.iter_stream(), names, goal.host, max_bytes)
            return Reply(response.status, names, body, url, goal.host)


def failure(reply: Reply) -> ConnectorError | None:
    """What an answer's status means for the caller; None for 2xx and 304."""
    host, status, wait = reply.host, reply.status, retry_after(reply)
    if 200 <= status < 300 or status == 304:
        return None
    if status in (401, 403):
        return NeedsReconnect(f"{host} refuses access ({status})", code="access_refused")
    if status in (404, 410):
        return Rejected(f"the address was not found at {host} ({status})", code="not_found")
    if status == 429:
        return RateLimited(f"{host} asks us to come less often", retry_after=wait)
    if status >= 500 or status in (408, 421, 423, 425):
        return Unavailable(f"{host} answered with an error ({status})", code="remote_error", retry_after=wait)
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


def _read(url: str) -> Target:
    try:
        return target(url)
    except AddressRefused as error:
        raise Rejected(str(error), code="address_refused") from error


def _follow(url: str, goal: Target, location: str, headers: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The next address and what may be told to it."""
    try:
        following = str(httpx.URL(url).join(location))
    except httpx.InvalidURL as error:
        raise Rejected(f"{goal.host} redirects to an unreadable address", code="address_refused") from error
    after = _read(following)
    if goal.scheme == "https" and after.scheme == "http":
        raise Rejected(f"{goal.host} redirects from https to http", code="address_refused")
    if (after.host, after.port) == (goal.host, goal.port):
        return following, dict(headers)
    return following, {name: value for name, value in headers.items() if name not in _OWN_HOST_ONLY}


def _no_connection(host: str, error: httpcore.ConnectError) -> Unavailable:
    if isinstance(error, UnknownHost):
        return Unavailable(f"the name {host} cannot be resolved", code="unknown_host")
    # httpcore raises `from None`, which leaves the context alone.
    if isinstance(error.__context__, ssl.SSLCertVerificationError):
        return Unavailable(f"the certificate of {host} is not valid", code="bad_certificate")
    return Unavailable(f"{host} cannot be reached", code="unreachable")


def _body(pieces: Iterable[bytes], headers: Mapping[str, str], host: str, max_bytes: int) -> bytes:
    """The whole body, decompressed, or an error as soon as it grows beyond `max_bytes`."""
    encoding = headers.get("content-encoding", "identity").strip().lower() or "identity"
    if encoding not in ("identity", "gzip", "x-gzip", "deflate"):
        raise Unavailable(f"{host} answered in an unknown encoding", code="unknown_encoding")
    inflate = None if encoding == "identity" else zlib.decompressobj(zlib.MAX_WBITS | 32)

    body = bytearray()
    begun = False
    for piece in pieces:
        begun = begun or bool(piece)
        # One byte more than allowed is enough to know: a bomb is never inflated any further.
        body += piece if inflate is None else inflate.decompress(piece, max_bytes + 1 - len(body))
        if len(body) > max_bytes:
            raise Unavailable(f"{host} answered more than {max_bytes} bytes", code="too_large")
    if inflate is not None and begun and not inflate.eof:
        raise Unavailable(f"{host} broke off its answer", code="interrupted")
    return bytes(body)


@functools.cache
def _public_authorities() -> ssl.SSLContext:
    return httpx.create_ssl_context()

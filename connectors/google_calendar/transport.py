"""
How Google is called: by httpx, under one deadline, with a bounded body, and never twice for one request.

It stands in for httplib2, whose connection two threads must not share, and which sends a POST again on a
dropped connection.
"""

from __future__ import annotations

import atexit
import functools
import io
import os
import threading
import time
import zlib
from collections.abc import Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Protocol

import httpx

from connectors import bodies
from connectors.dialling import TooMuch
from connectors.transport import user_agent

MAX_BYTES = 32 * 1024 * 1024
"""Of a body after decompression: 1,000 events with the longest texts, in any script, are less"""
KEPT_SECONDS = 30.0
"""How long an idle connection waits for the next request; Google keeps it longer"""
CONNECTIONS = 100

_making = threading.Lock()
_HOP = frozenset({"content-encoding", "transfer-encoding"})
"""Headers that no longer hold of a body once it is read"""


class NotConnected(ConnectionError):
    """No connection could be made: the request was certainly not sent."""


class Http(Protocol):
    """What google-api-python-client asks of an http."""

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        **rest: Any,
    ) -> tuple[Any, bytes]: ...


class HttpxHttp:
    """One deadline for each request, in seconds; threads may share it, since it keeps nothing."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        **_: Any,
    ) -> tuple[Any, bytes]:
        """An httplib2.Response and the body; raises TimeoutError, ConnectionError or Unavailable."""
        import httplib2

        ends = time.monotonic() + self._seconds
        sent = {**(headers or {}), "user-agent": f"{user_agent()} (gzip)"}  # Google packs for who says so
        extensions = {"timeout": _Left(ends)}
        try:
            with _client().stream(method, uri, content=body, headers=sent, extensions=extensions) as response:
                content = _body(response, ends)
        except httpx.TimeoutException as error:
            raise TimeoutError("no answer in time") from error
        except httpx.ConnectError as error:
            raise NotConnected("no connection could be made") from error
        except (httpx.TransportError, zlib.error, TooMuch) as error:
            raise ConnectionError("the connection or its answer broke off") from error
        said = {name: value for name, value in response.headers.items() if name not in _HOP}
        return httplib2.Response({**said, "status": str(response.status_code)}), content

    def close(self) -> None:
        """The connections belong to the process."""


class _Left(dict[str, float]):
    """httpx's timeouts, each of them what is left until the deadline when its phase begins."""

    def __init__(self, ends: float) -> None:
        super().__init__()
        self._ends = ends

    def get(self, *_: Any) -> Any:
        return max(self._ends - time.monotonic(), 0.001)


def _body(response: httpx.Response, ends: float) -> bytes:
    with io.BytesIO() as body:
        for piece in bodies.unpacked(response.iter_raw(), response.headers, str(response.url.host)):
            if body.tell() + len(piece) > MAX_BYTES:
                raise TooMuch("the answer is longer than any calendar's")
            if time.monotonic() > ends:
                raise TimeoutError("the answer did not end in time")
            body.write(piece)
        return body.getvalue()


def _client() -> httpx.Client:
    """One for each process: a child must not go on talking on its parent's connections."""
    with _making:
        return _made(os.getpid())


@functools.lru_cache(maxsize=1)
def _made(process: int) -> httpx.Client:
    """It keeps no cookies, for its callers are different people."""
    made = httpx.Client(
        trust_env=False,
        follow_redirects=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        limits=httpx.Limits(
            max_connections=CONNECTIONS,
            max_keepalive_connections=CONNECTIONS // 4,
            keepalive_expiry=KEPT_SECONDS,
        ),
    )
    atexit.register(_end, made, process)
    return made


def _end(made: httpx.Client, process: int) -> None:
    """A child ends without a word on its parent's connections."""
    if os.getpid() == process:
        made.close()

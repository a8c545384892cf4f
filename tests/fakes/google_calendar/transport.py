"""The double within the process: an httpx transport, so that a client needs no socket."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from tests.fakes.google_calendar.asked import Ending, Reply
from tests.fakes.google_calendar.double import GoogleCalendar


class InProcess(httpx.BaseTransport):
    """`httpx.Client(transport=InProcess(google))`; whatever the host, it is Google."""

    def __init__(self, google: GoogleCalendar) -> None:
        self._google = google

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        target = str(request.url)
        reply = self._google.handle(request.method, target, request.headers, request.read())
        patience = request.extensions.get("timeout", {}).get("read")
        too_slow = patience is not None and reply.delay > patience
        if reply.ending is Ending.TIMED_OUT or too_slow:
            raise httpx.ReadTimeout("The read operation timed out", request=request)
        if reply.ending is Ending.HUNG_UP:
            raise httpx.RemoteProtocolError(
                "Server disconnected without sending a response.", request=request
            )
        headers = dict(reply.headers) | {"Content-Length": str(len(reply.body))}
        if reply.ending is Ending.TRUNCATED:
            return httpx.Response(reply.status, headers=headers, stream=_Cut(reply))
        return httpx.Response(reply.status, headers=headers, stream=httpx.ByteStream(reply.body))


class _Cut(httpx.SyncByteStream):
    def __init__(self, reply: Reply) -> None:
        self._body = reply.body

    def __iter__(self) -> Iterator[bytes]:
        yield self._body[: len(self._body) // 2]
        raise httpx.RemoteProtocolError(
            "peer closed connection without sending complete message body "
            f"(received {len(self._body) // 2} bytes, expected {len(self._body)})"
        )

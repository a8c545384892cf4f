"""Around every request, in plain ASGI: its id, a limit for its body, and an end without a trace."""

from __future__ import annotations

import logging
import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from hub.errors import Reason
from hub.ids import new_id

log = logging.getLogger(__name__)

LARGEST_BODY = 1024 * 1024
HEADER = "x-request-id"

_SANE = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Frame:
    """`scope["state"]["request_id"]` and X-Request-ID: the caller's own id if it is sane, else a new one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = request_id_for(headers.get(HEADER))
        scope.setdefault("state", {})["request_id"] = request_id
        started = False

        async def answer(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        try:
            if _declared(headers) > LARGEST_BODY:
                await problems.answer(413, [_TOO_LARGE], request_id)(scope, receive, answer)
                return
            await self.app(scope, _limited(receive), answer)
        except Exception:
            log.exception("request %s failed: %s %s", request_id, scope["method"], scope["path"])
            if started:
                raise
            await problems.unexpected(request_id)(scope, receive, answer)


def request_id_for(sent: str | None) -> str:
    return sent if sent and _SANE.fullmatch(sent) else str(new_id())


_TOO_LARGE = Reason("too_large", f"a request may have {LARGEST_BODY} bytes")


def _declared(headers: Headers) -> int:
    length = headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() else 0


def _limited(receive: Receive) -> Receive:
    """Counts what comes, for those who do not say beforehand how much it is."""
    received = 0

    async def counted() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > LARGEST_BODY:
            raise HTTPException(413, _TOO_LARGE.message)
        return message

    return counted

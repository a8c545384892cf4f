"""Around every request, in plain ASGI: its id, limits of size and time, and an end without a trace."""

from __future__ import annotations

import asyncio
import logging
import re
from time import monotonic
from typing import Any

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from api import headers, problems
from hub import reporting
from hub.config import Settings
from hub.errors import Reason
from hub.ids import new_id

log = logging.getLogger(__name__)
requests = logging.getLogger("api.requests")

HEADER = "x-request-id"

_SANE = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Frame:
    """`scope["state"]["request_id"]` and X-Request-ID: the caller's own id if it is sane, else a new one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._shared: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        settings: Settings = scope["app"].state.runtime.settings
        if self._shared is None:
            self._shared = headers.shared(self._app, settings)
        sent = Headers(scope=scope)
        request_id = request_id_for(sent.get(HEADER))
        scope.setdefault("state", {})["request_id"] = request_id
        answer = _Answer(scope, send, settings, request_id)
        began = monotonic()
        with bound_contextvars(request_id=request_id):
            try:
                await self._within_limits(scope, receive, answer, settings, sent)
            finally:
                seconds = monotonic() - began
                told = _told(scope, answer.status, seconds)
                requests.info("request", extra=told)
                reporting.request(told, seconds)
                scope["app"].state.requests.count(told, seconds)

    async def _within_limits(
        self, scope: Scope, receive: Receive, answer: _Answer, settings: Settings, sent: Headers
    ) -> None:
        assert self._shared is not None
        request_id, most = answer.request_id, settings.max_body_bytes
        limit = asyncio.timeout(settings.request_seconds)
        try:
            if _declared(sent) > most:
                await problems.answer(413, [_too_large(most)], request_id)(scope, receive, answer)
                return
            async with limit:
                answer.limit = limit
                await self._shared(scope, _limited(receive, most), answer)
        except Exception:
            answer.limit = None
            if limit.expired():
                log.warning("request %s took longer than %s s", request_id, settings.request_seconds)
                failure = problems.answer(504, [_too_slow(settings)], request_id)
            else:
                log.exception("request %s failed: %s %s", request_id, scope["method"], scope["path"])
                failure = problems.unexpected(request_id)
            if answer.status:
                raise
            await failure(scope, receive, answer)


class _Answer:
    """Sends what the application answers, with what every answer has."""

    def __init__(self, scope: Scope, send: Send, settings: Settings, request_id: str) -> None:
        self._scope, self._send, self._settings = scope, send, settings
        self.request_id = request_id
        self.status = 0
        """0 until it begins"""
        self.limit: asyncio.Timeout | None = None
        """Until when it must begin; what follows may take its time, as a stream does"""
        self._page: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self.limit is not None:
                self.limit.reschedule(None)
            message["headers"] = [*message["headers"], (HEADER.encode(), self.request_id.encode())]
            if count := self._scope["state"].get("count"):
                message["headers"] += count.headers
            if self._scope["path"] == headers.DOCS and self.status == 200:
                self._page = message  # what it may run depends on what is in it
                return
            self._complete(message)
        elif self._page is not None:
            page, self._page = self._page, None
            page["headers"].append(headers.of_page(message.get("body", b"")))
            self._complete(page)
            await self._send(page)
        await self._send(message)

    def _complete(self, message: Message) -> None:
        message["headers"] += headers.of(self._settings, self._scope["path"], message["headers"])


def request_id_for(sent: str | None) -> str:
    return sent if sent and _SANE.fullmatch(sent) else str(new_id())


def _told(scope: Scope, status: int, seconds: float) -> dict[str, Any]:
    """For the log: by the route, because an address may hold a secret."""
    caller = scope["state"].get("caller")
    return {
        "method": scope["method"],
        "route": scope["state"].get("route"),
        "status": status,
        "ms": round(seconds * 1000, 1),
        "organization": str(caller.organization_id) if caller else None,
        "caller": f"{caller.actor.kind}:{caller.id}" if caller else None,
    }


def _too_large(most: int) -> Reason:
    return Reason("too_large", f"a request may have {most} bytes")


def _too_slow(settings: Settings) -> Reason:
    within = f"it was not done within {settings.request_seconds} s"
    return Reason("too_slow", f"{within}; it may still be: look before you ask again")


def _declared(sent: Headers) -> int:
    length = sent.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 20 else 0


def _limited(receive: Receive, most: int) -> Receive:
    """Counts what comes, for those who do not say beforehand how much it is."""
    received = 0

    async def counted() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > most:
            raise HTTPException(413, _too_large(most).message)
        return message

    return counted

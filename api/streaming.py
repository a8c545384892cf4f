"""
Server-sent events: what is looked at again and again is sent whenever it is another.

A stream has no session and no thread of its own: each look is a short transaction on a thread of the pool, in
which whoever looks is asked anew whether they may.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from uuid import UUID

from fastapi.concurrency import run_in_threadpool
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.waiting import AllWait, TooManyWait
from hub.errors import HubError

MOST = 64
"""Streams of one process, all organizations together"""
MOST_OF_ONE = 16
"""Of one organization"""
EVERY = 0.5
"""Seconds between two looks, and so at least between two events"""
HEARTBEAT = 15.0
"""Seconds without an event after which a comment is sent, so that nobody on the way gives the stream up"""
LONGEST = 600.0
"""Seconds after which a stream ends, whatever it tells: who still wants it asks again, as browsers do"""
MEDIA_TYPE = "text/event-stream"


@dataclass(frozen=True, slots=True)
class Look:
    """What is seen: `data` is JSON in one line."""

    data: str
    over: bool


class Streams:
    """How many are open in one process. Used by its event loop alone."""

    def __init__(self, most: int = MOST, of_one: int = MOST_OF_ONE) -> None:
        self.most, self.of_one = most, of_one
        self.open: Counter[UUID] = Counter()

    def enter(self, organization_id: UUID) -> None:
        if self.open[organization_id] >= self.of_one:
            why = f"{self.of_one} streams of your organization are open already; close one"
            raise TooManyWait.because("too_many_streams", why)
        if self.open.total() >= self.most:
            raise AllWait.because("busy", "too many streams are open; ask again in a moment")
        self.open[organization_id] += 1

    def leave(self, organization_id: UUID) -> None:
        self.open[organization_id] -= 1
        self.open += Counter()  # whoever has none is not remembered


class EventStream(Response):
    """`progress` whenever the look is another than the one before, then `finished`, then the end."""

    media_type = MEDIA_TYPE

    def __init__(
        self, streams: Streams, organization_id: UUID, first: Look, look: Callable[[], Look]
    ) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._streams, self._organization_id = streams, organization_id
        self._first, self._look = first, look

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        self._streams.enter(self._organization_id)
        gone = asyncio.create_task(_gone(receive))
        try:
            start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
            await send(start)
            await self._tell(send, gone)
            if not gone.done():
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except OSError:
            pass  # who listened hung up
        finally:
            gone.cancel()
            self._streams.leave(self._organization_id)

    async def _tell(self, send: Send, gone: asyncio.Task[None]) -> None:
        look, told, ends, said_at = self._first, "", monotonic() + LONGEST, monotonic()
        while not gone.done():
            if look.data != told:
                await _write(send, f"event: progress\ndata: {look.data}\n\n")
                told, said_at = look.data, monotonic()
            if look.over:
                await _write(send, f"event: finished\ndata: {look.data}\n\n")
                return
            if monotonic() - said_at >= HEARTBEAT:
                await _write(send, ": still at it\n\n")
                said_at = monotonic()
            await asyncio.wait([gone], timeout=EVERY)
            if gone.done() or monotonic() > ends:
                return
            try:
                look = await run_in_threadpool(self._look)
            except (
                HubError,
                SQLAlchemyError,
            ):  # it is gone, who listens may not any more, or nothing answers
                return


async def _gone(receive: Receive) -> None:
    """Until the client hangs up."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _write(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})

"""
GET /feeds/{token}.ics: a plain ASGI application, for feeds are what is asked for most.

On the way of most requests lie a look-up, a comparison, a count and two messages. Nothing is logged: the
path is a secret.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from time import monotonic

from starlette.types import Receive, Scope, Send

from api.feed_cache import FeedCache, OutOfReach, Shelf
from api.feed_replies import ALWAYS, NOTHING, Headers
from hub import clock
from sync.ledger import Ledger
from sync.runtime import Runtime

PAUSE = 2.0
"""Seconds between two writings of the ledger."""

_NO_SUCH_FEED = b"There is no such feed.\n"
_TRY_LATER = b"This feed cannot be read at the moment. Try again soon.\n"
_ONLY_READ = b"A feed can only be read.\n"


class FeedsApp:
    """`running` surrounds its use: it writes the ledger of who fetched what."""

    def __init__(self, runtime: Callable[[], Runtime]) -> None:
        self._runtime = runtime
        self._ledger = Ledger()
        self._cache = FeedCache(runtime, self._ledger)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Within it the runtime is open. At its end everything that was counted is written."""
        self._cache = FeedCache(self._runtime, self._ledger)  # one that has ended does not begin again
        over = asyncio.Event()
        writing = asyncio.create_task(self._keep_ledger(over))
        try:
            yield
        finally:
            over.set()
            await writing
            await asyncio.to_thread(self._cache.close)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        shelf = self._cache.shelves.get(scope.get("path", ""))
        if shelf is None or monotonic() >= shelf.refresh_at or scope.get("method") != "GET":
            shelf = await self.unusual(scope, receive, send)
            if shelf is None:
                return

        sent = scope["headers"]
        asked = dict(sent)
        if len(asked) < len(sent):
            asked = _joined(sent)

        reply = shelf.reply
        variant = reply.variant(asked.get(b"accept-encoding"))
        wanted = asked.get(b"if-none-match")
        if wanted is not None:
            known = reply.known(wanted, variant)
        else:
            # Only the very date that we gave: a client's own date, by its own clock, may lie about
            # what it has seen.
            known = variant if asked.get(b"if-modified-since") == reply.last_modified else None

        head = scope["method"] == "HEAD"
        if not head:
            consumer = asked.get(b"user-agent", b"")
            shelf.book.count(consumer, known is None, shelf.served.revision)
        if known is None:
            await send(variant.full)
            await send(NOTHING if head else variant.content)
        else:
            await send(known.not_modified)
            await send(NOTHING)

    async def unusual(self, scope: Scope, _receive: Receive, send: Send) -> Shelf | None:
        """What is not at hand, or not by GET; None if it is answered already."""
        if scope["method"] not in ("GET", "HEAD"):
            await _answer(scope, send, 405, _ONLY_READ, ((b"allow", b"GET, HEAD"),))
            return None
        try:
            shelf = await self._cache.look(scope["path"])
        except OutOfReach:
            await _answer(scope, send, 503, _TRY_LATER, ((b"retry-after", b"5"),))
            return None
        if shelf is None:
            await _answer(scope, send, 404, _NO_SUCH_FEED)
        return shelf

    async def _keep_ledger(self, over: asyncio.Event) -> None:
        while not over.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), PAUSE)
            self._ledger.collect(clock.now())
            await asyncio.to_thread(self._ledger.write, self._runtime().database)


def _joined(sent: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Headers of which some came more than once: their values are one list (RFC 9110, section 5.2)."""
    found: dict[bytes, bytes] = {}
    for name, value in sent:
        found[name] = found[name] + b"," + value if name in found else value
    return found


async def _answer(scope: Scope, send: Send, status: int, body: bytes, headers: Headers = ()) -> None:
    plain = ((b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": (*plain, *headers, *ALWAYS)})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

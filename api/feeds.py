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
        self._begin()

    def _begin(self) -> None:
        """A cache that has ended does not begin again."""
        self._cache = FeedCache(self._runtime, self._ledger)
        self._shelves = self._cache.shelves

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Within it the runtime is open. At its end everything that was counted is written."""
        self._begin()
        over = asyncio.Event()
        writing = asyncio.create_task(self._keep_ledger(over))
        try:
            yield
        finally:
            over.set()
            await writing
            await asyncio.to_thread(self._cache.close)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        shelf = self._shelves.get(scope.get("path", ""))
        if shelf is None or monotonic() >= shelf.refresh_at or scope["method"] != "GET":
            shelf = await self.unusual(scope, receive, send)
            if shelf is None:
                return

        # Here and now, for a function of its own and what it would have to return cost half as much again.
        agent = b""
        tag: bytes | None = None
        encodings: bytes | None = None
        since: bytes | None = None
        for name, value in scope["headers"]:
            if name == b"user-agent":
                agent = value
            elif name == b"if-none-match":
                tag = value if tag is None else tag + b"," + value
            elif name == b"accept-encoding":
                encodings = value if encodings is None else encodings + b"," + value
            elif name == b"if-modified-since":
                since = value

        client = scope.get("client")
        reader = agent, client[0] if client else ""
        tally = shelf.book.tallies.get(reader) or shelf.book.opened(reader)
        # Most who come have what we have, and say so with the one tag that we gave them.
        known = shelf.reply.by_tag.get(tag) or shelf.reply.known(tag, since, encodings)
        if known is not None:
            tally.not_modified += 1
            await send(known.not_modified)
            await send(NOTHING)
        else:
            variant = shelf.reply.variant(encodings)
            tally.full += 1
            await send(variant.full)
            await send(variant.content)

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
        elif scope["method"] == "HEAD":
            # What a GET would be told; who looks at the head alone has not fetched anything.
            asked = _joined(scope["headers"])
            encodings = asked.get(b"accept-encoding")
            known = shelf.reply.known(asked.get(b"if-none-match"), asked.get(b"if-modified-since"), encodings)
            await send(known.not_modified if known else shelf.reply.variant(encodings).full)
            await send(NOTHING)
            return None
        return shelf

    async def _keep_ledger(self, over: asyncio.Event) -> None:
        while not over.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), PAUSE)
            self._ledger.collect(clock.now())
            await asyncio.to_thread(self._ledger.write, self._runtime().database)


def _joined(sent: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Headers by name; where one came more than once, its values are one list (RFC 9110, section 5.2)."""
    found: dict[bytes, bytes] = {}
    for name, value in sent:
        found[name] = found[name] + b"," + value if name in found else value
    return found


async def _answer(scope: Scope, send: Send, status: int, body: bytes, headers: Headers = ()) -> None:
    plain = ((b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": (*plain, *headers, *ALWAYS)})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

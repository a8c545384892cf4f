"""Feeds at hand: each is in memory, no older than a second, and read again by one thread at a time."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from time import monotonic

from sqlalchemy.exc import SQLAlchemyError

from api import feed_replies
from api.feed_replies import Reply
from hub.errors import NotFound
from sync import feeds
from sync.feeds import Served
from sync.ledger import Book, Ledger
from sync.runtime import Runtime

log = logging.getLogger(__name__)

FRESH = 1.0
"""Seconds for which a feed is served without a look at the database."""
AHEAD = (0.1, 0.5)
"""A feed in demand is read again this long before it must be, so that nobody waits: twice the time that its
last reading took, within these limits."""
OLDEST = 60.0
"""While the database cannot be read: a feed older than this sells nights twice."""
PATIENCE = 5.0
"""How long a request waits for a reading, counted from when that began."""

_PATH = re.compile(r"/feeds/([A-Za-z0-9_-]{16,128})\.ics")

MOST_FEEDS = 10_000
MOST_BYTES = 256 * 1024 * 1024
MOST_STRANGERS = 100
"""Tokens looked up at once for the first time; on threads of their own, so that guessing delays nobody."""


class OutOfReach(Exception):
    """The feed cannot be read now, and there is none at hand that is young enough."""


@dataclass(slots=True, eq=False)
class Shelf:
    """What is at hand for one address. Times are those of `monotonic`."""

    served: Served
    reply: Reply
    book: Book
    read_at: float
    refresh_at: float
    """When the next request has it read again"""

    @property
    def size(self) -> int:
        return len(self.served.body) + len(self.served.gzip_body or b"")


@dataclass(frozen=True, slots=True)
class _Reading:
    began: float
    future: asyncio.Future[Served]


class FeedCache:
    """Belongs to one event loop. `shelves` by the path of the request, the one read longest ago first."""

    def __init__(self, runtime: Callable[[], Runtime], ledger: Ledger) -> None:
        self.shelves: OrderedDict[str, Shelf] = OrderedDict()
        self._runtime = runtime
        self._ledger = ledger
        self._bytes = 0
        self._readings: dict[str, _Reading] = {}
        self._strangers = 0
        self._threads = ThreadPoolExecutor(4, "feeds")
        self._threads_for_strangers = ThreadPoolExecutor(2, "feeds-first-look")

    def close(self) -> None:
        for threads in (self._threads, self._threads_for_strangers):
            threads.shutdown(wait=True, cancel_futures=True)

    async def look(self, path: str) -> Shelf | None:
        """The feed at this path, read again if need be; None if there is none. OutOfReach if that fails."""
        if (match := _PATH.fullmatch(path)) is None:
            return None
        now = monotonic()
        shelf, reading = self.shelves.get(path), self._readings.get(path)
        if shelf is not None and (now < shelf.read_at + FRESH or now < shelf.refresh_at):
            if reading is None and now >= shelf.refresh_at:
                self._read(path, match[1], shelf, now)
            return shelf

        reading = reading or self._read(path, match[1], shelf, now)
        if (left := reading.began + PATIENCE - now) > 0:
            await asyncio.wait([reading.future], timeout=left)
        if reading.future.cancelled():
            raise OutOfReach
        if reading.future.done() and isinstance(reading.future.exception(), NotFound):
            return None
        shelf = self.shelves.get(path)
        if shelf is None or monotonic() >= shelf.read_at + OLDEST:
            raise OutOfReach
        return shelf

    def _read(self, path: str, token: str, shelf: Shelf | None, now: float) -> _Reading:
        if shelf is None:
            if self._strangers >= MOST_STRANGERS:
                raise OutOfReach
            self._strangers += 1
        threads = self._threads_for_strangers if shelf is None else self._threads
        known = None if shelf is None else shelf.served
        work = partial(feeds.of_token, self._runtime(), token, known)
        future = asyncio.get_running_loop().run_in_executor(threads, work)
        reading = self._readings[path] = _Reading(now, future)
        # The first callback: whoever waits for the reading finds its result in place.
        future.add_done_callback(partial(self._keep, path, now, shelf is None))
        return reading

    def _keep(self, path: str, began: float, stranger: bool, future: asyncio.Future[Served]) -> None:
        del self._readings[path]
        self._strangers -= stranger
        if future.cancelled():
            return
        shelf, error = self.shelves.get(path), future.exception()
        if error is None:
            self._put(path, shelf, future.result(), began)
        elif isinstance(error, NotFound):
            self._drop(path)
        else:
            # Not the message: it may quote what was asked. A defect of ours is another matter.
            defect = None if isinstance(error, SQLAlchemyError) else error
            log.warning("a feed could not be read: %s", type(error).__name__, exc_info=defect)
            if shelf is not None:
                shelf.refresh_at = min(monotonic() + FRESH, shelf.read_at + OLDEST)

    def _put(self, path: str, shelf: Shelf | None, served: Served, began: float) -> None:
        if shelf is None or shelf.served is not served:
            book = self._book(served) if shelf is None else shelf.book
            book.turn(served.revision)
            self._drop(path)
            shelf = self.shelves[path] = Shelf(served, feed_replies.reply(served), book, began, began)
            self._bytes += shelf.size
        least, most = AHEAD
        ahead = min(max(least, 2 * (monotonic() - began)), most)
        shelf.read_at, shelf.refresh_at = began, began + FRESH - ahead
        self.shelves.move_to_end(path)
        while len(self.shelves) > MOST_FEEDS or (self._bytes > MOST_BYTES and len(self.shelves) > 1):
            self._drop(next(iter(self.shelves)))

    def _book(self, served: Served) -> Book:
        return self._ledger.book(served.organization_id, served.link_id, served.revision)

    def _drop(self, path: str) -> None:
        if shelf := self.shelves.pop(path, None):
            self._bytes -= shelf.size

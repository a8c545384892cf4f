"""The ledger of our feeds: fetches are counted in memory and written in batches."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from hub.database import Database
from hub.queries import feeds as query

log = logging.getLogger(__name__)

LONGEST_NAME = 120
MOST_CONSUMERS = 32
"""Names that one feed's book keeps apart on one day; who holds the token chooses them."""
MOST_ROWS = 50_000
"""Kept while the database cannot take them."""
OTHERS = "others"
NAMELESS = "unknown"

_VERSIONS = re.compile(r"/v?[0-9][^\s;,()]*")
_UNPRINTABLE = re.compile(r"[^ -~]+")


class _Tally:
    __slots__ = ("full", "not_modified", "revision")

    def __init__(self) -> None:
        self.full = self.not_modified = self.revision = 0


class Book:
    """The fetches of one feed since they were last collected, by User-Agent."""

    __slots__ = ("_day", "_ledger", "_names", "_tallies", "link_id", "organization_id")

    def __init__(self, ledger: Ledger, organization_id: UUID, link_id: UUID) -> None:
        self.organization_id = organization_id
        self.link_id = link_id
        self._ledger = ledger
        self._tallies: dict[bytes, _Tally] = {}
        self._names: set[str] = set()
        self._day = ""

    def count(self, user_agent: bytes, full: bool, revision: int) -> None:
        """One answer: the whole feed, or that it has not changed. On the way of every request."""
        tally = self._tallies.get(user_agent)
        if tally is None:
            tally = self._open(user_agent)
        if full:
            tally.full += 1
        else:
            tally.not_modified += 1
        tally.revision = revision

    def _open(self, user_agent: bytes) -> _Tally:
        if len(self._tallies) >= MOST_CONSUMERS:
            user_agent = OTHERS.encode()
        self._ledger.to_collect.add(self)
        return self._tallies.setdefault(user_agent, _Tally())

    def take(self, day: str) -> list[tuple[str, _Tally]]:
        """What was counted, by consumer; the next count begins anew."""
        if day != self._day:
            self._day, self._names = day, set()
        tallies, self._tallies = self._tallies, {}
        return [(self._name(user_agent), tally) for user_agent, tally in tallies.items()]

    def _name(self, user_agent: bytes) -> str:
        name = family(user_agent)
        if name not in self._names:
            if len(self._names) >= MOST_CONSUMERS:
                return OTHERS
            self._names.add(name)
        return name


@dataclass(frozen=True, slots=True)
class _Row:
    full: int
    not_modified: int
    revision: int
    first_at: datetime
    last_at: datetime


_Key = tuple[UUID, str, str]
"""Link, consumer, day"""


class Ledger:
    """
    `collect` and `Book.count` belong to one thread; `write` may run in another, but not beside `collect`.

    Instants are those of collecting, which is at most the pause between two collections later.
    """

    def __init__(self) -> None:
        self.to_collect: set[Book] = set()
        self._rows: dict[UUID, dict[_Key, _Row]] = {}

    def book(self, organization_id: UUID, link_id: UUID) -> Book:
        """To be kept by whoever serves the feed."""
        return Book(self, organization_id, link_id)

    def collect(self, now: datetime) -> None:
        """Turn counts into rows to be written; `now` is UTC."""
        books, self.to_collect = self.to_collect, set()
        day = now.date().isoformat()
        kept = sum(len(rows) for rows in self._rows.values())
        for book in books:
            rows = self._rows.setdefault(book.organization_id, {})
            for consumer, tally in book.take(day):
                key = (book.link_id, consumer, day)
                if key in rows:
                    rows[key] = _added(rows[key], tally, now)
                elif kept < MOST_ROWS:
                    kept += 1
                    rows[key] = _Row(tally.full, tally.not_modified, tally.revision, now, now)

    def write(self, database: Database) -> None:
        """One statement for each organization. What cannot be written is kept for the next time."""
        for organization_id, rows in list(self._rows.items()):
            try:
                with database.unit_of_work(organization_id) as session:
                    query.record_fetches(session, [_columns(key, row) for key, row in rows.items()])
            except Exception as error:  # whatever it is, the feeds go on and the counts stay
                log.warning("fetches of feeds could not be written yet: %s", type(error).__name__)
            else:
                del self._rows[organization_id]


@lru_cache(maxsize=4096)
def family(user_agent: bytes) -> str:
    """A consumer's name without the numbers of its versions, in printable ASCII of at most 120 characters."""
    readable = _UNPRINTABLE.sub(" ", user_agent[:1024].decode("latin-1"))
    return " ".join(_VERSIONS.sub("", readable).split())[:LONGEST_NAME].strip() or NAMELESS


def _added(row: _Row, tally: _Tally, now: datetime) -> _Row:
    return replace(
        row,
        full=row.full + tally.full,
        not_modified=row.not_modified + tally.not_modified,
        revision=max(row.revision, tally.revision),
        last_at=now,
    )


def _columns(key: _Key, row: _Row) -> dict[str, object]:
    link_id, consumer, day = key
    return {
        "link_id": link_id,
        "consumer": consumer,
        "day": day,
        "full": row.full,
        "not_modified": row.not_modified,
        "revision": row.revision,
        "first_at": row.first_at,
        "last_at": row.last_at,
    }

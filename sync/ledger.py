"""The ledger of our feeds: fetches are counted in memory and written in batches."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from hub.database import Database
from hub.domain import consumers
from hub.domain.consumers import OTHERS
from hub.queries import ledger as query

log = logging.getLogger(__name__)

MOST_AT_ONCE = 64
"""Readers that one feed's book keeps apart between two collections."""
MOST_STRANGERS = 32
"""Names outside the table that one feed's book keeps apart on one day; who holds the token chooses them."""
MOST_NETWORKS = 4
"""Networks of one name that are kept apart on one day; from the fifth on they are not told apart."""
MOST_PAIRS = 64
"""Names with networks of one feed on one day; a name beyond them is kept without its network."""
MOST_ROWS = 50_000
"""Kept while the database cannot take them."""


class Tally:
    """What one reader got of one revision."""

    __slots__ = ("full", "not_modified")

    def __init__(self) -> None:
        self.full = self.not_modified = 0


Reader = tuple[bytes, str]
"""User-Agent and address, as a request has them"""


class Book:
    """
    The fetches of one feed since they were last collected. Whoever answers a request looks its reader up in
    `tallies`, or else asks `opened`, and adds one.
    """

    __slots__ = ("_day", "_done", "_ledger", "_names", "link_id", "organization_id", "revision", "tallies")

    def __init__(self, ledger: Ledger, organization_id: UUID, link_id: UUID, revision: int) -> None:
        self.organization_id = organization_id
        self.link_id = link_id
        self.revision = revision
        self.tallies: dict[Reader, Tally] = {}
        self._done: list[tuple[int, dict[Reader, Tally]]] = []
        self._ledger = ledger
        self._day = ""
        self._names = _Names()

    def opened(self, reader: Reader) -> Tally:
        """The tally of a reader that has none yet."""
        if len(self.tallies) >= MOST_AT_ONCE:
            # A flood of invented names hides nobody whom we know.
            reader = (consumers.known(reader[0]) or OTHERS).encode(), ""
        self._ledger.to_collect.add(self)
        return self.tallies.setdefault(reader, Tally())

    def turn(self, revision: int) -> None:
        """From now on another revision is served."""
        if revision != self.revision:
            self._done.append((self.revision, self.tallies))
            self.revision, self.tallies = revision, {}

    def take(self, day: str) -> Iterator[tuple[str, str, int, Tally]]:
        """What was counted, by consumer, network and revision; the next count begins anew."""
        if day != self._day:
            self._day, self._names = day, _Names()
        done, self._done = [*self._done, (self.revision, self.tallies)], []
        self.tallies = {}
        for revision, tallies in done:
            for (user_agent, host), tally in tallies.items():
                name, network = self._names.told_apart(user_agent, host)
                yield name, network, revision, tally


class _Names:
    """The consumers of one feed on one day, as far as they are told apart."""

    __slots__ = ("_pairs", "_strangers")

    def __init__(self) -> None:
        self._strangers: set[str] = set()
        self._pairs: dict[str, set[str]] = {}

    def told_apart(self, user_agent: bytes, host: str) -> tuple[str, str]:
        """Name and network."""
        name = consumers.known(user_agent)
        if name is None:
            name = consumers.name(user_agent)
            if name not in self._strangers:
                if len(self._strangers) >= MOST_STRANGERS:
                    return OTHERS, ""
                self._strangers.add(name)
        return name, self._network(name, consumers.network(host))

    def _network(self, name: str, network: str) -> str:
        known = self._pairs.get(name, set())
        if network in known:
            return network
        if len(known) >= MOST_NETWORKS or sum(map(len, self._pairs.values())) >= MOST_PAIRS:
            return ""
        self._pairs.setdefault(name, known).add(network)
        return network


@dataclass(frozen=True, slots=True)
class _Row:
    full: int
    not_modified: int
    first_at: datetime
    last_at: datetime


_Key = tuple[UUID, str, str, str, int]
"""Link, consumer, network, day, revision"""


class Ledger:
    """
    `collect` and counting belong to one thread; `write` may run in another, but not beside `collect`.

    Instants are those of collecting, which is at most the pause between two collections later.
    """

    def __init__(self) -> None:
        self.to_collect: set[Book] = set()
        self._rows: dict[UUID, dict[_Key, _Row]] = {}

    def book(self, organization_id: UUID, link_id: UUID, revision: int) -> Book:
        """To be kept by whoever serves the feed, which is at this revision."""
        return Book(self, organization_id, link_id, revision)

    def collect(self, now: datetime) -> None:
        """Turn counts into rows to be written; `now` is UTC."""
        books, self.to_collect = self.to_collect, set()
        day = now.date().isoformat()
        kept = sum(len(rows) for rows in self._rows.values())
        for book in books:
            rows = self._rows.setdefault(book.organization_id, {})
            for consumer, network, revision, tally in book.take(day):
                key = (book.link_id, consumer, network, day, revision)
                if key in rows:
                    rows[key] = _added(rows[key], tally, now)
                elif kept < MOST_ROWS:
                    kept += 1
                    rows[key] = _Row(tally.full, tally.not_modified, now, now)

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


def _added(row: _Row, tally: Tally, now: datetime) -> _Row:
    full, not_modified = row.full + tally.full, row.not_modified + tally.not_modified
    return replace(row, full=full, not_modified=not_modified, last_at=now)


def _columns(key: _Key, row: _Row) -> dict[str, object]:
    link_id, consumer, network, day, revision = key
    return {
        "link_id": link_id,
        "consumer": consumer,
        "network": network,
        "day": day,
        "revision": revision,
        "full": row.full,
        "not_modified": row.not_modified,
        "first_at": row.first_at,
        "last_at": row.last_at,
    }

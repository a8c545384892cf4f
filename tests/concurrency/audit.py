"""
What is wrong in a database, found from its rows alone: neither the constraint nor our own code is asked.

It reads as the superuser, knows by itself which statuses hold a unit and when a night begins, and
compares every pair: slow, plain, and independent of what it judges.
"""

from __future__ import annotations

import contextlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
from psycopg.rows import namedtuple_row

LIVE = ("held", "pending", "confirmed", "checked_in", "in_progress", "checked_out", "completed")

_SALES = """
    SELECT i.id, i.booking_id, i.unit_id, i.arrival, i.departure, b.reference, p.time_zone, t.turnaround,
           coalesce((SELECT array_agg(part_id) FROM unit_parts WHERE whole_id = i.unit_id),
                    ARRAY[i.unit_id]) AS leaves
    FROM booking_items i
    JOIN bookings b ON b.id = i.booking_id
    JOIN properties p ON p.id = b.property_id
    JOIN unit_types t ON t.id = i.unit_type_id
    WHERE b.status = ANY(%s)
"""
_ALLOCATIONS = "SELECT unit_id, item_id, starts_at, ends_at FROM allocations WHERE blackout_id IS NULL"
# What is left of an event that moved blocks until a second reading agrees, and is no conflict of anybody's.
_BLOCKS = """
    SELECT b.event_id, b.unit_id, b.starts_at, b.ends_at
    FROM external_blocks b JOIN external_events e ON e.id = b.event_id WHERE NOT e.remainder
"""
_CONFLICTS = """
    SELECT event_id, item_id FROM conflicts
    WHERE state = 'open' AND (item_id IS NOT NULL OR type = 'UNPLACED')
"""
"""With what we sold, and what found no unit: the two that can be reckoned from bookings and blocks"""
_LATE_CONFLICTS = """
    SELECT count(*) FROM changes JOIN conflicts ON conflicts.id = changes.entity_id
    WHERE entity = 'conflict' AND action = 'opened' AND run_id IS NULL AND conflicts.item_id IS NOT NULL
"""
_STUCK = "SELECT kind, state, attempts, error FROM outbox WHERE state <> 'done' OR error IS NOT NULL"
_WAITING = """
    SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
    WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted
"""


@dataclass(frozen=True)
class Stay:
    """One item of a live booking on one of its leaf units."""

    item_id: UUID
    unit_id: UUID
    starts_at: datetime
    ends_at: datetime
    reference: str

    def meets(self, other: Any) -> bool:
        return bool(self.starts_at < other.ends_at and other.starts_at < self.ends_at)


@contextlib.contextmanager
def opened(url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection to SQLAlchemy's address `url`."""
    address = url.replace("postgresql+psycopg://", "postgresql://", 1)
    with contextlib.closing(psycopg.connect(address, autocommit=True, row_factory=namedtuple_row)) as found:
        yield found


def execute(url: str, statement: str) -> None:
    with opened(url) as connection:
        connection.execute(statement.encode())


def ask(url: str, question: str) -> Any:
    """The one value that the question answers."""
    with opened(url) as connection:
        row = connection.execute(question.encode()).fetchone()
        assert row is not None
        return row[0]


def deadlocks(url: str) -> int:
    """In this database, since it was made."""
    return int(ask(url, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"))


def waiting_for_units(url: str) -> int:
    """How many sessions wait for the lock of a unit now."""
    return int(ask(url, _WAITING))


def stays(connection: psycopg.Connection[Any]) -> list[Stay]:
    """What every live booking takes, from the dates alone: nights go from noon to noon."""
    return [
        Stay(
            row.id,
            leaf,
            _noon(row.arrival, row.time_zone),
            _noon(row.departure + timedelta(days=row.turnaround), row.time_zone),
            row.reference,
        )
        for row in connection.execute(_SALES, [list(LIVE)])
        for leaf in row.leaves
    ]


def sold_twice(url: str) -> list[str]:
    """Pairs of live bookings that share a leaf unit at some instant."""
    with opened(url) as connection:
        return _sold_twice(stays(connection))


def faults(url: str) -> list[str]:
    """Every contradiction between bookings, allocations, blocks and conflicts, in words."""
    with opened(url) as connection:
        sold = stays(connection)
        return [
            *_sold_twice(sold),
            *_allocations(connection, sold),
            *_conflicts(connection, sold),
            *(f"a fact was not done: {row}" for row in connection.execute(_STUCK)),
        ]


def bookings_over_blocks(url: str) -> int:
    """
    Conflicts that no import opened, but the relay later: a booking was accepted over a known block.
    """
    return int(ask(url, _LATE_CONFLICTS))


def _sold_twice(sold: list[Stay]) -> list[str]:
    by_unit: dict[UUID, list[Stay]] = defaultdict(list)
    for stay in sold:
        by_unit[stay.unit_id].append(stay)
    return [
        f"{one.reference} and {other.reference} share {unit_id} from {max(one.starts_at, other.starts_at)}"
        for unit_id, found in by_unit.items()
        for one, other in combinations(found, 2)
        if one.meets(other)
    ]


def _allocations(connection: psycopg.Connection[Any], sold: list[Stay]) -> list[str]:
    due = Counter((stay.unit_id, stay.item_id, stay.starts_at, stay.ends_at) for stay in sold)
    kept = Counter(
        (row.unit_id, row.item_id, row.starts_at.astimezone(UTC), row.ends_at.astimezone(UTC))
        for row in connection.execute(_ALLOCATIONS)
    )
    return [
        *(f"a live booking has no allocation: {missing}" for missing in (due - kept).elements()),
        *(f"an allocation has no live booking: {orphan}" for orphan in (kept - due).elements()),
    ]


def _conflicts(connection: psycopg.Connection[Any], sold: list[Stay]) -> list[str]:
    blocks = list(connection.execute(_BLOCKS))
    due = {
        (block.event_id, stay.item_id)
        for block in blocks
        for stay in sold
        if stay.unit_id == block.unit_id and stay.meets(block)
    } | {(block.event_id, None) for block in blocks if block.unit_id is None}
    told = Counter((row.event_id, row.item_id) for row in connection.execute(_CONFLICTS))
    return [
        *(f"an overlap with a channel is no open conflict: {key}" for key in due - told.keys()),
        *(f"an open conflict has no overlap: {key}" for key in told.keys() - due),
        *(f"a conflict was opened twice: {key}" for key, number in told.items() if number > 1),
    ]


def _noon(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(12), ZoneInfo(zone)).astimezone(UTC)

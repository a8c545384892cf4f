"""
Who holds which unit: the one lock rule.

A transaction that changes what is allocated or blocked on units first takes the advisory lock of each of
them, in sorted order, then reads, then decides and writes. There is no second round: whoever needs more
raises StaleRead and starts again with the larger set. Row locks come after: units, bookings, allocations.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from hub.database import Database, StaleRead

LOCKED = "locked_units"
"""Where a session knows what it has locked; who rolls back to a savepoint before it has to forget it"""

_LOCK = text("SELECT pg_advisory_xact_lock(k) FROM unnest(CAST(:keys AS bigint[])) AS k")

_TRY = text("SELECT pg_try_advisory_lock(:one, :other)")
_LEAVE = text("SELECT pg_advisory_unlock(:one, :other)")
"""Of two numbers, which share nothing with the units' one"""


@contextmanager
def alone(database: Database, name: str) -> Iterator[bool]:
    """
    Whether nobody else, in any process, is at what has this name: until the block ends nobody else will be.

    No transaction is open for it, but a connection beside the pool's is held; with that it ends, whatever
    becomes of us.
    """
    digest = hashlib.sha256(name.encode()).digest()
    one, other = (int.from_bytes(part, "big", signed=True) for part in (digest[:4], digest[4:8]))
    known = {"one": one, "other": other}
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.detach()  # who holds the lock will want another one
        ours = bool(connection.scalar(_TRY, known))
        try:
            yield ours
        finally:
            if ours:
                connection.execute(_LEAVE, known)


def units(session: Session, unit_ids: Iterable[UUID]) -> frozenset[UUID]:
    """Lock leaf units until the transaction ends. Read what they hold only afterwards."""
    if LOCKED in session.info:
        raise AssertionError("units are locked once in a transaction")
    wanted = frozenset(unit_ids)
    session.info[LOCKED] = wanted
    if wanted:
        session.execute(_LOCK, {"keys": sorted({key(unit_id) for unit_id in wanted})})
    return wanted


def require(session: Session, unit_ids: Iterable[UUID]) -> None:
    """Start again if the units that turned out to matter are not all among the locked ones."""
    if not frozenset(unit_ids) <= session.info.get(LOCKED, frozenset()):
        raise StaleRead


def key(unit_id: UUID) -> int:
    """A UUIDv7's random half, as PostgreSQL's bigint. A collision only makes two units share a lock."""
    return int.from_bytes(unit_id.bytes[8:], "big", signed=True)

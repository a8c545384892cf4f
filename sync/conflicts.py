"""
Conflicts about events of channels: opened when they appear, kept as they are, closed when their cause goes.

What is a conflict: sync/planning/disputing.py. Those about events of ours: sync/disputes.py; about a link
that lost too much at once: sync/alarms.py.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub import clock
from hub.database import StaleRead, constraint, organization_of
from hub.models.external import ConflictRecord
from hub.queries import conflicts as query
from hub.queries import overlaps
from hub.services import changes
from sync import sides
from sync.planning import disputing

ONCE = "uq_conflicts_standing"
"""That only one stands for two sides"""

Key: TypeAlias = tuple[str, UUID | None, UUID | None]
"""Type, event and the other side"""


def reconcile(
    session: Session, event_ids: Collection[UUID], new: Collection[UUID] = frozenset()
) -> tuple[int, int]:
    """
    Make the conflicts of these events, on whichever side they are, what they are now: (opened, closed). Those
    that are `new`, rows of this transaction, have none yet.

    What a person put aside is open again once a side changed; what a person accepted stays so. The caller
    holds the locks of the units concerned, or a stale reading could close a real conflict.
    """
    if not event_ids:
        return 0, 0
    # These first, for they are locked: an event on several units may be looked at from each of them.
    old = [event_id for event_id in event_ids if event_id not in new]
    standing = {_key(row): row for row in (query.of_events(session, old) if old else ())}
    met = overlaps.of_events(session, event_ids, clock.now())
    found = {_key(row): row for row in met if sides.clashes(row)}
    fresh = [row for key, row in found.items() if key not in standing]
    opening = _once_of_a_family(session, [row for row in fresh if _opens(row)])
    gone = [row for key, row in standing.items() if key not in found]
    for row in opening:
        _open(session, row)
    for conflict in gone:
        close(session, conflict, _why_closed(conflict))
    for key in found.keys() & standing.keys():
        _follow(session, standing[key], found[key])
    session.flush()
    return len(opening), len(gone)


def close_past(session: Session, most: int) -> int:
    """Whoever stayed has left: nobody can settle it any more. How many were closed, `most` at the most."""
    over = query.over(session, clock.now(), most)
    for conflict in over:
        close(session, conflict, _why_closed(conflict))
    return len(over)


def link_removed(session: Session, link_id: UUID) -> None:
    """The link is about to go, and its conflicts with it: nothing stands against anything."""
    for conflict in query.of_link(session, link_id):
        close(session, conflict, "the link was removed")
    session.flush()


def close(session: Session, conflict: ConflictRecord, why: str) -> None:
    """A locked conflict that stands has no cause any more."""
    conflict.state, conflict.closed_at, conflict.resolution = disputing.CLOSED, clock.now(), why
    changes.record(session, "conflict", conflict.id, "closed", before=said(conflict))


def follow(
    session: Session, conflict: ConflictRecord, local: Mapping[str, Any], remote: Mapping[str, Any]
) -> None:
    """A locked conflict that stands goes on, its sides as they are now."""
    before, conflict.local, conflict.remote = conflict.fingerprint, dict(local), dict(remote)
    conflict.fingerprint = disputing.fingerprint(local, remote, conflict.unit_id)
    state = disputing.state_after(conflict.state, before, conflict.fingerprint)
    if state != conflict.state:
        conflict.state, conflict.resolution = state, None
        changes.record(session, "conflict", conflict.id, "reopened", after=said(conflict))


def said(conflict: ConflictRecord) -> dict[str, Any]:
    """For the change log."""
    return {"type": conflict.type, "local": conflict.local, "remote": conflict.remote}


def _key(row: ConflictRecord | Row[Any]) -> Key:
    return row.type, row.event_id, row.item_id or row.blackout_id or row.other_event_id


def _opens(row: Row[Any]) -> bool:
    return disputing.opens(sides.claim(row), waits=sides.waits(row))


def _once_of_a_family(session: Session, rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    """
    What is wrong with a series is wrong with each occurrence of it, and told of the first one only: not where
    that stands already.
    """
    in_part = sorted(
        (row for row in rows if row.type == "UNPARSEABLE"), key=lambda row: (row.starts_at, row.event_id)
    )
    if not in_part:
        return list(rows)
    told = set(_families(session, {row.link_id for row in in_part}))
    left = [row for row in rows if row.type != "UNPARSEABLE"]
    for row in in_part:
        if (whose := sides.family(row)) not in told:
            told.add(whose)
            left.append(row)
    return left


def _families(session: Session, link_ids: Collection[UUID]) -> Iterable[tuple[Any, str]]:
    standing = [row.event_id for row in query.read_in_part(session, link_ids) if row.event_id]
    return (sides.family(row) for row in overlaps.names(session, standing)) if standing else ()


def _open(session: Session, row: Row[Any]) -> None:
    conflict = ConflictRecord(
        organization_id=organization_of(session),
        type=row.type,
        state=disputing.OPEN,
        link_id=row.link_id,
        event_id=row.event_id,
        item_id=row.item_id,
        blackout_id=row.blackout_id,
        other_event_id=row.other_event_id,
        fingerprint="",
        opened_at=clock.now(),
    )
    _follow(session, conflict, row)
    session.add(conflict)
    try:
        session.flush()
    except IntegrityError as error:
        if constraint(error) == ONCE:
            raise StaleRead from error  # who looked at it from another of its units was faster
        raise
    changes.record(session, "conflict", conflict.id, "opened", after=said(conflict))


def _follow(session: Session, conflict: ConflictRecord, row: Row[Any]) -> None:
    conflict.unit_id, conflict.booking_id = row.unit_id, row.booking_id
    conflict.starts_at, conflict.ends_at = row.starts_at, row.ends_at
    follow(session, conflict, sides.local(row), sides.remote(row))


def _why_closed(conflict: ConflictRecord) -> str:
    return "it is over" if conflict.ends_at <= clock.now() else "its cause is gone"

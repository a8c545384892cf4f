"""
Conflicts about events of channels: opened when they appear, kept as they are, closed when their cause goes.

What is a conflict: sync/planning/disputing.py. Those about events of ours: sync/disputes.py; about a link
that lost too much at once: sync/alarms.py.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
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
from hub.services import changes, same_stays
from sync import series, sides
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
    same_stays.event_changed(session, [one for one in event_ids if one not in new])
    # These first, for they are locked: an event on several units may be looked at from each of them.
    old = [event_id for event_id in event_ids if event_id not in new]
    standing = {_key(row): row for row in (query.of_events(session, old) if old else ())}
    met = overlaps.of_events(session, event_ids, clock.now())
    found = {_key(row): row for row in met if sides.clashes(row)}
    gone = _pass_on(session, [row for key, row in standing.items() if key not in found])
    told = {_key(row) for row in standing.values()}  # where one goes on with another occurrence
    fresh = [row for key, row in found.items() if key not in standing and key not in told]
    opening = series.once(session, [row for row in fresh if _opens(row)])
    for conflict in gone:
        close(session, conflict, _why_closed(conflict))
    for row in opening:
        _open(session, row)
    for key in found.keys() & standing.keys():
        _follow(session, standing[key], found[key])
    session.flush()
    return len(opening), len(gone)


def close_past(session: Session, most: int) -> int:
    """Whoever stayed has left: nobody can settle it any more. How many were closed, `most` at the most."""
    over = _pass_on(session, query.over(session, clock.now(), most))
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
    before = conflict.fingerprint
    _show(conflict, local, remote)
    state = disputing.state_after(conflict.state, before, conflict.fingerprint)
    if state != conflict.state:
        conflict.state, conflict.resolution = state, None
        changes.record(session, "conflict", conflict.id, "reopened", after=said(conflict))


def said(conflict: ConflictRecord) -> dict[str, Any]:
    """For the change log."""
    return {"type": conflict.type, "local": conflict.local, "remote": conflict.remote}


def _pass_on(session: Session, gone: Sequence[ConflictRecord]) -> list[ConflictRecord]:
    """
    Those of a series go on with its next occurrence, as a person left them: what was said is said of all of
    it. The others are left.
    """
    heirs = series.next_ones(session, gone)
    for conflict in gone:
        if (row := heirs.get(conflict.id)) is None:
            continue
        before = said(conflict)
        conflict.event_id = row.event_id
        _place(conflict, row)
        _show(conflict, sides.local(row), sides.remote(row))
        changes.record(session, "conflict", conflict.id, "went_on", before=before, after=said(conflict))
    _flush(session)
    return [conflict for conflict in gone if conflict.id not in heirs]


def _flush(session: Session) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        if constraint(error) == ONCE:
            raise StaleRead from error  # who looked at it from another of its units was faster
        raise


def _key(row: ConflictRecord | Row[Any]) -> Key:
    return row.type, row.event_id, row.item_id or row.blackout_id or row.other_event_id


def _opens(row: Row[Any]) -> bool:
    return disputing.opens(sides.claim(row), waits=sides.waits(row))


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
    _flush(session)
    changes.record(session, "conflict", conflict.id, "opened", after=said(conflict))


def _follow(session: Session, conflict: ConflictRecord, row: Row[Any]) -> None:
    _place(conflict, row)
    follow(session, conflict, sides.local(row), sides.remote(row))


def _place(conflict: ConflictRecord, row: Row[Any]) -> None:
    conflict.unit_id, conflict.booking_id = row.unit_id, row.booking_id
    conflict.starts_at, conflict.ends_at = row.starts_at, row.ends_at


def _show(conflict: ConflictRecord, local: Mapping[str, Any], remote: Mapping[str, Any]) -> None:
    conflict.local, conflict.remote = dict(local), dict(remote)
    conflict.fingerprint = disputing.fingerprint(local, remote, conflict.unit_id)


def _why_closed(conflict: ConflictRecord) -> str:
    return "it is over" if conflict.ends_at <= clock.now() else "its cause is gone"

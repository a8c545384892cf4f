"""Conflicts between channels and what we sold: opened when they appear, closed when their cause goes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.orm import Session

from hub import clock
from hub.database import organization_of
from hub.models.external import ConflictRecord
from hub.queries import external as query
from hub.services import changes


def reconcile(
    session: Session, event_ids: Collection[UUID], new: Collection[UUID] = frozenset()
) -> tuple[int, int]:
    """
    Make the open conflicts of these events what they are now: (opened, closed). Those that are `new`, rows of
    this transaction, have none yet.

    The caller holds the locks of the units concerned, or a stale reading could close a real conflict.
    """
    if not event_ids:
        return 0, 0
    # These first, for they are locked: an event on several units may be looked at from each of them.
    old = [event_id for event_id in event_ids if event_id not in new]
    open_now = query.open_conflicts(session, old) if old else ()
    standing = {(row.event_id, row.item_id): row for row in open_now}
    found = {(row.event_id, row.item_id): row for row in query.overlaps(session, event_ids, clock.now())}
    for key in found.keys() - standing.keys():
        _open(session, found[key])
    for key in standing.keys() - found.keys():
        _close(session, standing[key])
    for key in found.keys() & standing.keys():
        _refresh(standing[key], found[key])
    session.flush()
    return len(found.keys() - standing.keys()), len(standing.keys() - found.keys())


def _open(session: Session, row: Row[Any]) -> None:
    conflict = ConflictRecord(
        organization_id=organization_of(session),
        type="EXTERNAL_OVERLAP" if row.item_id else "UNPLACED",
        state="open",
        link_id=row.link_id,
        event_id=row.event_id,
        item_id=row.item_id,
        opened_at=clock.now(),
    )
    _refresh(conflict, row)
    session.add(conflict)
    session.flush()
    changes.record(session, "conflict", conflict.id, "opened", after=_said(conflict))


def close_past(session: Session, most: int) -> int:
    """Whoever stayed has left: nobody can settle it any more. How many were closed, `most` at the most."""
    over = query.conflicts_that_are_over(session, clock.now(), most)
    for conflict in over:
        _close(session, conflict)
    return len(over)


def _close(session: Session, conflict: ConflictRecord) -> None:
    now = clock.now()
    conflict.state = "closed"
    conflict.closed_at = now
    conflict.resolution = "it is over" if conflict.ends_at <= now else "its cause is gone"
    changes.record(session, "conflict", conflict.id, "closed", before=_said(conflict))


def _refresh(conflict: ConflictRecord, row: Row[Any]) -> None:
    """Both sides as they are now, each with its span as it was given: dates, or instants of the place."""
    zone = ZoneInfo(row.time_zone)
    conflict.unit_id, conflict.booking_id = row.unit_id, row.booking_id
    conflict.starts_at, conflict.ends_at = row.starts_at, row.ends_at
    conflict.remote = {
        "channel": row.channel,
        **_span(row.first, row.after, row.event_starts_at, row.event_ends_at, zone),
    }
    conflict.local = {}
    if row.item_id is not None:
        span = _span(row.arrival, row.departure, row.item_starts_at, row.item_ends_at, zone)
        conflict.local = {"reference": row.reference, "status": row.status, **span}


def _span(
    first: date | None, after: date | None, starts_at: datetime, ends_at: datetime, zone: ZoneInfo
) -> dict[str, str]:
    if first is not None and after is not None:
        return {"from": first.isoformat(), "to": after.isoformat()}
    return {"from": starts_at.astimezone(zone).isoformat(), "to": ends_at.astimezone(zone).isoformat()}


def _said(conflict: ConflictRecord) -> dict[str, Any]:
    return {"type": conflict.type, "local": conflict.local, "remote": conflict.remote}

"""Conflicts between channels and what we sold: opened when they appear, closed when their cause goes."""

from __future__ import annotations

from collections.abc import Collection
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


def reconcile(session: Session, event_ids: Collection[UUID]) -> tuple[int, int]:
    """
    Make the open conflicts of these events what they are now: (opened, closed).

    The caller holds the locks of the units concerned, or a stale reading could close a real conflict.
    """
    if not event_ids:
        return 0, 0
    # These first, for they are locked: an event on several units may be looked at from each of them.
    standing = {(row.event_id, row.item_id): row for row in query.open_conflicts(session, event_ids)}
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


def _close(session: Session, conflict: ConflictRecord) -> None:
    conflict.state = "closed"
    conflict.closed_at = clock.now()
    conflict.resolution = "its cause is gone"
    changes.record(session, "conflict", conflict.id, "closed", before=_said(conflict))


def _refresh(conflict: ConflictRecord, row: Row[Any]) -> None:
    zone = ZoneInfo(row.time_zone)
    conflict.unit_id, conflict.booking_id = row.unit_id, row.booking_id
    conflict.starts_at, conflict.ends_at = row.starts_at, row.ends_at
    conflict.remote = {
        "channel": row.channel,
        "starts_at": row.remote_starts_at.astimezone(zone).isoformat(),
        "ends_at": row.remote_ends_at.astimezone(zone).isoformat(),
    }
    conflict.local = (
        {}
        if row.item_id is None
        else {
            "reference": row.reference,
            "status": row.status,
            "starts_at": row.local_starts_at.astimezone(zone).isoformat(),
            "ends_at": row.local_ends_at.astimezone(zone).isoformat(),
        }
    )


def _said(conflict: ConflictRecord) -> dict[str, Any]:
    return {"type": conflict.type, "local": conflict.local, "remote": conflict.remote}

"""What a person did to our event there and did not get: written down with both sides, so nothing is lost."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from connectors.contract import When
from hub import clock
from hub.database import organization_of, vault_of
from hub.ids import new_id
from hub.models.external import ConflictRecord
from hub.models.links import Link
from hub.models.sync import SyncItem
from hub.queries import conflicts as query
from hub.services import changes
from sync import conflicts
from sync.planning import disputing, words
from sync.planning.content import Content
from sync.planning.measure import extent


def record(
    session: Session,
    link: Link,
    item: SyncItem,
    kind: str,
    *,
    channel: str,
    zone: ZoneInfo,
    here: Content | None,
    there: Content | None,
    booking_id: UUID | None = None,
    why: str = "",
    resolution: str | None = None,
) -> None:
    """
    A conflict about an item of ours. With a resolution it is settled already, and only to be read; without
    one it stands until a person has looked, and there is only one such of a kind for an item: done again, it
    is open again, whatever a person said of it before.
    """
    now = clock.now()
    row = None if resolution is not None else next(iter(query.of_item(session, item.id, kind)), None)
    action = "settled" if resolution is not None else "opened" if row is None else "reopened"
    if row is None:
        row = ConflictRecord(
            organization_id=organization_of(session),
            id=new_id(),
            type=kind,
            link_id=link.id,
            sync_item_id=item.id,
            opened_at=now,
        )
    row.state = disputing.OPEN if resolution is None else disputing.CLOSED
    row.closed_at, row.resolution = None if resolution is None else now, resolution
    row.booking_id = booking_id
    row.starts_at, row.ends_at = _extent(here, there, zone, now)
    row.local = {"source": "hub", **_side(here, zone)}
    row.remote = {"source": channel, "channel": channel, **_side(there, zone)} | ({"why": why} if why else {})
    row.fingerprint = disputing.fingerprint(row.local, row.remote, row.unit_id)
    row.sealed = vault_of(session).seal({"local": _texts(here), "remote": _texts(there)})
    session.add(row)
    session.flush()
    said = conflicts.said(row) | {"resolution": resolution}
    changes.record(session, "conflict", row.id, action, after=said, property_id=link.property_id)


def settle(session: Session, item: SyncItem, resolution: str) -> None:
    """Whatever stands about an item has no cause any more, or a person has looked."""
    for row in query.of_item(session, item.id):
        row.state, row.closed_at, row.resolution = disputing.CLOSED, clock.now(), resolution
        changes.record(session, "conflict", row.id, "closed", before={"type": row.type})
    session.flush()


def _side(content: Content | None, zone: ZoneInfo) -> dict[str, object]:
    if content is None:
        return {"gone": True}
    said: dict[str, object] = {"busy": content.busy}
    if content.when is not None:
        said["span"] = words.stretch(content.when, zone)
    if content.recurrence:
        said["recurs"] = True
    return said


def _texts(content: Content | None) -> dict[str, str] | None:
    return {"summary": content.summary, "description": content.description} if content else None


def _extent(
    here: Content | None, there: Content | None, zone: ZoneInfo, now: datetime
) -> tuple[datetime, datetime]:
    """All that the two sides speak of."""
    whens: list[When] = [one.when for one in (here, there) if one is not None and one.when is not None]
    found = [period for when in whens if (period := extent(when, zone)) is not None]
    if not found:
        return now, now
    return min(one.starts_at for one in found), max(one.ends_at for one in found)

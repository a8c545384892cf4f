"""
The conflict of a link whose guard holds back what its channel no longer tells (`GUARD_TRIPPED`).

It stands as long as the guard does, also while the link is paused or its channel refuses us: what would be
freed waits all the same. Whoever writes a link's guard tells it here.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from hub import clock
from hub.database import organization_of
from hub.ids import new_id
from hub.models.external import ConflictRecord
from hub.models.links import Link
from hub.queries import conflicts as query
from hub.queries import links as links_query
from hub.services import asking, changes
from sync import conflicts
from sync.planning import disputing
from sync.planning.guard import Guard

NOON = time(12)


def tell(session: Session, link: Link, guard: Guard | None, seen_at: datetime | None = None) -> None:
    """
    What waits on a link from now on, its row locked and still as it was before. Where no guard has tripped,
    then or now, nothing is asked of the database. `seen_at` is when its calendar was read, if just now.
    """
    tripped = guard if guard is not None and guard.tripped else None
    if tripped is None and not (link.guard is not None and link.guard["tripped"]):
        return
    standing = query.of_guard(session, link.id)
    if tripped is not None:
        _follow(session, link, tripped, standing, seen_at or link.verified_at)
    elif standing is not None:
        conflicts.close(session, standing, "nothing is held back any more")
    session.flush()


def _follow(
    session: Session, link: Link, guard: Guard, standing: ConflictRecord | None, seen_at: datetime | None
) -> None:
    row = standing or ConflictRecord(
        organization_id=organization_of(session),
        id=new_id(),
        type=query.GUARD_TRIPPED,
        state=disputing.OPEN,
        link_id=link.id,
        fingerprint="",
        opened_at=clock.now(),
    )
    row.unit_id = link.unit_id
    row.starts_at, row.ends_at = _extent(session, link, guard)
    conflicts.follow(session, row, {}, _remote(session, link, guard, seen_at))
    if standing is None:
        session.add(row)
        session.flush()
        changes.record(
            session,
            "conflict",
            row.id,
            "opened",
            after=conflicts.said(row),
            property_id=link.property_id,
        )


def _remote(session: Session, link: Link, guard: Guard, seen_at: datetime | None) -> dict[str, Any]:
    """What would be freed, and why it is not."""
    name = links_query.connection(session, link.connection_id).name
    said: dict[str, Any] = {
        "source": name,
        "channel": name,
        "since": guard.since.isoformat(),
        "would_free": [{"from": first, "to": after} for first, after in guard.freed],
        "why": guard.why,
        "readings": guard.readings,
    }
    return said if seen_at is None else said | {"last_seen_at": seen_at.isoformat()}


def _extent(session: Session, link: Link, guard: Guard) -> tuple[datetime, datetime]:
    """All that would be freed."""
    zone = ZoneInfo(asking.property_of(session, link.property_id).time_zone)
    edges = [_instant(edge, zone) for span in guard.freed for edge in span] or [guard.since]
    return min(edges), max(edges)


def _instant(edge: str, zone: ZoneInfo) -> datetime:
    """Nights are from noon to noon."""
    if "T" in edge:
        return datetime.fromisoformat(edge)
    return datetime.combine(date.fromisoformat(edge), NOON, zone)

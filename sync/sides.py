"""The two sides of a conflict about an event of a channel's: in words and ids, and for a decision on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.orm import Session

from connectors.contract import Nature
from hub.models.external import ConflictRecord
from hub.queries import ways_out as query
from sync.planning import disputing, marks
from sync.planning.disputing import Claim, Told


@dataclass(frozen=True, slots=True)
class Both:
    """`local` and `remote` of a conflict."""

    local: Mapping[str, Any]
    remote: Mapping[str, Any]


def now(session: Session, rows: Sequence[ConflictRecord]) -> Mapping[UUID, Both]:
    """
    The sides of each by its id, with when their channels were last known to tell them: readings that bring
    nothing new touch no conflict. One that is closed stays as it was.
    """
    standing = [row for row in rows if row.state != disputing.CLOSED]
    events = {one for row in standing for one in (row.event_id, row.other_event_id) if one is not None}
    seen = query.last_seen(session, events)
    found = {row.id: Both(row.local, row.remote) for row in rows}
    for row in standing:
        local, remote = (seen.get(one) if one else None for one in (row.other_event_id, row.event_id))
        found[row.id] = Both(row.local | _seen(local), row.remote | _seen(remote))
    return found


def claim(row: Row[Any]) -> Claim | None:
    """Who else claims the time; None where it is about the event alone."""
    if row.item_id is not None:
        return Claim.BOOKING
    if row.blackout_id is not None:
        return Claim.BLACKOUT
    return Claim(row.other_nature) if row.other_event_id is not None else None


def clashes(row: Row[Any]) -> bool:
    """Whether what was found is a conflict."""
    claimed = claim(row)
    if claimed is None:
        return True
    if row.other_event_id is None:
        return disputing.with_ours(_told(row), claimed)
    return disputing.between_channels(_told(row), _other_told(row))


def waits(row: Row[Any]) -> bool:
    """Whether a side is only there because its channel has not been read often enough without it."""
    return bool(row.waits or row.other_waits)


def remote(row: Row[Any]) -> dict[str, Any]:
    """What the channel says, whose event it is about."""
    said: dict[str, Any] = {
        "source": row.channel,
        "channel": row.channel,
        "nature": row.nature,
        **_span(row.first, row.after, row.event_starts_at, row.event_ends_at, _zone(row)),
        **_seen(row.seen_at),
    }
    if row.type == "UNPARSEABLE":
        said |= {"problem": disputing.plainly(row.problem), "series": disputing.series(family(row)[1])}
    return said


def local(row: Row[Any]) -> dict[str, Any]:
    """What else claims it: our booking or blackout, or the event of another channel that was here first."""
    if row.item_id is not None:
        span = _span(row.arrival, row.departure, row.item_starts_at, row.item_ends_at, _zone(row))
        return {"source": row.source, "reference": row.reference, "status": row.status, **span}
    if row.blackout_id is not None:
        edges = (row.blackout_first, row.blackout_after, row.blackout_starts_at, row.blackout_ends_at)
        return {"source": "blackout", "kind": row.kind, **_span(*edges, _zone(row))}
    if row.other_event_id is None:
        return {}
    return {
        "source": row.other_channel,
        "channel": row.other_channel,
        "link_id": str(row.other_link_id),
        "nature": row.other_nature,
        **_other_span(row),
        **_seen(row.other_seen_at),
    }


def family(row: Row[Any]) -> tuple[Any, str]:
    """Of an event: what it recurs with. One that does not is a family of its own."""
    return row.link_id, str(row.family_id) if row.family_id else (row.key.rpartition("/")[0] or row.key)


def _told(row: Row[Any]) -> Told:
    span = _span(row.first, row.after, row.event_starts_at, row.event_ends_at, _zone(row))
    return Told(Nature(row.nature), span, row.uid_out, marks.from_json(row.mark), row.waits)


def _other_told(row: Row[Any]) -> Told:
    mark = marks.from_json(row.other_mark)
    return Told(Nature(row.other_nature), _other_span(row), row.other_uid_out, mark, row.other_waits)


def _other_span(row: Row[Any]) -> dict[str, str]:
    edges = (row.other_first, row.other_after, row.other_starts_at, row.other_ends_at)
    return _span(*edges, _zone(row))


def _zone(row: Row[Any]) -> ZoneInfo:
    return ZoneInfo(row.time_zone)


def _seen(at: datetime | None) -> dict[str, str]:
    return {} if at is None else {"last_seen_at": at.isoformat()}


def _span(
    first: date | None, after: date | None, starts_at: datetime, ends_at: datetime, zone: ZoneInfo
) -> dict[str, str]:
    """As it was given: dates, or instants of the place."""
    if first is not None and after is not None:
        return {"from": first.isoformat(), "to": after.isoformat()}
    return {"from": starts_at.astimezone(zone).isoformat(), "to": ends_at.astimezone(zone).isoformat()}

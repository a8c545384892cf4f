"""Which links are due for a pull: the timetable's question, and that of whoever has just ended one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from hub import clock
from hub.queries import hosts as query
from sync.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Due:
    organization_id: UUID
    link_id: UUID
    more: bool = False
    """Others of its host wait for one of those that were handed out to end"""


def claim_due(runtime: Runtime, limit: int) -> list[Due]:
    """
    Links that are due, at most so many; organizations take turns, no host gets too many, none that rests any.

    They are not due again until a lease's length has passed: if whoever was to pull them is lost, and
    every message with it, the next claim brings them back.
    """
    now = clock.now()
    with runtime.database.unit_of_work(None) as session:
        rows = query.claim(
            session,
            now,
            _again_at(runtime, now),
            most=limit,
            at_host=runtime.settings.host_concurrency,
        )
    return [Due(row.organization_id, row.link_id, row.more) for row in rows]


def claim_next(runtime: Runtime, after: Due) -> Due | None:
    """
    The next link of the host that a pull has just come back from, if that is well.

    Without it the queue of a host moved on at the timetable's pace, not at its own.
    """
    now = clock.now()
    again_at = _again_at(runtime, now)
    with runtime.database.unit_of_work(None) as session:
        row = query.claim_next(session, now, again_at, after.organization_id, after.link_id)
    return Due(row.organization_id, row.link_id, more=True) if row else None


def _again_at(runtime: Runtime, now: datetime) -> datetime:
    return now + timedelta(seconds=runtime.settings.lease_seconds)

"""Which links are due for a pull: the timetable's question."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from hub import clock
from hub.queries import links as query
from sync.runtime import Runtime


def claim_due(runtime: Runtime, limit: int) -> list[tuple[UUID, UUID]]:
    """
    (organization, link) of links that are due, the longest waiting first.

    They are not due again until a lease's length has passed: if whoever was to pull them is lost, and
    every message with it, the next claim brings them back.
    """
    now = clock.now()
    again_at = now + timedelta(seconds=runtime.settings.lease_seconds)
    with runtime.database.unit_of_work(None) as session:
        return [(row.organization_id, row.link_id) for row in query.claim_due(session, now, again_at, limit)]

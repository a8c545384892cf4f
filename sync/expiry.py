"""Ends holds that ran out, by the timetable; whoever wants their units sooner ends them too."""

from __future__ import annotations

from functools import partial

from hub import clock
from hub.database import Actor
from hub.queries import bookings as query
from hub.services import holds
from sync.runtime import Runtime

BATCH = 200


def expire_lapsed(runtime: Runtime) -> int:
    """How many holds were found lapsed. One transaction each, so that one cannot hold up the others."""
    now = clock.now()
    with runtime.database.unit_of_work(None) as session:
        organizations = query.organizations_with_lapsed(session, now)
    found = 0
    for organization_id in organizations:
        with runtime.database.unit_of_work(organization_id) as session:
            booking_ids = query.lapsed(session, now, BATCH)
        for booking_id in booking_ids:
            runtime.database.transact(
                organization_id, partial(holds.expire_one, booking_id=booking_id, now=now), Actor("worker")
            )
        found += len(booking_ids)
    return found

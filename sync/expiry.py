"""Ends holds that ran out, by the timetable; whoever wants their units sooner ends them too."""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from hub import clock
from hub.database import Actor
from hub.errors import HubError
from hub.queries import bookings as query
from hub.services import holds
from sync.runtime import Runtime

log = logging.getLogger(__name__)

BATCH = 200


def expire_lapsed(runtime: Runtime) -> int:
    """How many lapsed holds were ended. One transaction each, so that one cannot hold up the others."""
    now = clock.now()
    with runtime.database.unit_of_work(None) as session:
        organizations = query.organizations_with_lapsed(session, now)
    ended = 0
    for organization_id in organizations:
        with runtime.database.unit_of_work(organization_id) as session:
            booking_ids = query.lapsed(session, now, BATCH)
        ended += sum(_end(runtime, organization_id, booking_id, now) for booking_id in booking_ids)
    return ended


def _end(runtime: Runtime, organization_id: UUID, booking_id: UUID, now: datetime) -> bool:
    work = partial(holds.expire_one, booking_id=booking_id, now=now)
    try:
        runtime.database.transact(organization_id, work, Actor("worker"))
    except (HubError, DBAPIError):  # its units are busy: the timetable asks again in a second
        log.warning("the lapsed hold %s could not be ended yet", booking_id, exc_info=True)
        return False
    return True

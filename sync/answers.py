"""What channels say later of bookings that were accepted, or are held, without their answer."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from hub import clock
from hub.database import Actor, organization_of
from hub.domain.evidence import CheckState, Evidence, Sight, Verdict
from hub.domain.lifecycle import Status
from hub.errors import Conflict, HubError
from hub.models.bookings import Booking
from hub.queries import checks as query
from hub.services import bookings, confirming
from hub.services.checks import Unasked
from sync import precheck
from sync.planning import checking
from sync.runtime import Runtime

BATCH = 200
EVERY = timedelta(seconds=2)
"""How often the timetable looks"""
AGAIN = timedelta(seconds=15)
"""How often a channel is asked again for who is held until it answers"""
TAKEN = frozenset({"sold_out", "turnaround", "fragmented"})
"""Codes that say that somebody else has the units"""

log = logging.getLogger(__name__)


def settle(runtime: Runtime) -> int:
    """
    Verify or confirm those whose channels have answered since; end those whose nights a channel turned out to
    have sold. How many were settled. One transaction each.
    """
    with runtime.database.unit_of_work(None) as session:
        organizations = query.organizations_unanswered(session)
    settled = 0
    for organization_id in organizations:
        with runtime.database.unit_of_work(organization_id) as session:
            found = [booking.id for booking in query.unanswered(session, clock.now(), BATCH)]
        settled += sum(_settle(runtime, organization_id, booking_id) for booking_id in found)
    return settled


def _settle(runtime: Runtime, organization_id: UUID, booking_id: UUID) -> bool:
    database, actor = runtime.database, Actor("worker")
    try:
        evidence = database.transact(organization_id, partial(_asked, booking_id=booking_id), actor)
        if evidence is None:
            return False
        work = partial(confirming.answered, booking_id=booking_id, evidence=evidence)
        return database.transact(organization_id, work, actor) is not None
    except Unasked:  # a link was made at this moment: the next look knows it
        return False
    except Conflict as error:
        if not any(reason.code in TAKEN for reason in error.reasons):
            return False  # it lapsed, or somebody else was at it: that is told where it happens
        end = partial(_end, booking_id=booking_id, why=str(error.reasons[-1].message))
        database.transact(organization_id, end, actor)
        return True
    except (HubError, DBAPIError):  # its units are busy: the timetable asks again
        log.warning("booking %s could not be settled yet", booking_id, exc_info=True)
        return False


def _asked(session: Session, booking_id: UUID) -> Evidence | None:
    """What has been said since it was asked; None where one is still silent, who is asked again."""
    booking = session.get(Booking, (organization_of(session), booking_id), populate_existing=True)
    if booking is None or booking.check_at is None:
        return None
    leaves = {leaf for unit in confirming.units_of(session, booking_id) for leaf in unit.leaves}
    sights: dict[UUID, Sight] = {}
    silent = []
    now = clock.now()
    for row in query.links_of(session, leaves):
        one = precheck.candidate(row)
        if one.standing.state == "paused":
            sights[row.id] = one.sight(Verdict.PAUSED, why="the link is paused")
        elif checking.fresh(one.standing, booking.check_at):
            sights[row.id] = one.sight(Verdict.ANSWERED)
        else:
            silent.append(row.id)
    if not silent:
        return Evidence(now, sights)
    waits = booking.check_state == CheckState.AWAITING and booking.status == Status.HELD
    if waits and _its_turn(booking, now):
        precheck.ask(session, silent)
    return None


def _its_turn(booking: Booking, now: datetime) -> bool:
    """Every so often, counted from the look that it waits for."""
    assert booking.check_at is not None
    return int((now - booking.check_at) / AGAIN) > int((now - booking.check_at - EVERY) / AGAIN)


def _end(session: Session, booking_id: UUID, why: str) -> None:
    """Held for an answer, and the answer is that it cannot be."""
    reason = f"a channel turned out to have sold it: {why}"
    bookings.advance(session, booking_id, Status.CANCELLED, reason=reason, only=Status.HELD)

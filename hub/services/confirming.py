"""A hold becomes a booking: only now are its channels asked again, and may have to be waited for."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from hub import clock
from hub.database import StaleRead
from hub.domain.availability import Cause, SellableUnit
from hub.domain.evidence import CheckState, Evidence, Verdict
from hub.domain.lifecycle import LIFECYCLE, Status
from hub.domain.periods import occupied
from hub.errors import Conflict
from hub.models.bookings import Booking
from hub.queries import bookings as query
from hub.queries import checks as checks_query
from hub.queries import inventory, locks
from hub.services import allocations, asking, bookings, changes, checks, snapshots
from hub.services.bookings import Booked
from hub.services.checks import Judged

AWAITED = "awaited"
"""The stage of a look at what channels said later"""


def confirm(
    session: Session, booking_id: UUID, evidence: Evidence | None, stage: str = "confirmed"
) -> Booked:
    """
    Confirm a hold, on what its channels said just now. Where its policy is to wait for one that did not
    answer, it stays held, for as long as a new hold would be, and is confirmed when all have answered.

    Conflict, Unasked: as `bookings.book`.
    """
    booking = query.one(session, booking_id)
    if evidence is None or booking.status != Status.HELD:
        return bookings.advance(session, booking_id, Status.CONFIRMED)
    judged = _judged(session, booking_id, evidence, CheckState.AWAITING)

    if judged.state is CheckState.AWAITING:
        booked = _wait(session, booking_id)
    else:
        booked = bookings.advance(session, booking_id, Status.CONFIRMED)
    if _judged(session, booking_id, evidence, CheckState.AWAITING) != judged:
        raise StaleRead  # it was given other units before these were locked
    if stage == AWAITED and not _later(booked.booking, evidence):
        raise StaleRead
    booked.booking.check_state = judged.state
    booked.booking.check_at = judged.at
    session.flush()
    checks.keep(session, booking_id, stage, judged)
    return booked


def units_of(session: Session, booking_id: UUID) -> tuple[SellableUnit, ...]:
    """The units of a booking's items, as they are sold."""
    ids = {item.unit_id for item in query.items(session, [booking_id])}
    return tuple(offer.unit for offer in inventory.of_units(session, ids))


def _wait(session: Session, booking_id: UUID) -> Booked:
    """Hold it on, so that there is time to answer."""
    locks.units(session, query.units_of(session, [booking_id]))
    (booking,) = query.locked(session, [booking_id])
    units = query.units_of(session, [booking_id])
    locks.require(session, units)
    if booking.status != Status.HELD:
        raise Conflict.because("changed", "it was changed by somebody else at this moment; look again")
    bookings.still_good(session, booking)
    items = query.items(session, [booking_id])
    before = snapshots.booking(booking, items)
    _hold_on(session, booking)
    allocations.hold(session, booking_id, booking.hold_until, units=units)
    session.flush()
    changes.record(
        session,
        "booking",
        booking.id,
        "awaiting",
        before=before,
        after=snapshots.booking(booking, items),
        property_id=booking.property_id,
        for_id=booking.guest_id,
    )
    return Booked(booking, items)


def _hold_on(session: Session, booking: Booking) -> None:
    place = asking.property_of(session, booking.property_id)
    until = clock.now() + timedelta(minutes=place.hold_minutes)
    booking.hold_until = max(booking.hold_until or until, until)


def answered(session: Session, booking_id: UUID, evidence: Evidence) -> Booked | None:
    """
    All channels of a booking that was accepted without some of them have answered since: it is verified, or
    confirmed where it waited for that. None where that is not so, or no longer matters.
    """
    booking = query.one(session, booking_id)
    if booking.check_state == CheckState.AWAITING and booking.status == Status.HELD:
        good = _later(booking, evidence) and not evidence.bad(evidence.sights.keys())
        return confirm(session, booking_id, evidence, AWAITED) if good else None
    (booking,) = query.locked(session, [booking_id])
    if not LIFECYCLE[Status(booking.status)].allocates:
        checks_query.settle(session, booking_id, CheckState.UNCHECKED)
        return None
    if booking.check_state != CheckState.FLAGGED or not _later(booking, evidence):
        return None
    judged = _judged(session, booking_id, evidence, None)
    if _contradicted(session, booking):
        return None  # a conflict says so for as long as that lasts
    checks_query.settle(session, booking_id, judged.state)
    checks.keep(session, booking_id, AWAITED, judged)
    return Booked(booking, query.items(session, [booking_id]))


def _judged(session: Session, booking_id: UUID, evidence: Evidence, on_hold: CheckState | None) -> Judged:
    return checks.judge_standing(session, units_of(session, booking_id), evidence, on_hold=on_hold)


def _later(booking: Booking, evidence: Evidence) -> bool:
    """Whether all of it was said after the booking's own look began: it may have been moved since."""
    at = booking.check_at
    return at is None or all(
        one.verdict is Verdict.PAUSED or (one.verified_at is not None and one.verified_at >= at)
        for one in evidence.sights.values()
    )


def _contradicted(session: Session, booking: Booking) -> bool:
    """Whether a channel has sold what this booking has."""
    now = clock.now()
    for item in query.items(session, [booking.id]):
        for offer in inventory.of_units(session, [item.unit_id]):
            period = occupied(asking.span_of(item), offer.zone, offer.turnaround)
            live = inventory.takings(session, offer.unit.leaves, period, now, without=[booking.id]).live
            if any(row.cause is Cause.EXTERNAL for row in live):
                return True
    return False

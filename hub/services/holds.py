"""The end of holds that ran out: by the timetable, or by the next one who wants the unit."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from hub.domain.lifecycle import Status
from hub.queries import bookings as query
from hub.queries import locks
from hub.services import allocations, changes, outbox, snapshots


def expire(session: Session, booking_ids: Collection[UUID], now: datetime) -> None:
    """End those of these holds that have lapsed. The caller holds the locks of all their units."""
    for booking in query.locked(session, booking_ids):
        if booking.status != Status.HELD or booking.hold_until is None or booking.hold_until > now:
            continue
        items = query.items(session, [booking.id])
        units = query.units_of(session, [booking.id])
        before = snapshots.booking(booking, items)

        allocations.release(session, [booking.id], units=units)
        booking.status = Status.EXPIRED
        booking.hold_until = None
        session.flush()

        changes.record(
            session,
            "booking",
            booking.id,
            "expired",
            before=before,
            after=snapshots.booking(booking, items),
            property_id=booking.property_id,
            for_id=booking.guest_id,
        )
        outbox.inventory_changed(session, units, "booking.expired", booking.id)


def make_way(session: Session, booking_ids: Collection[UUID], now: datetime) -> None:
    """End lapsed holds for whom their units are wanted; StaleRead where not all of those are locked."""
    if booking_ids:
        locks.require(session, query.units_of(session, booking_ids))
        expire(session, booking_ids, now)


def expire_one(session: Session, booking_id: UUID, now: datetime) -> None:
    """Lock what the hold has, then end it if it has lapsed."""
    locks.units(session, query.units_of(session, [booking_id]))
    locks.require(session, query.units_of(session, [booking_id]))
    expire(session, [booking_id], now)

"""Giving items of bookings other units: to make room, by hand, or two for each other."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hub.domain.availability import SellableUnit
from hub.domain.periods import Period
from hub.models.bookings import Allocation, Booking, BookingItem
from hub.queries import locks
from hub.services import allocations, changes, checks, outbox, snapshots


def reassign(session: Session, targets: Mapping[UUID, UUID]) -> None:
    """
    Give each item (by id) another leaf unit for the same period. All old and new units are locked.

    All old allocations go before any new one comes: the constraint cannot be deferred.
    """
    statement = select(Allocation).where(Allocation.item_id.in_(targets)).order_by(Allocation.id)
    held = {
        row.item_id: (row.unit_id, Period(row.starts_at, row.ends_at), row.hold_until)
        for row in session.scalars(statement)
    }
    locks.require(session, [unit_id for unit_id, _, _ in held.values()])
    session.execute(delete(Allocation).where(Allocation.item_id.in_(targets)))

    rows = session.execute(
        select(BookingItem, Booking)
        .join(
            Booking,
            (Booking.organization_id == BookingItem.organization_id) & (Booking.id == BookingItem.booking_id),
        )
        .where(BookingItem.id.in_(targets))
        .order_by(Booking.id, BookingItem.id)
        .with_for_update()
    ).all()
    for item, booking in rows:
        old_unit, period, hold_until = held[item.id]
        before = snapshots.item_of(item)
        item.unit_id = targets[item.id]
        leaf = SellableUnit(item.unit_id, "", item.unit_type_id, frozenset({item.unit_id}))
        allocations.take(session, leaf, period, item, hold_until)
        changes.record(
            session,
            "booking",
            booking.id,
            "reassigned",
            before={"items": [before]},
            after={"items": [snapshots.item_of(item)]},
            property_id=booking.property_id,
            for_id=booking.guest_id,
        )
        checks.lies_elsewhere(session, booking)
        outbox.inventory_changed(session, [old_unit, item.unit_id], "booking.reassigned", booking.id)

"""Bookings as staff see them, with items and guests: three statements, whatever their number."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from api.schemas.bookings import BookingOut
from hub.models.bookings import Booking, BookingItem
from hub.queries import bookings as query
from hub.queries import guests as guest_query
from hub.services import bookings, guests
from hub.services.bookings import Booked
from hub.services.guests import GuestFields


def told(session: Session, booked: Booked) -> BookingOut:
    """One booking whose items are at hand."""
    guest = guests.read(session, booked.guest) if booked.guest else None
    if guest is None:
        guest = _people(session, [booked.booking])[booked.booking.id]
    reason = bookings.cancel_reason(session, booked.booking)
    return BookingOut.of(booked.booking, booked.items, guest, reason)


def several(session: Session, rows: Sequence[Booking]) -> list[BookingOut]:
    """Bookings in the order given."""
    items: dict[UUID, list[BookingItem]] = {booking.id: [] for booking in rows}
    for item in query.items(session, list(items)):
        items[item.booking_id].append(item)
    people = _people(session, rows)
    return [
        BookingOut.of(row, tuple(items[row.id]), people[row.id], bookings.cancel_reason(session, row))
        for row in rows
    ]


def _people(session: Session, rows: Sequence[Booking]) -> dict[UUID, GuestFields | None]:
    """By the booking's id."""
    known = guest_query.by_id(session, [booking.guest_id for booking in rows if booking.guest_id])
    return {
        booking.id: guests.read(session, known[booking.guest_id]) if booking.guest_id else None
        for booking in rows
    }

"""Bookings as staff see them, with items and guests: three statements, whatever their number."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from api.schemas.bookings import BookingOut
from hub.models.bookings import Booking, BookingItem
from hub.queries import bookings as query
from hub.queries import guests as guest_query
from hub.services import guests
from hub.services.bookings import Booked
from hub.services.guests import GuestFields


def told(session: Session, booked: Booked) -> BookingOut:
    """One booking whose items are at hand."""
    return BookingOut.of(booked.booking, booked.items, _people(session, [booked.booking])[booked.booking.id])


def several(session: Session, bookings: Sequence[Booking]) -> list[BookingOut]:
    """Bookings in the order given."""
    items: dict[UUID, list[BookingItem]] = {booking.id: [] for booking in bookings}
    for item in query.items(session, list(items)):
        items[item.booking_id].append(item)
    people = _people(session, bookings)
    return [BookingOut.of(booking, tuple(items[booking.id]), people[booking.id]) for booking in bookings]


def _people(session: Session, bookings: Sequence[Booking]) -> dict[UUID, GuestFields | None]:
    """By the booking's id."""
    known = guest_query.by_id(session, [booking.guest_id for booking in bookings if booking.guest_id])
    return {
        booking.id: guests.read(session, known[booking.guest_id]) if booking.guest_id else None
        for booking in bookings
    }

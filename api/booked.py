"""Bookings as staff see them, with items and guests: three statements, whatever their number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from api.schemas.bookings import BookingOut
from hub.models.bookings import Booking, BookingItem, Guest
from hub.queries import bookings as query
from hub.queries import guests as guest_query
from hub.services import bookings, guests
from hub.services.bookings import Booked


def told(session: Session, booked: Booked) -> BookingOut:
    """One booking whose items are at hand."""
    guest = booked.guest
    if guest is None:
        guest = _of(booked.booking, _guests(session, [booked.booking]))
    return _told(session, booked.booking, booked.items, guest)


def several(session: Session, rows: Sequence[Booking]) -> list[BookingOut]:
    """Bookings in the order given."""
    items: dict[UUID, list[BookingItem]] = {booking.id: [] for booking in rows}
    for item in query.items(session, list(items)):
        items[item.booking_id].append(item)
    people = _guests(session, rows)
    return [_told(session, row, tuple(items[row.id]), _of(row, people)) for row in rows]


def _told(
    session: Session, booking: Booking, items: tuple[BookingItem, ...], guest: Guest | None
) -> BookingOut:
    person = guests.read(session, guest) if guest else None
    return BookingOut.of(booking, items, person, bookings.cancel_reason(session, booking))


def _guests(session: Session, rows: Sequence[Booking]) -> Mapping[UUID, Guest]:
    """By their own ids, in one statement with their keys."""
    return guest_query.by_id(session, [booking.guest_id for booking in rows if booking.guest_id])


def _of(booking: Booking, people: Mapping[UUID, Guest]) -> Guest | None:
    return people.get(booking.guest_id) if booking.guest_id else None

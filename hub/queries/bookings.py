"""Reading bookings: one, many by filter, and whom packing may move."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, Row, Select, func, select, text, tuple_
from sqlalchemy.orm import Session

from hub.database import organization_of
from hub.domain.lifecycle import MOVABLE, Status
from hub.domain.periods import Period
from hub.errors import NotFound
from hub.models.bookings import Allocation, Booking, BookingItem, Guest
from hub.models.external import ExternalEvent
from hub.models.privacy import GuestWord


def one(session: Session, booking_id: UUID) -> Booking:
    booking = session.get(Booking, (organization_of(session), booking_id))
    if booking is None:
        raise NotFound.because("not_found", "there is no such booking")
    return booking


def locked(session: Session, booking_ids: Collection[UUID]) -> tuple[Booking, ...]:
    """The bookings, their rows locked in the order of their ids, as they are now."""
    statement = (
        select(Booking)
        .where(Booking.id.in_(booking_ids))
        .order_by(Booking.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return tuple(session.scalars(statement))


def items(session: Session, booking_ids: Collection[UUID]) -> tuple[BookingItem, ...]:
    """Items in the order in which they were asked for, as they are now."""
    statement = (
        select(BookingItem)
        .where(BookingItem.booking_id.in_(booking_ids))
        .order_by(BookingItem.booking_id, BookingItem.position)
        .execution_options(populate_existing=True)
    )
    return tuple(session.scalars(statement))


def units_of(session: Session, booking_ids: Collection[UUID]) -> frozenset[UUID]:
    """The leaf units that these bookings hold."""
    if not booking_ids:
        return frozenset()
    statement = select(Allocation.unit_id).where(Allocation.booking_id.in_(booking_ids)).distinct()
    return frozenset(session.scalars(statement))


_MOVABLE = text("""
    SELECT a.item_id, a.booking_id, a.unit_id, a.starts_at, a.ends_at
    FROM allocations a
    JOIN booking_items i ON i.organization_id = a.organization_id AND i.id = a.item_id
    JOIN bookings b ON b.organization_id = a.organization_id AND b.id = a.booking_id
    WHERE a.unit_id = ANY(CAST(:units AS uuid[])) AND a.ends_at > :starts_at AND a.starts_at >= :starts_at
      AND a.ends_at <= :ends_at AND a.starts_at >= :now AND i.unit_id = a.unit_id AND NOT i.pinned
      AND b.status = ANY(CAST(:statuses AS text[]))
    ORDER BY a.starts_at, a.id
""")


def movable(
    session: Session, unit_ids: Collection[UUID], within: Period, now: datetime
) -> Sequence[Row[Any]]:
    """Allocations that may be re-assigned: not begun, not pinned, of a leaf unit, wholly `within`."""
    parameters = {
        "units": list(unit_ids),
        "starts_at": within.starts_at,
        "ends_at": within.ends_at,
        "now": now,
        "statuses": [str(status) for status in MOVABLE],
    }
    return session.execute(_MOVABLE, parameters).all()


@dataclass(frozen=True, slots=True)
class BookingFilter:
    """What a list of bookings may be narrowed by; every part may be absent."""

    property_ids: tuple[UUID, ...] = ()
    status: tuple[str, ...] = ()
    source: str | None = None
    starts_before: datetime | None = None
    ends_after: datetime | None = None
    reference: str | None = None
    """This reference, or a guest's name that has all of `words`"""
    words: tuple[bytes, ...] = ()
    email_index: bytes | None = None
    phone_index: bytes | None = None


def page(
    session: Session, wanted: BookingFilter, limit: int, after: tuple[datetime, UUID] | None
) -> tuple[Booking, ...]:
    """Bookings by arrival, then id; `after` is the (starts_at, id) of the last one already seen."""
    statement = select(Booking).where(*_conditions(wanted))
    if after is not None:
        statement = statement.where(tuple_(Booking.starts_at, Booking.id) > after)
    return tuple(session.scalars(statement.order_by(Booking.starts_at, Booking.id).limit(limit)))


def _conditions(wanted: BookingFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.property_ids:
        found.append(Booking.property_id.in_(wanted.property_ids))
    if wanted.status:
        found.append(Booking.status.in_(wanted.status))
    if wanted.source:
        found.append(Booking.source == wanted.source)
    if wanted.starts_before:
        found.append(Booking.starts_at < wanted.starts_before)
    if wanted.ends_after:
        found.append(Booking.ends_at > wanted.ends_after)
    if wanted.reference:
        found.append(Booking.id.in_(_called(wanted.reference, wanted.words)))
    if wanted.email_index or wanted.phone_index:
        index = (
            Guest.email_index == wanted.email_index
            if wanted.email_index
            else Guest.phone_index == wanted.phone_index
        )
        found.append(Booking.guest_id.in_(select(Guest.id).where(index)))
    return found


def _called(reference: str, words: tuple[bytes, ...]) -> Select[UUID] | CompoundSelect[UUID]:
    """Each part by an index of its own."""
    by_reference = select(Booking.id).where(Booking.reference == reference)
    if not words:
        return by_reference
    named = (
        select(GuestWord.guest_id)
        .where(GuestWord.word.in_(words))
        .group_by(GuestWord.guest_id)
        .having(func.count() == len(words))
    )
    return by_reference.union(select(Booking.id).where(Booking.guest_id.in_(named)))


def organizations_with_lapsed(session: Session, now: datetime) -> Sequence[UUID]:
    """Asked without an organization."""
    return session.scalars(text("SELECT organizations_with_lapsed_holds(:now)"), {"now": now}).all()


def lapsed(session: Session, now: datetime, most: int) -> tuple[UUID, ...]:
    """Held bookings whose time has run out, the oldest first."""
    statement = (
        select(Booking.id)
        .where(Booking.status == Status.HELD, Booking.hold_until <= now)
        .order_by(Booking.hold_until)
        .limit(most)
    )
    return tuple(session.scalars(statement))


def same_stays(session: Session, booking_id: UUID) -> frozenset[UUID]:
    """Events of channels of which a person said that they are the very stay of one of its items."""
    items = select(BookingItem.id).where(BookingItem.booking_id == booking_id)
    return frozenset(session.scalars(select(ExternalEvent.id).where(ExternalEvent.same_item_id.in_(items))))

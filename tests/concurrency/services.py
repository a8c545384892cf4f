"""The hub's services as calls that threads can make, and the hub without one of its safeguards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.database import Database
from hub.domain.lifecycle import Status
from hub.domain.periods import Nights
from hub.errors import Conflict
from hub.models.bookings import Booking
from hub.models.records import Change
from hub.queries import inventory, locks
from hub.services import allocations, bookings, rebooking
from hub.services.asking import ItemRequest
from hub.services.bookings import Booked, BookingRequest
from hub.services.rebooking import MoveRequest
from tests.concurrency import audit
from tests.concurrency.place import Place
from tests.concurrency.together import Meeting

CONSTRAINT = "ex_allocations_unit_id_during"


class Desk:
    """Books, moves and swaps in one property; every method returns a call that does it when it is made."""

    def __init__(self, database: Database, place: Place) -> None:
        self.database = database
        self.place = place

    def book(self, *items: ItemRequest, status: Status = Status.CONFIRMED) -> Callable[[], Booked]:
        request = BookingRequest(self.place.property_id, items, 1, None, status, hold_minutes=1)
        return self.work(lambda session: bookings.book(session, request, "tests.example"))

    def book_unit(self, unit_id: UUID, span: Nights, **more: Any) -> Callable[[], Booked]:
        return self.book(ItemRequest(span, unit_id=unit_id), **more)

    def book_whole(self, span: Nights) -> Callable[[], Booked]:
        assert self.place.whole is not None
        return self.book_unit(self.place.whole, span)

    def book_any(self, span: Nights) -> Callable[[], Booked]:
        return self.book(ItemRequest(span, unit_type_id=self.place.room_type_id))

    def move(self, booked: Booked, unit_id: UUID | None, span: Nights) -> Callable[[], Booked]:
        """To that unit; without one, to any room."""
        room_type = self.place.room_type_id if unit_id is None else None
        target = MoveRequest(booked.items[0].id, unit_id, room_type, span)
        return self.work(lambda session: rebooking.move(session, booked.booking.id, [target]))

    def swap(self, one: Booked, other: Booked) -> Callable[[], Any]:
        return self.work(lambda session: rebooking.swap(session, one.booking.id, other.booking.id))

    def advance(self, booking_id: UUID, target: Status) -> Callable[[], Booked]:
        return self.work(lambda session: bookings.advance(session, booking_id, target))

    def actions(self, booked: Booked) -> list[str]:
        """What the change log says of a booking, oldest first."""
        about = select(Change.action).where(Change.entity_id == booked.booking.id)
        found: list[str] = self.work(
            lambda session: list(session.scalars(about.order_by(Change.at, Change.id)))
        )()
        return found

    def status(self, booked: Booked) -> str:
        about = select(Booking.status).where(Booking.id == booked.booking.id)
        found: str = self.work(lambda session: session.scalars(about).one())()
        return found

    def work(self, does: Callable[[Session], Any]) -> Callable[[], Any]:
        return lambda: self.database.transact(self.place.organization_id, does)


def winners(ended: Sequence[Any]) -> list[Booked]:
    """The bookings among what was asked for at once; all else is a refusal, or a number."""
    assert all(isinstance(one, Booked | int | Conflict | None) for one in ended), ended
    return [one for one in ended if isinstance(one, Booked)]


def pretend_to_lock(session: Session, unit_ids: Iterable[UUID]) -> frozenset[UUID]:
    """`locks.units` without the lock."""
    wanted = frozenset(unit_ids)
    session.info["locked_units"] = wanted
    return wanted


def without_lock(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(locks, "units", pretend_to_lock)


def without_constraint(superuser_url: str) -> None:
    audit.execute(superuser_url, f"ALTER TABLE allocations DROP CONSTRAINT {CONSTRAINT}")


def reading_before_locking(patch: pytest.MonkeyPatch) -> None:
    """The lock is taken, but what was read before it is believed."""
    reads = inventory.takings

    def believed(session: Session, *args: Any, **more: Any) -> inventory.Takings:
        if "read" not in session.info:
            session.info["read"] = reads(session, *args, **more)
        found: inventory.Takings = session.info["read"]
        return found

    patch.setattr(inventory, "takings", believed)


def meet_before_locking(patch: pytest.MonkeyPatch, meeting: Meeting) -> None:
    """Everybody has read before anybody locks."""
    lock = locks.units

    def met(session: Session, unit_ids: Iterable[UUID]) -> frozenset[UUID]:
        meeting.wait()
        return lock(session, unit_ids)

    patch.setattr(locks, "units", met)


def meet_before_writing(patch: pytest.MonkeyPatch, meeting: Meeting) -> None:
    """Everybody has decided before anybody writes; with the lock nobody else can come that far."""
    take = allocations.take

    def met(*args: Any, **more: Any) -> None:
        meeting.wait()
        take(*args, **more)

    patch.setattr(allocations, "take", met)


def meet_after_writing(patch: pytest.MonkeyPatch, meeting: Meeting) -> None:
    """Everybody has written a first allocation before anybody writes a second."""
    take = allocations.take

    def met(*args: Any, **more: Any) -> None:
        take(*args, **more)
        meeting.wait()

    patch.setattr(allocations, "take", met)

"""Units that are asked for by name: locked first, then read, once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from hub.database import Database
from hub.domain.lifecycle import Status
from hub.errors import Conflict
from hub.models.properties import Unit
from hub.queries import bookings as query
from hub.services import bookings
from hub.services.asking import ItemRequest
from hub.services.bookings import Booked, BookingRequest
from tests import factories
from tests.conftest import FrozenClock
from tests.hub.services.selling import JULY, reason

pytestmark = pytest.mark.usefixtures("in_june")

LOCK, ALLOCATIONS = "pg_advisory_xact_lock", "allocations"


@pytest.fixture
def rooms(hub: Database) -> tuple[Unit, ...]:
    with hub.unit_of_work(factories.an_organization(hub).organization_id) as session:
        return factories.rooms(session, 2)


def request(units: tuple[Unit, ...], *, by_type: bool = False, **more: Any) -> BookingRequest:
    items = tuple(
        ItemRequest(JULY, unit_type_id=unit.unit_type_id) if by_type else ItemRequest(JULY, unit_id=unit.id)
        for unit in units
    )
    return BookingRequest(units[0].property_id, items, 1, None, **more)


def book(hub: Database, asked: BookingRequest, organization_id: UUID) -> Booked:
    def work(session: Session) -> Booked:
        return bookings.book(session, asked, "hub.example")

    return hub.transact(organization_id, work)


@contextmanager
def heard(hub: Database) -> Iterator[list[str]]:
    """The statements that the hub sends meanwhile."""
    statements: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(hub.engine, "before_cursor_execute", hear)
    try:
        yield statements
    finally:
        event.remove(hub.engine, "before_cursor_execute", hear)


def first(statements: list[str], word: str) -> int:
    return next(n for n, statement in enumerate(statements) if word in statement)


def test_a_room_that_is_named_is_read_under_its_lock_alone(hub: Database, rooms: tuple[Unit, ...]) -> None:
    with heard(hub) as statements:
        book(hub, request(rooms[:1]), rooms[0].organization_id)

    assert first(statements, LOCK) < first(statements, ALLOCATIONS)
    # What it is, its lock, what it still is, what takes it; then all that is written, and what is taken.
    assert len(statements) == 6, statements


def test_any_room_of_a_type_is_chosen_before_it_is_locked(hub: Database, rooms: tuple[Unit, ...]) -> None:
    """The twin: who chooses must read before."""
    with heard(hub) as statements:
        book(hub, request(rooms[:1], by_type=True), rooms[0].organization_id)

    assert first(statements, ALLOCATIONS) < first(statements, LOCK)


def test_a_lapsed_hold_of_more_rooms_makes_way_for_one_of_them(
    hub: Database, rooms: tuple[Unit, ...], clock: FrozenClock
) -> None:
    """Its other room is locked by the second try: the first saw the hold only when it had its locks."""
    here = rooms[0].organization_id
    hold = book(hub, request(rooms, status=Status.HELD, hold_minutes=1), here)
    clock.advance(timedelta(minutes=2))

    book(hub, request(rooms[:1]), here)
    book(hub, request(rooms[1:]), here)

    with hub.unit_of_work(here) as session:
        expired = query.one(session, hold.booking.id)
        assert expired.status == Status.EXPIRED


def test_a_room_cannot_be_named_twice_for_one_night(hub: Database, rooms: tuple[Unit, ...]) -> None:
    with pytest.raises(Conflict) as refused:
        book(hub, request((rooms[0], rooms[0])), rooms[0].organization_id)

    assert reason(refused) == ("not_together", "items")

"""What units are made of, against bookings that come at the same moment: whoever locks second looks again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from hub import clock
from hub.database import Database
from hub.domain.periods import Nights
from hub.errors import Conflict, HubError, Refused
from hub.models.bookings import Allocation
from hub.models.properties import Unit
from hub.queries import locks
from hub.queries import units as query
from hub.services import units
from hub.services.asking import ItemRequest
from hub.services.bookings import Booked, BookingRequest, book
from hub.services.units import NewUnit, UnitChanges
from tests import factories

_WAITING = text(
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def stay(unit: Unit) -> BookingRequest:
    today = clock.today("Europe/Madrid")
    nights = Nights(today + timedelta(days=10), today + timedelta(days=12))
    return BookingRequest(unit.property_id, (ItemRequest(nights, unit.id),), 1, None)


def while_it_waits(
    hub: Database, here: UUID, first: Callable[[Session], object], second: Callable[[Session], object]
) -> Future[object]:
    """Commit `first` when `second` has read what it needs and waits for the locks that `first` holds."""
    pause = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        with hub.unit_of_work(here) as session:
            first(session)
            waiting = threads.submit(hub.transact, here, second)
            for _ in range(500):
                with hub.unit_of_work(None) as other:
                    if other.scalar(_WAITING):
                        break
                if waiting.done():
                    break
                pause.wait(0.01)
            assert not waiting.done(), "the second one did not wait for the first"
        waiting.exception()
    return waiting


@pytest.fixture
def here(hub: Database) -> UUID:
    return factories.an_organization(hub).organization_id


@pytest.fixture
def rooms(hub: Database, here: UUID) -> tuple[Unit, ...]:
    with hub.unit_of_work(here) as session:
        return factories.rooms(session, 3)


def test_a_unit_that_was_just_archived_is_not_sold(
    hub: Database, here: UUID, rooms: tuple[Unit, ...]
) -> None:
    booking = while_it_waits(
        hub,
        here,
        lambda session: units.archive(session, rooms[0].id),
        lambda session: book(session, stay(rooms[0]), "hub.example"),
    )
    with pytest.raises(HubError):
        booking.result()


def test_a_unit_that_just_became_a_composite_is_sold_as_its_parts(
    hub: Database, here: UUID, rooms: tuple[Unit, ...]
) -> None:
    parts = (rooms[1].id, rooms[2].id)
    booking = while_it_waits(
        hub,
        here,
        lambda session: units.update(session, rooms[0].id, UnitChanges(parts=parts)),
        lambda session: book(session, stay(rooms[0]), "hub.example"),
    )
    assert isinstance(booking.result(), Booked)
    for part in (rooms[1], rooms[2]):
        with pytest.raises(Conflict):
            hub.transact(here, partial(book, request=stay(part), uid_domain="hub.example"))


def test_a_unit_that_was_just_sold_is_not_archived(
    hub: Database, here: UUID, rooms: tuple[Unit, ...]
) -> None:
    archiving = while_it_waits(
        hub,
        here,
        lambda session: book(session, stay(rooms[0]), "hub.example"),
        lambda session: units.archive(session, rooms[0].id),
    )
    with pytest.raises(Conflict, match="is not free, booking"):
        archiving.result()


def test_without_the_lock_a_unit_is_archived_under_a_guest(
    hub: Database, here: UUID, rooms: tuple[Unit, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: it shows what the lock is for."""

    def only_said(session: Session, unit_ids: Iterable[UUID]) -> frozenset[UUID]:
        session.info["locked_units"] = frozenset(unit_ids)
        return frozenset(unit_ids)

    monkeypatch.setattr(locks, "units", only_said)
    with hub.unit_of_work(here) as session:
        book(session, stay(rooms[0]), "hub.example")
        hub.transact(here, lambda other: units.archive(other, rooms[0].id))
    with hub.unit_of_work(here) as session:
        assert query.one(session, rooms[0].id).archived_at is not None
        assert session.scalar(select(Allocation.unit_id)) == rooms[0].id


def test_two_wholes_that_would_be_parts_of_each_other_cannot_both_be(
    hub: Database, here: UUID, rooms: tuple[Unit, ...]
) -> None:
    first, second, third = rooms
    changing = while_it_waits(
        hub,
        here,
        lambda session: units.update(session, first.id, UnitChanges(parts=(second.id, third.id))),
        lambda session: units.update(session, second.id, UnitChanges(parts=(first.id, third.id))),
    )
    with pytest.raises(Refused, match="part"):
        changing.result()


def test_a_part_that_was_just_archived_is_no_part(hub: Database, here: UUID, rooms: tuple[Unit, ...]) -> None:
    villa = NewUnit(rooms[0].unit_type_id, "Villa", parts=tuple(room.id for room in rooms))
    making = while_it_waits(
        hub,
        here,
        lambda session: units.archive(session, rooms[2].id),
        lambda session: units.create(session, villa),
    )
    with pytest.raises(Refused, match="there is no unit"):
        making.result()

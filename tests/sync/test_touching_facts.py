"""Whatever changes what a calendar shows becomes a fact that touches it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from hub import clock as hub_clock
from hub.domain.lifecycle import Status
from hub.models.records import Fact
from hub.queries import links as links_query
from hub.services import blackouts, bookings, holds, privacy, properties, rebooking, units
from hub.services.blackouts import BlackoutRequest
from hub.services.guests import GuestFields
from hub.services.outbox import SHOWN_CHANGED
from hub.services.properties import PropertyChanges
from hub.services.rebooking import MoveRequest
from hub.services.units import UnitChanges
from sync import touching
from sync.relay import relay
from tests.conftest import FrozenClock
from tests.sync.exporting import NOW, Place, july
from tests.sync.mirroring import Wall, advance, book, close

TEN = datetime(2026, 7, 3, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _on_the_first_of_june(clock: FrozenClock) -> None:
    clock.at(NOW)


def _heard(place: Place) -> None:
    for _ in range(10):
        if not relay(place.runtime):
            return


def _touch(place: Place, *booking_ids: UUID) -> tuple[UUID, ...]:
    return place.do(lambda session: touching.touch(session, booking_ids, []))


def _moved(session: Session, booked: Any, place: Place) -> None:
    request = MoveRequest(booked.items[0].id, span=july(20, 22))
    rebooking.move(session, booked.booking.id, [request])


def _corrected(session: Session, booked: Any, place: Place) -> None:
    bookings.amend(session, booked.booking.id, guest=GuestFields("Ida"))


def _erased(session: Session, booked: Any, place: Place) -> None:
    privacy.erase(session, booked.booking.guest_id, force=True)


def _cancelled(session: Session, booked: Any, place: Place) -> None:
    bookings.advance(session, booked.booking.id, Status.CANCELLED)


@pytest.mark.parametrize("does", [_moved, _corrected, _erased, _cancelled])
def test_a_change_of_a_booking_touches_what_stands_for_it_and_nothing_else(place: Place, does: Any) -> None:
    wall = Wall.hang(place, options={"tells": "guest"})
    booked = book(place, (july(3, 7), place.units[0]))
    book(place, (july(3, 7), place.units[1]), guest=None)
    _heard(place)
    wall.agree()
    place.do(lambda session: does(session, booked, place))
    _heard(place)
    assert wall.touched() == {("booking_item", booked.items[0].id)}


def test_every_step_of_a_bookings_life_touches_it(place: Place, clock: FrozenClock) -> None:
    wall = Wall.hang(place)
    booked = book(place, (july(3, 7), place.units[0]), status=Status.HELD)
    for step in (Status.PENDING, Status.CONFIRMED, Status.CHECKED_IN, Status.CHECKED_OUT):
        _heard(place)
        wall.agree()
        if step is Status.CHECKED_IN:
            clock.at(datetime(2026, 7, 3, 13, tzinfo=UTC))
        advance(place, booked, step)
        _heard(place)
        assert wall.touched(), step


def test_a_hold_that_ends_by_itself_touches_it(place: Place, clock: FrozenClock) -> None:
    wall = Wall.hang(place)
    booked = book(place, (july(3, 7), place.units[0]), status=Status.HELD)
    _heard(place)
    wall.agree()
    clock.advance(timedelta(hours=1))
    place.do(lambda session: holds.expire_one(session, booked.booking.id, hub_clock.now()))
    _heard(place)
    assert wall.touched() == {("booking_item", booked.items[0].id)}


def test_who_moves_over_to_make_room_is_touched_too(place: Place) -> None:
    wall = Wall.hang(place)
    one = book(place, (july(3, 5), None))
    other = book(place, (july(5, 7), None))
    _heard(place)
    # Apart, so that a stay over both nights fits nowhere until one of them moves.
    if one.items[0].unit_id == other.items[0].unit_id:
        away = next(unit for unit in place.units if unit != one.items[0].unit_id)
        request = MoveRequest(other.items[0].id, unit_id=away)
        place.do(lambda session: rebooking.move(session, other.booking.id, [request]))
        place.do(lambda session: session.execute(text("UPDATE booking_items SET pinned = false")))
    _heard(place)
    wall.agree()
    long = book(place, (july(3, 7), None))
    _heard(place)
    assert len(wall.touched()) == 2
    assert ("booking_item", long.items[0].id) in wall.touched()


def test_blackouts_are_heard_when_they_come_change_and_go(place: Place) -> None:
    wall = Wall.hang(place)
    closed = close(place, place.units[0], july(3, 7))
    key = {("blackout", closed.id)}
    _heard(place)
    assert wall.touched() == key
    wall.agree()
    request = BlackoutRequest(place.units[0], july(3, 7), "owner_stay")
    place.do(lambda session: blackouts.change(session, closed.id, request))
    _heard(place)
    assert wall.touched() == key
    wall.agree()
    place.do(lambda session: blackouts.remove(session, closed.id))
    _heard(place)
    assert wall.touched() == key


def test_what_moves_to_a_unit_of_another_calendar_is_touched_in_both(place: Place) -> None:
    first, second = (Wall.hang(place, unit_id=unit) for unit in place.units)
    booked = book(place, (july(3, 7), place.units[0]))
    _heard(place)
    first.agree()
    request = MoveRequest(booked.items[0].id, unit_id=place.units[1])
    place.do(lambda session: rebooking.move(session, booked.booking.id, [request]))
    _heard(place)
    assert first.touched() == second.touched() == {("booking_item", booked.items[0].id)}
    assert first.shows(booked) == []
    assert second.shows(booked)


@pytest.mark.parametrize("what", ["unit", "property"])
def test_a_new_name_has_everything_compared_again(place: Place, what: str) -> None:
    options = {"looks": {"booking": {"description": "{unit}, {property}"}}}
    wall = Wall.hang(place, options=options)
    feed_only = place.link(unit_id=place.units[0])
    booked = book(place, (july(3, 7), place.units[0]))
    book(place, (july(3, 7), place.units[1]))
    _heard(place)
    wall.agree()
    place.do(lambda session: session.execute(text("UPDATE links SET scan_at = '2099-01-01Z'")))
    before = wall.link().dirty_seq

    def rename(session: Session) -> None:
        if what == "unit":
            units.update(session, place.units[0], UnitChanges(name="Garden room"))
        else:
            properties.update(session, place.property_id, PropertyChanges(name="Casa Verde"))

    place.do(rename)
    _heard(place)
    assert wall.link().scan_at is None
    assert wall.link().dirty_seq > before
    assert place.do(lambda session: links_query.one(session, feed_only)).scan_at is not None
    assert wall.scan() == (1 if what == "unit" else 2)
    assert ("booking_item", booked.items[0].id) in wall.touched()


def test_an_edit_that_shows_nowhere_tells_nobody(place: Place) -> None:
    place.do(lambda session: units.update(session, place.units[0], UnitChanges(description="A view")))
    place.do(
        lambda session: properties.update(
            session, place.property_id, PropertyChanges(description="By the sea")
        )
    )
    facts = place.do(lambda session: session.scalars(select(Fact).where(Fact.kind == SHOWN_CHANGED)).all())
    assert facts == []


def test_the_fact_says_whom_it_is_about_and_nothing_of_them(place: Place) -> None:
    booked = book(place, (july(3, 7), place.units[0]))
    place.do(lambda session: bookings.amend(session, booked.booking.id, guest=GuestFields("Ida Canary")))
    (fact,) = place.do(lambda session: session.scalars(select(Fact).where(Fact.kind == SHOWN_CHANGED)).all())
    assert fact.payload == {
        "booking_ids": [str(booked.booking.id)],
        "blackout_ids": [],
        "property_ids": [],
    }

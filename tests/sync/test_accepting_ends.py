"""What has begun, what is over, and what a deleted event ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from connectors.contract import Timed
from hub import clock as hub_clock
from hub.domain.lifecycle import Status
from hub.domain.periods import Hours
from hub.queries import blackouts as blackouts_query
from hub.queries import links as links_query
from hub.services import bookings
from hub.services.bookings import Booked
from sync import accepting
from tests.conftest import FrozenClock
from tests.sync.exporting import NOW, Place, july
from tests.sync.mirroring import Wall, a_car, advance, book, close
from tests.sync.moving import booking_of, codes, days, held_by, moves, releases

TEN = datetime(2026, 7, 3, 8, tzinfo=UTC)
PATIENCE = 20.0


@pytest.fixture(autouse=True)
def _on_the_first_of_june(clock: FrozenClock) -> None:
    clock.at(NOW)


# What has begun, and what is over


def _during(place: Place, clock: FrozenClock, *steps: Status) -> Booked:
    booked = book(place, (july(3, 10), place.units[0]))
    clock.at(datetime(2026, 7, 5, 13, tzinfo=UTC))
    advance(place, booked, *steps)
    return booked


@pytest.mark.parametrize("steps", [(), (Status.CHECKED_IN,)])
def test_of_a_stay_that_has_begun_only_the_departure_moves(
    place: Place, clock: FrozenClock, steps: tuple[Status, ...]
) -> None:
    wall = Wall.hang(place)
    booked = _during(place, clock, *steps)
    assert codes(moves(wall, booked, days(7, 12))) == ["begun"]
    assert codes(moves(wall, booked, days(2, 10))) == ["begun"]
    assert codes(moves(wall, booked, days(3, 4))) == ["in_the_past"]
    assert moves(wall, booked, days(3, 12)) == ()
    assert moves(wall, booked, days(3, 5)) == ()
    assert held_by(place, booked) == [(place.units[0], date(2026, 7, 3), date(2026, 7, 5))]


def test_who_came_before_noon_has_begun(place: Place, clock: FrozenClock) -> None:
    wall = Wall.hang(place)
    booked = book(place, (july(3, 7), place.units[0]))
    clock.at(datetime(2026, 7, 3, 7, tzinfo=UTC))
    advance(place, booked, Status.CHECKED_IN)
    assert codes(moves(wall, booked, days(4, 7))) == ["begun"]


def test_who_has_left_does_not_move(place: Place, clock: FrozenClock) -> None:
    booked = _during(place, clock, Status.CHECKED_IN, Status.CHECKED_OUT)
    assert codes(moves(Wall.hang(place), booked, days(3, 12))) == ["not_movable"]


def test_what_is_over_does_not_move(place: Place, clock: FrozenClock) -> None:
    wall = Wall.hang(place)
    booked = book(place, (july(3, 7), place.units[0]))
    closed = close(place, place.units[1], july(3, 7))
    clock.at(datetime(2026, 7, 20, tzinfo=UTC))
    assert codes(moves(wall, booked, days(25, 27))) == ["over"]
    assert codes(moves(wall, closed, days(25, 27))) == ["over"]


def test_what_was_cancelled_does_not_move(place: Place) -> None:
    booked = book(place, (july(3, 7), place.units[0]))
    place.cancel(booked)
    assert codes(moves(Wall.hang(place), booked, days(10, 12))) == ["not_movable"]


def test_turnaround_neither_moves_nor_goes(place: Place) -> None:
    wall = Wall.hang(place)
    item_id = book(place, (Hours(TEN, TEN + timedelta(hours=4)), a_car(place))).items[0].id

    def work(session: Session) -> list[str]:
        link = links_query.locked(session, wall.link_id)
        when, now = Timed(TEN, TEN + timedelta(hours=9)), hub_clock.now()
        return codes(
            accepting.move(session, link, "turnaround", item_id, when, now)
            + accepting.release(session, link, "turnaround", item_id, now)
        )

    assert place.do(work) == ["turnaround", "turnaround"]


# Blackouts


def test_a_blackout_moves_and_keeps_its_kind_and_note(place: Place) -> None:
    closed = close(place, place.units[0], july(3, 7), "owner_stay", "the owner's sister")
    wall = Wall.hang(place, options={"tells": "guest"})
    assert moves(wall, closed, days(10, 12)) == ()
    said = wall.one(closed).content
    assert said.when == days(10, 12)
    assert said.summary == "Room 1: owner stay"
    assert "the owner's sister" in said.description


def test_a_blackout_does_not_move_onto_what_is_sold(place: Place) -> None:
    closed = close(place, place.units[0], july(3, 7))
    book(place, (july(10, 12), place.units[0]))
    wall = Wall.hang(place)
    assert codes(moves(wall, closed, days(9, 11)))[0] == "sold_out"
    assert wall.one(closed).content.when == days(3, 7)


def test_a_blackout_that_has_begun_keeps_its_beginning(place: Place, clock: FrozenClock) -> None:
    closed = close(place, place.units[0], july(3, 10))
    wall = Wall.hang(place)
    clock.at(datetime(2026, 7, 5, 13, tzinfo=UTC))
    assert codes(moves(wall, closed, days(7, 10))) == ["begun"]
    assert moves(wall, closed, days(3, 6)) == ()


def test_what_is_not_there_any_more_does_not_move(place: Place) -> None:
    closed = close(place, place.units[0], july(3, 7))
    wall = Wall.hang(place)
    assert releases(wall, "blackout", closed.id) == ()
    assert codes(moves(wall, closed, days(10, 12))) == ["gone"]


# Releasing


def test_a_deleted_blackout_puts_its_unit_back_on_the_market(place: Place) -> None:
    wall = Wall.hang(place)
    closed = close(place, place.units[0], july(3, 7))
    for _ in range(2):
        assert releases(wall, "blackout", closed.id) == ()
    assert book(place, (july(3, 7), place.units[0]))
    assert place.do(lambda session: blackouts_query.units_of(session, closed.id)) == frozenset()


def test_a_deleted_hold_is_cancelled_and_says_why(place: Place) -> None:
    wall = Wall.hang(place)
    booked = book(place, (july(3, 7), place.units[0]), status=Status.HELD)
    for _ in range(2):
        assert releases(wall, "booking_item", booked.items[0].id) == ()
    row = booking_of(place, booked)
    assert row.status == Status.CANCELLED
    reason = place.do(lambda session: bookings.cancel_reason(session, row))
    assert reason == "its event was deleted in Office calendar"


@pytest.mark.parametrize("step", [Status.PENDING, Status.CONFIRMED])
def test_what_is_more_than_a_hold_is_never_ended_by_a_deleted_event(place: Place, step: Status) -> None:
    wall = Wall.hang(place)
    booked = book(place, (july(3, 7), place.units[0]), status=Status.HELD)
    advance(place, booked, step)
    assert codes(releases(wall, "booking_item", booked.items[0].id)) == ["changed"]
    assert booking_of(place, booked).status == step

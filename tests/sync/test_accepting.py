"""What people do to our events in a calendar: it is done as the inventory and the rules allow, or refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from connectors.contract import AllDay, Timed, When
from hub import clock as hub_clock
from hub.domain.lifecycle import Status
from hub.domain.periods import Hours
from hub.errors import Reason
from hub.queries import links as links_query
from hub.services import bookings
from hub.services.bookings import Booked
from sync import accepting
from tests.conftest import FrozenClock
from tests.sync.exporting import NOW, Place, july
from tests.sync.mirroring import Wall, a_car, book
from tests.sync.moving import booking_of, codes, days, held_by, moves

TEN = datetime(2026, 7, 3, 8, tzinfo=UTC)
PATIENCE = 20.0


@pytest.fixture(autouse=True)
def _on_the_first_of_june(clock: FrozenClock) -> None:
    clock.at(NOW)


# Moving bookings


def test_a_stay_moves_to_other_nights_of_its_unit(place: Place) -> None:
    wall = Wall.hang(place)
    booked = book(place, (july(3, 7), place.units[0]))
    assert moves(wall, booked, days(10, 15)) == ()
    assert held_by(place, booked) == [(place.units[0], date(2026, 7, 10), date(2026, 7, 15))]
    assert wall.one(booked).content.when == days(10, 15)


def test_a_rental_moves_to_other_hours(place: Place) -> None:
    wall = Wall.hang(place)
    booked = book(place, (Hours(TEN, TEN + timedelta(hours=4)), a_car(place)))
    later = Timed(TEN + timedelta(hours=1), TEN + timedelta(hours=7))
    assert moves(wall, booked, later) == ()
    assert wall.one(booked).content.when == later


def test_a_move_to_where_it_is_changes_nothing(place: Place) -> None:
    wall = Wall.hang(place)
    booked = book(place, (july(3, 7), place.units[0]))
    assert moves(wall, booked, days(3, 7)) == ()
    assert booking_of(place, booked).version == 1


def test_of_several_items_only_that_one_moves(place: Place) -> None:
    first, second = place.units
    booked = book(place, (july(3, 5), first), (july(3, 5), second))
    assert moves(Wall.hang(place), booked, days(10, 12), position=1) == ()
    assert held_by(place, booked) == [
        (first, date(2026, 7, 3), date(2026, 7, 5)),
        (second, date(2026, 7, 10), date(2026, 7, 12)),
    ]


def test_a_move_to_taken_nights_is_refused_and_says_what_takes_them(place: Place) -> None:
    wall = Wall.hang(place, unit_id=place.units[0])
    booked = book(place, (july(3, 7), place.units[0]))
    book(place, (july(10, 12), place.units[0]))
    reasons = moves(wall, booked, days(8, 11))
    assert reasons[0].message == "sold out on 2026-07-10"
    assert "a booking" in reasons[1].message
    assert held_by(place, booked) == [(place.units[0], date(2026, 7, 3), date(2026, 7, 7))]


def _to_taken_nights(place: Place, wall: Wall, *, by_unit: bool) -> tuple[Booked, tuple[Reason, ...]]:
    booked = book(place, (july(3, 7), place.units[0] if by_unit else None))
    book(place, (july(10, 12), booked.items[0].unit_id))
    return booked, moves(wall, booked, days(9, 13))


def test_who_booked_by_type_takes_another_unit_where_his_is_taken(place: Place) -> None:
    booked, reasons = _to_taken_nights(place, Wall.hang(place), by_unit=False)
    assert reasons == ()
    ((unit_id, arrival, _),) = held_by(place, booked)
    assert unit_id != booked.items[0].unit_id
    assert arrival == date(2026, 7, 9)


def test_who_booked_a_unit_keeps_it_or_stays(place: Place) -> None:
    booked, reasons = _to_taken_nights(place, Wall.hang(place), by_unit=True)
    assert codes(reasons)[0] == "sold_out"
    assert held_by(place, booked) == [(place.units[0], date(2026, 7, 3), date(2026, 7, 7))]


def test_the_calendar_of_one_unit_sends_nobody_to_another(place: Place) -> None:
    booked = book(place, (july(3, 7), None))
    unit = booked.items[0].unit_id
    book(place, (july(10, 12), unit))
    assert moves(Wall.hang(place, unit_id=unit), booked, days(9, 13)) != ()
    assert held_by(place, booked) == [(unit, date(2026, 7, 3), date(2026, 7, 7))]


def test_who_fits_nowhere_of_his_type_stays(place: Place) -> None:
    wall = Wall.hang(place)
    booked = book(place, (july(3, 7), None))
    for unit in place.units:
        book(place, (july(10, 12), unit))
    assert codes(moves(wall, booked, days(9, 13)))[0] == "sold_out"
    assert held_by(place, booked) == [(booked.items[0].unit_id, date(2026, 7, 3), date(2026, 7, 7))]


def test_after_a_refusal_the_transaction_goes_on_and_holds_no_unit(place: Place) -> None:
    wall = Wall.hang(place, unit_id=place.units[0])
    booked = book(place, (july(3, 7), place.units[0]))
    blocking = book(place, (july(10, 12), place.units[0]))

    def work(session: Session) -> tuple[Any, ...]:
        link = links_query.locked(session, wall.link_id)
        item = booked.items[0].id
        refused = accepting.move(session, link, "booking_item", item, days(9, 13), hub_clock.now())
        held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
        free = session.execute(text(held)).scalar() == 0
        done = bookings.advance(session, blocking.booking.id, Status.CANCELLED)
        return refused, free, done.booking.status

    refused, free, status = place.do(work)
    assert refused
    assert free
    assert status == Status.CANCELLED


@pytest.mark.parametrize(
    ("when", "code"),
    [
        (Timed(TEN, TEN + timedelta(hours=2)), "let_by_night"),
        (AllDay(date(2026, 7, 7), date(2026, 7, 7)), "no_nights"),
        (AllDay(date(2026, 5, 20), date(2026, 5, 22)), "in_the_past"),
        (AllDay(date(2026, 5, 30), date(2026, 6, 3)), "in_the_past"),
        (AllDay(date(2029, 7, 7), date(2029, 7, 9)), "too_far_ahead"),
        (AllDay(date(2026, 7, 7), date(2027, 9, 9)), "too_long"),
        (AllDay(date(9999, 7, 7), date(9999, 7, 9)), "beyond_calendar"),
    ],
)
def test_what_cannot_be_is_refused_in_words(place: Place, when: When, code: str) -> None:
    wall = Wall.hang(place)
    booked = book(place, (july(3, 7), place.units[0]))
    assert codes(moves(wall, booked, when)) == [code]
    assert held_by(place, booked) == [(place.units[0], date(2026, 7, 3), date(2026, 7, 7))]


def test_whole_days_are_no_hours(place: Place) -> None:
    booked = book(place, (Hours(TEN, TEN + timedelta(hours=4)), a_car(place)))
    assert codes(moves(Wall.hang(place), booked, days(3, 4))) == ["let_by_hour"]

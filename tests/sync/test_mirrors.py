"""What of ours a calendar shows: which things, when, in whose words; and what it must never say."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from connectors.contract import AllDay, Timed
from hub.domain.lifecycle import Status
from hub.domain.periods import Hours
from hub.models.bookings import Blackout
from hub.services import units
from hub.services.bookings import Booked
from tests.conftest import FrozenClock
from tests.sync.exporting import NOW, Place, july
from tests.sync.mirroring import Wall, a_car, a_villa, advance, book, close, locals_of, statements

TEN = datetime(2026, 7, 3, 8, tzinfo=UTC)
"""In Madrid"""
SECRETS = ("wilhelmina", "grünwald", "600", "arrives late", "arrives")


@pytest.fixture(autouse=True)
def _on_the_first_of_june(clock: FrozenClock) -> None:
    clock.at(NOW)


def _rental(hours: int = 4) -> Hours:
    return Hours(TEN, TEN + timedelta(hours=hours))


def _said(mirrors: Any) -> str:
    return " ".join(f"{one.content.summary} {one.content.description}" for one in mirrors).lower()


# When


def test_a_stay_by_the_night_is_whole_days_from_arrival_to_departure(place: Place) -> None:
    mirror = Wall.hang(place).one(book(place, (july(3, 7), place.units[0])))
    assert mirror.content.when == AllDay(date(2026, 7, 3), date(2026, 7, 7))
    assert mirror.content.busy
    assert mirror.content.recurrence == ()


def test_a_rental_by_the_hour_is_from_one_instant_to_another(place: Place) -> None:
    mirror = Wall.hang(place).one(book(place, (_rental(), a_car(place))))
    assert mirror.content.when == Timed(TEN, TEN + timedelta(hours=4))


def test_every_item_of_a_booking_is_an_event(place: Place) -> None:
    first, second = place.units
    shown = Wall.hang(place).shows(book(place, (july(3, 5), first), (july(5, 7), second)))
    assert [mirror.content.when for mirror in shown] == [
        AllDay(date(2026, 7, 3), date(2026, 7, 5)),
        AllDay(date(2026, 7, 5), date(2026, 7, 7)),
    ]
    assert len({mirror.booking_id for mirror in shown}) == 1


def test_turnaround_is_an_event_of_its_own_where_that_is_wanted(place: Place) -> None:
    booked = book(place, (_rental(), a_car(place, turnaround=3)))
    stay, turnaround = Wall.hang(place, options={"turnaround": True}).shows(booked)
    assert turnaround.kind == "turnaround"
    assert turnaround.local_id == stay.local_id
    ended = TEN + timedelta(hours=4)
    assert turnaround.content.when == Timed(ended, ended + timedelta(hours=3))
    assert (turnaround.restorable, turnaround.releasable) == (True, False)


def test_turnaround_by_the_night_is_whole_days(place: Place) -> None:
    place = Place.build(place.runtime, turnaround=2)
    booked = book(place, (july(3, 7), place.units[0]))
    _, turnaround = Wall.hang(place, options={"turnaround": True}).shows(booked)
    assert turnaround.content.when == AllDay(date(2026, 7, 7), date(2026, 7, 9))


def test_a_turnaround_that_was_sold_stays_as_long_as_it_was(place: Place) -> None:
    """What is told is what is allocated, not what the type asks of stays from now on."""
    car = a_car(place, turnaround=3)
    booked = book(place, (_rental(), car))
    place.do(lambda session: session.execute(text("UPDATE unit_types SET turnaround = 9")))
    _, turnaround = Wall.hang(place, options={"turnaround": True}).shows(booked)
    assert turnaround.content.when == Timed(TEN + timedelta(hours=4), TEN + timedelta(hours=7))


def test_where_there_is_no_turnaround_none_is_shown(place: Place) -> None:
    wall = Wall.hang(place, options={"turnaround": True})
    assert wall.one(book(place, (july(3, 7), place.units[0]))).kind == "booking_item"
    assert wall.one(book(place, (_rental(), a_car(place, turnaround=0)))).kind == "booking_item"
    assert {kind for kind, _ in wall.in_scope()} == {"booking_item"}


# Which


def test_a_blackout_is_shown(place: Place) -> None:
    mirror = Wall.hang(place).one(close(place, place.units[0], july(3, 7)))
    assert (mirror.kind, mirror.booking_id) == ("blackout", None)
    assert mirror.content.summary == "Room 1: maintenance"
    assert (mirror.restorable, mirror.releasable, mirror.ended) == (False, True, False)


@pytest.mark.parametrize(
    ("steps", "restorable", "releasable", "ended"),
    [
        ((), False, True, False),
        ((Status.PENDING,), True, False, False),
        ((Status.CONFIRMED,), True, False, False),
        ((Status.CONFIRMED, Status.CHECKED_IN), True, False, False),
        ((Status.CONFIRMED, Status.CHECKED_IN, Status.CHECKED_OUT), False, False, True),
    ],
)
def test_what_a_deletion_may_end_is_in_the_table_of_statuses(
    place: Place,
    clock: FrozenClock,
    steps: tuple[Status, ...],
    restorable: bool,
    releasable: bool,
    ended: bool,
) -> None:
    booked = book(place, (july(3, 7), place.units[0]), status=Status.HELD)
    for step in steps:
        if step is Status.CHECKED_IN:
            clock.at(datetime(2026, 7, 3, 13, tzinfo=UTC))
        advance(place, booked, step)
    mirror = Wall.hang(place).one(booked)
    assert (mirror.restorable, mirror.releasable, mirror.ended) == (restorable, releasable, ended)


def test_what_is_over_is_shown_and_can_neither_be_put_back_nor_given_up(
    place: Place, clock: FrozenClock
) -> None:
    wall = Wall.hang(place)
    booked = book(place, (july(3, 7), place.units[0]))
    blackout = close(place, place.units[1], july(3, 7))
    clock.at(datetime(2026, 7, 7, 10, tzinfo=UTC))
    for mirror in (wall.one(booked), wall.one(blackout)):
        assert (mirror.restorable, mirror.releasable, mirror.ended) == (False, False, True)
    assert wall.in_scope() == frozenset()


@pytest.mark.parametrize("end", [Status.CANCELLED, Status.NO_SHOW])
def test_what_came_to_nothing_is_not_shown(place: Place, clock: FrozenClock, end: Status) -> None:
    wall = Wall.hang(place, options={"turnaround": True})
    booked = book(place, (july(3, 7), place.units[0]))
    clock.at(datetime(2026, 7, 3, 13, tzinfo=UTC))
    assert wall.in_scope()
    advance(place, booked, end)
    assert wall.shows(booked) == []
    assert wall.in_scope() == frozenset()


def test_a_hold_that_ran_out_is_not_shown_even_before_anybody_ends_it(
    place: Place, clock: FrozenClock
) -> None:
    wall = Wall.hang(place)
    booked = book(place, (july(3, 7), place.units[0]), status=Status.HELD)
    assert wall.one(booked).content.summary.startswith("Room 1: hold ")
    assert booked.booking.hold_until is not None
    clock.at(booked.booking.hold_until)
    assert wall.shows(booked) == []
    assert wall.in_scope() == frozenset()


# Where


def test_a_link_shows_what_lies_on_units_of_its_scope(place: Place) -> None:
    first, second = place.units
    car = a_car(place)
    on_first = book(place, (july(3, 7), first))
    on_second = close(place, second, july(3, 7))
    rental = book(place, (_rental(), car))
    everything: list[Booked | Blackout] = [on_first, on_second, rental]

    def shown(**scope: Any) -> list[bool]:
        wall = Wall.hang(place, **scope)
        found = [bool(wall.shows(thing)) for thing in everything]
        assert found == [bool(locals_of(place, thing) & wall.in_scope()) for thing in everything]
        return found

    assert shown(unit_id=first) == [True, False, False]
    assert shown(unit_type_id=place.unit_type_id) == [True, True, False]
    assert shown(property_id=place.property_id, category="car") == [False, False, True]
    assert shown(property_id=place.property_id) == [True, True, True]


def test_what_lies_on_a_whole_is_shown_where_its_parts_are_and_the_other_way_round(place: Place) -> None:
    villa = a_villa(place)
    whole = book(place, (july(3, 7), villa))
    part = book(place, (july(10, 12), place.units[0]))
    of_part, of_other, of_whole = (Wall.hang(place, unit_id=unit) for unit in (*place.units, villa))

    assert [len(wall.shows(whole)) for wall in (of_part, of_other, of_whole)] == [1, 1, 1]
    assert [len(wall.shows(part)) for wall in (of_part, of_other, of_whole)] == [1, 0, 1]
    assert of_part.one(whole).content.summary.startswith("Villa: ")
    assert len(of_whole.in_scope()) == 2


def test_what_happened_on_a_unit_that_was_archived_since_stays_where_it_is_shown(
    place: Place, clock: FrozenClock
) -> None:
    wall = Wall.hang(place)
    booked = book(place, (july(3, 7), place.units[0]))
    clock.at(datetime(2026, 8, 1, tzinfo=UTC))
    place.do(lambda session: units.archive(session, place.units[0]))
    assert wall.one(booked).ended


def test_a_calendar_that_is_only_read_shows_nothing_of_ours(place: Place) -> None:
    wall = Wall.hang(place, "import")
    assert wall.shows(book(place, (july(3, 7), place.units[0]))) == []
    assert wall.in_scope() == frozenset()


def test_another_organizations_bookings_are_nobodys(place: Place) -> None:
    other = Place.build(place.runtime)
    booked = book(other, (july(3, 7), other.units[0]))
    assert Wall.hang(place).of(locals_of(other, booked)) == {}


def test_many_are_read_in_a_few_statements(place: Place) -> None:
    things = [book(place, (july(n, n + 1), place.units[0])) for n in range(1, 9)]
    wanted = [local for thing in things for local in locals_of(place, thing)]
    wall = Wall.hang(place, options={"tells": "guest"})

    def few(_: Any) -> None:
        assert len(wall.of(wanted)) == 8

    link, one, three, blackout = 1, 1, 1, 1
    assert statements(place, lambda _: wall.of(wanted)) <= link + one + three + blackout + 1

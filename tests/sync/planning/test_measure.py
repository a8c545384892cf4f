"""How the time of a link's events is counted, and what of it is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import AllDay, Timed
from hub.domain.offers import Offer
from hub.domain.periods import LetBy, Period, noon
from sync.planning import placing
from sync.planning.measure import Measure
from sync.planning.tallies import Stretch, excess, shared_out, total
from tests.hub.domain.inventory import LISBON, july, leaf, whole
from tests.sync.planning.holding import CAR, DAY, MEASURES, NOW, ROOM, TODAY, days, hours
from tests.sync.planning.test_placing import an_offer

APIA = ZoneInfo("Pacific/Apia")


def of(*offers: Offer) -> Measure:
    return Measure.of(offers, LISBON)


def test_a_room_counts_nights_and_each_once() -> None:
    assert of(an_offer(leaf(1))) == ROOM
    assert of(an_offer(whole(3, leaf(1), leaf(2)))) == ROOM, "so does a composite, which is taken as one"


def test_several_rooms_count_nights_and_each_as_often_as_it_is_taken() -> None:
    found = of(an_offer(leaf(1)), an_offer(leaf(2)))

    assert (found.nightly, found.once) == (True, False)


def test_where_anything_is_let_by_the_hour_instants_count() -> None:
    assert not of(an_offer(leaf(1, let_by=LetBy.HOUR))).nightly
    assert not of(an_offer(leaf(1)), an_offer(leaf(2, let_by=LetBy.HOUR))).nightly
    assert not of().nightly


@given(st.integers(-40, 400), st.integers(0, 23), st.integers(1, 200))
def test_what_is_counted_of_a_room_is_what_is_blocked_on_it(day: int, hour: int, length: int) -> None:
    offer = an_offer(leaf(1))
    starts_at = datetime.combine(TODAY + day * DAY, time(hour), LISBON).astimezone(UTC)
    timed = Timed(starts_at, starts_at + timedelta(hours=length))
    for when in (timed, days(day, day + length).when, days(day, day).when):
        block = placing.block(when, offer)
        assert ROOM.takes(when) == (block.period if block else None)


@given(st.integers(-40, 400), st.integers(1, 60), st.sampled_from(MEASURES))
def test_a_period_that_is_said_as_an_event_is_that_period(day: int, nights: int, measure: Measure) -> None:
    period = measure.takes(days(day, day + nights).when)

    assert period is not None
    assert measure.takes(measure.when(period)) == period


def test_whole_days_of_a_car_are_said_as_days_and_other_times_as_times() -> None:
    whole_days = CAR.takes(days(3, 5).when)
    afternoon = CAR.takes(hours(3, 12, 18).when)

    assert whole_days is not None
    assert afternoon is not None
    assert CAR.when(whole_days) == days(3, 5).when
    assert CAR.when(afternoon) == hours(3, 12, 18).when


def test_a_visit_at_noon_takes_nothing_of_a_room() -> None:
    visit = hours(3, 11, 15)

    assert ROOM.takes(visit.when) is None
    assert ROOM.pieces(visit.when) == ()
    assert ROOM.span(visit.when) == (CAR.takes(visit.when), False)


@pytest.mark.parametrize(
    "when", [days(3, 3).when, AllDay(date(9500, 1, 1), date.max), AllDay(date.max, date.max)]
)
def test_what_has_no_length_or_is_beyond_all_calendars_takes_nothing(when: AllDay) -> None:
    assert ROOM.span(when) is None
    assert CAR.span(when) is None


def test_a_night_that_the_place_left_out_takes_nothing() -> None:
    left_out = AllDay(date(2011, 12, 30), date(2011, 12, 31))

    assert Measure(APIA, nightly=True, once=True).span(left_out) is None
    assert placing.block(left_out, replace(an_offer(leaf(1)), zone=APIA)) is None


@pytest.mark.parametrize(("hour", "first"), [(0, 0), (9, 0), (11, 0), (13, 0), (23, 0), (24, 1)])
def test_last_night_is_past_and_tonight_is_not(hour: int, first: int) -> None:
    midnight = datetime.combine(TODAY, time(), LISBON)

    assert ROOM.cut(midnight + timedelta(hours=hour)) == noon(TODAY + first * DAY, LISBON)


def test_of_hours_all_is_past_that_has_passed() -> None:
    assert CAR.cut(NOW) == NOW
    assert CAR.past(hours(0, 8, 20).when, NOW) == Timed(hours(0, 8, 20).when.starts_at, NOW)  # type: ignore[union-attr]


def test_the_past_of_nights_is_nights() -> None:
    cut = ROOM.cut(NOW)

    assert ROOM.past(days(-3, 4).when, cut) == days(-3, 0).when
    assert ROOM.past(days(-3, -1).when, cut) == days(-3, -1).when
    assert ROOM.past(days(0, 4).when, cut) is None


def test_what_is_ours_is_taken_out() -> None:
    assert ROOM.pieces(days(30, 36).when, [july(3, 5)]) == (july(1, 3), july(5, 7))


def test_a_day_later_is_a_day_on_the_clocks_of_the_place() -> None:
    autumn = noon(date(2026, 10, 24), LISBON)

    assert ROOM.later(autumn, 1) == noon(date(2026, 10, 25), LISBON)
    assert ROOM.later(autumn, 1) - autumn == timedelta(hours=25)


# Tallies

stretches = st.lists(
    st.builds(lambda first, length: july(first, first + length), st.integers(1, 20), st.integers(1, 8)),
    max_size=8,
)


def nights_of(found: tuple[Stretch, ...]) -> dict[datetime, int]:
    """How many units of each night."""
    nights = {}
    for one in found:
        at = one.period.starts_at
        while at < one.period.ends_at:
            nights[at] = one.times
            at += DAY
    return nights


@given(stretches, stretches, st.booleans())
def test_what_is_lacking_is_lacking_in_every_night(
    needed: list[Period], given_: list[Period], once: bool
) -> None:
    found = nights_of(excess(needed, given_, once=once))

    for day in range(1, 29):
        night = july(day, day + 1).starts_at
        need = sum(one.contains(night) for one in needed)
        have = sum(one.contains(night) for one in given_)
        lacking = int(need > 0 and not have) if once else max(0, need - have)
        assert found.get(night, 0) == lacking


@given(stretches, stretches)
def test_stretches_neither_overlap_nor_say_the_same_twice(needed: list[Period], given_: list[Period]) -> None:
    found = excess(needed, given_, once=False)

    for one, other in pairwise(found):
        assert one.period.ends_at < other.period.starts_at or (
            one.period.ends_at == other.period.starts_at and one.times != other.times
        )
    assert total(found) == sum((DAY * times for times in nights_of(found).values()), start=timedelta())


@given(stretches)
def test_time_that_is_shared_out_is_all_of_it_and_nothing_twice(wanted: list[Period]) -> None:
    shared = shared_out([(period, number) for number, period in enumerate(wanted)])

    assert all(wanted[whose].contains(part) for part, whose in shared)
    parts = [part for part, _ in shared]
    assert excess(wanted, parts, once=True) == ()
    assert all(one.times == 1 for one in excess(parts, (), once=False))

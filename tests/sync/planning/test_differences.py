"""What a reading changes of events that are held: what is news, what is stored in silence, what is past."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from connectors.contract import Mark, Nature, RemoteEvent, Timed
from hub.domain.periods import Period
from sync.planning import differences, identity, known
from sync.planning.differences import Kind, Pair
from sync.planning.known import Known, Missing
from sync.planning.measure import Measure
from tests.hub.domain.inventory import LISBON
from tests.sync.planning.holding import CAR, DAY, MEASURES, NOW, ROOM, TODAY, Holding, days, hours, known_as

AN_HOUR_TO_MIDNIGHT = datetime.combine(TODAY, time(23), LISBON)


def pair(was: RemoteEvent | Known, told: RemoteEvent, measure: Measure = ROOM, now: datetime = NOW) -> Pair:
    held = known_as(was, 1, measure) if isinstance(was, RemoteEvent) else was
    binding = identity.bind([held], known.received([told], measure), measure, now)
    (only,) = differences.between(binding, measure, now).pairs
    return only


STAY = days(5, 9, summary="Ana", code="HM1")


def test_the_same_again_is_the_same() -> None:
    assert pair(STAY, replace(STAY, sequence=7)).kind is Kind.SAME


def test_another_name_is_stored_and_no_news() -> None:
    found = pair(STAY, replace(STAY, uid="x"))

    assert (found.kind, found.renamed) == (Kind.RENAMED, True)


@pytest.mark.parametrize(
    "told",
    [
        replace(STAY, summary="Ana B."),
        replace(STAY, description="two guests"),
        replace(STAY, phone_digits="1234"),
        replace(STAY, mark=Mark("o", ("a.b",))),
        replace(STAY, code=""),
        replace(STAY, problem="its DTSTAMP cannot be read"),
        replace(STAY, nature=Nature.UNKNOWN),
        replace(STAY, uid="x", summary="Ana B."),
    ],
)
def test_other_words_are_stored_and_no_news(told: RemoteEvent) -> None:
    assert pair(STAY, told).kind is Kind.REWORDED


def test_the_same_nights_in_times_are_other_words() -> None:
    """Of a room; of a car these are other hours."""
    first, last = (
        datetime.combine(TODAY + day * DAY, time(hour), LISBON) for day, hour in ((5, 16), (9, 10))
    )
    told = replace(STAY, when=Timed(first, last))

    assert pair(STAY, told).kind is Kind.REWORDED
    assert pair(STAY, told, CAR).kind is Kind.CHANGED


def test_a_stay_where_there_was_a_closure_is_news() -> None:
    assert pair(STAY, replace(STAY, nature=Nature.BLOCK)).kind is Kind.CHANGED


def test_other_nights_are_news() -> None:
    assert pair(STAY, replace(STAY, when=days(6, 10).when)).kind is Kind.CHANGED


def test_what_was_missing_or_kept_is_back() -> None:
    assert pair(known_as(STAY, missing=Missing(NOW, NOW, 1, 2)), STAY).back
    assert pair(known_as(STAY, kept_at=NOW), STAY).back
    assert not pair(STAY, STAY).back


# The past


def test_a_stay_that_is_over_stays_as_it_was() -> None:
    was = days(-9, -5, summary="Ana")

    for told in (
        replace(was, summary=""),
        replace(was, when=days(-8, -5).when),
        replace(was, when=days(-9, -3).when),
    ):
        found = pair(was, told)
        assert (found.kind, found.when, found.text_digest) == (Kind.SAME, was.when, known.text_digest(was))


@pytest.mark.parametrize("begins", [-2, -1, 0, 1])
def test_a_beginning_that_follows_today_is_no_change(begins: int) -> None:
    """Also by the clock of a channel where it is tomorrow already."""
    was = days(-3, 4)

    found = pair(was, replace(was, when=days(begins, 4).when, uid=f"{begins}"), now=AN_HOUR_TO_MIDNIGHT)

    assert (found.kind, found.when) == (Kind.RENAMED, was.when)


def test_a_beginning_that_follows_the_hour_is_no_change_either() -> None:
    was = hours(0, 8, 20)
    told = hours(0, 10, 20)

    assert pair(was, told, CAR).when == was.when
    assert pair(was, told, CAR).kind is Kind.SAME


def test_whole_days_of_a_car_follow_the_clock_of_their_channel() -> None:
    was = days(-3, 4)

    assert pair(was, days(1, 4), CAR, AN_HOUR_TO_MIDNIGHT).when == was.when
    assert pair(was, days(1, 5), CAR, AN_HOUR_TO_MIDNIGHT).when == days(1, 5).when


def test_a_stay_under_way_that_is_made_longer_keeps_its_beginning() -> None:
    found = pair(days(-3, 4), days(0, 6))

    assert (found.kind, found.when) == (Kind.CHANGED, days(-3, 6).when)


def test_a_stay_under_way_that_ended_ends_now() -> None:
    found = pair(days(-3, 4), days(-3, -2))

    assert found.when == days(-3, 0).when


def test_a_stay_under_way_may_be_said_in_times_from_one_day_to_the_next() -> None:
    told = replace(days(-3, 4), when=Timed(at(0, 0), at(4, 10)))

    found = pair(days(-3, 4), told)

    assert found.when == days(-3, 4).when
    assert found.kind is Kind.SAME


def test_what_moved_away_from_its_past_leaves_it_behind() -> None:
    holding = Holding(ROOM)
    holding.reads([days(-3, 4)], NOW)

    holding.reads([days(20, 22)], NOW + DAY)

    past, waits, moved = sorted(holding.rows.values(), key=lambda row: row.pieces)
    assert (past.when, past.missing, past.remainder) == (days(-3, 1).when, None, True)
    assert waits.when == days(1, 4).when
    assert waits.missing is not None
    assert moved.when == days(20, 22).when


def test_a_visit_that_takes_nothing_where_there_was_a_stay_leaves_all_of_it() -> None:
    holding = Holding(ROOM)
    holding.reads([days(-3, 4)], NOW)

    holding.reads([hours(0, 12, 13)], NOW + DAY)

    assert sorted(holding.held()) == [*ROOM.pieces(days(-3, 1).when), *ROOM.pieces(days(1, 4).when)]


def test_what_is_over_and_made_longer_begins_when_it_did() -> None:
    assert pair(days(-9, -5), days(-5, 3)).when == days(-9, 3).when


lengths = st.integers(1, 6)
firsts = st.integers(-6, 8)


@given(firsts, lengths, firsts, lengths, st.sampled_from(MEASURES))
def test_all_that_is_told_ahead_is_taken_and_nothing_is_added_to_what_is_over(
    first: int, nights: int, first_now: int, nights_now: int, measure: Measure
) -> None:
    held = known_as(days(first, first + nights), 1, measure)
    told = days(first_now, first_now + nights_now)
    binding = identity.bind([held], known.received([told], measure), measure, NOW)
    found = differences.between(binding, measure, NOW)
    assume(found.pairs)
    cut = measure.cut(NOW)

    takes = found.pairs[0].takes
    assert takes is not None
    (was,), (now,) = held.pieces, measure.pieces(told.when)
    if now.ends_at > cut:
        assert takes.contains(Period(max(now.starts_at, cut), now.ends_at))
    if was.starts_at < cut and takes.starts_at < cut:
        assert takes.starts_at == was.starts_at


def at(day: int, hour: int) -> datetime:
    return datetime.combine(TODAY + day * DAY, time(hour), LISBON).astimezone(UTC)

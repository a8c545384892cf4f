"""When time that a channel no longer tells is free, and what it waits for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.contract import Nature
from sync.planning.guard import counted
from sync.planning.known import Missing
from tests.sync.planning.holding import (
    CAR,
    DAY,
    DORM,
    FOUR,
    LATER,
    MINUTE,
    NOW,
    QUARTER,
    ROOM,
    Holding,
    days,
    holding_of,
    hours,
    pieces,
    readings_until_free,
)

# How many readings


def test_one_vanished_event_is_free_after_two_readings_without_it() -> None:
    holding = holding_of(*FOUR)

    first = holding.reads(FOUR[1:], LATER)
    assert holding.lacks(FOUR, LATER) == []
    assert first.notices.waits == ("2026-06-21 to 2026-06-24",)
    assert first.verdict.guard is not None
    assert not first.verdict.guard.tripped

    second = holding.reads(FOUR[1:], LATER + QUARTER)
    assert len(holding.rows) == 3
    assert [(one.before, one.after) for one in second.notices.told] == [("2026-06-21 to 2026-06-24", None)]
    assert second.verdict.guard is None


def test_readings_that_follow_at_once_are_one_fault_and_one_reading() -> None:
    holding = holding_of(*FOUR)

    readings = [holding.reads(FOUR[1:], LATER + number * MINUTE) for number in range(15)]

    assert holding.lacks(FOUR, LATER) == []
    assert all(reading.verdict.gone == () for reading in readings)
    holding.reads(FOUR[1:], LATER + QUARTER)
    assert len(holding.rows) == 3


def test_a_calendar_that_is_empty_waits_for_three_readings_a_quarter_of_an_hour_apart() -> None:
    assert readings_until_free(holding_of(*FOUR), []) == 3
    assert readings_until_free(holding_of(*FOUR), [], apart=8 * MINUTE) == 5, "every other one counts"
    assert readings_until_free(holding_of(FOUR[0]), []) == 3, "also with one stay"


@pytest.mark.parametrize(("first", "readings"), [(20, 3), (8, 4), (4, 4), (3, 5), (1, 5), (-2, 5)])
def test_the_nearer_the_first_night_the_more_readings(first: int, readings: int) -> None:
    """By the next morning: within two days, within a week."""
    assert readings_until_free(holding_of(days(first, 12), days(30, 32, "b")), []) == readings


def test_more_than_half_of_the_time_waits_like_all_of_it() -> None:
    assert readings_until_free(holding_of(*FOUR), FOUR[:1]) == 3


def test_half_of_the_time_is_not_more_than_half() -> None:
    assert readings_until_free(holding_of(*FOUR), FOUR[:2]) == 2


def test_less_than_three_events_are_no_mass_whatever_they_take() -> None:
    holding = holding_of(days(20, 80, "a"), days(90, 150, "b"), days(160, 162, "c"))

    assert readings_until_free(holding, [days(160, 162, "c")]) == 2


def test_many_events_that_take_little_are_no_mass() -> None:
    small = [days(20 + 2 * n, 21 + 2 * n, f"e{n}") for n in range(9)]

    assert readings_until_free(holding_of(days(60, 90, "long"), *small), [days(60, 90, "long")]) == 2


def test_a_window_of_half_a_year_does_not_outweigh_the_stays() -> None:
    horizon = days(180, 365, "far", Nature.BLOCK)

    assert readings_until_free(holding_of(*FOUR, horizon), [FOUR[0], horizon]) == 3
    assert readings_until_free(holding_of(FOUR[0], horizon), [horizon]) == 3, "nothing but its window is left"


def test_readings_before_the_calendar_fell_empty_count_for_nothing() -> None:
    """The first event that was missing may have been the beginning of the same fault."""
    holding = holding_of(*FOUR)
    holding.reads(FOUR[1:], LATER)

    assert readings_until_free(holding, [], start=LATER + MINUTE) == 3


def test_what_comes_back_waits_anew_when_it_goes_again() -> None:
    holding = holding_of(*FOUR)
    for turn in range(6):
        holding.reads(FOUR[1:], LATER + 2 * turn * QUARTER)
        back = holding.reads(FOUR, LATER + (2 * turn + 1) * QUARTER)
        assert back.notices.more == ("1 that was missing is there again",)
        assert holding.waiting == []


def test_two_halves_in_turn_never_agree() -> None:
    holding = holding_of(*FOUR)
    for turn in range(10):
        holding.reads(FOUR[:2] if turn % 2 else FOUR[2:], LATER + turn * QUARTER)
        assert holding.lacks(FOUR, LATER) == []


def test_what_came_back_does_not_hold_up_what_did_not() -> None:
    holding = holding_of(*FOUR)
    holding.reads([], LATER)
    holding.reads(FOUR[3:], LATER + QUARTER)
    holding.reads(FOUR[3:], LATER + 2 * QUARTER)

    assert [row.key for row in holding.rows.values()] == ["d"]


def test_counting_goes_on_where_a_clock_went_back() -> None:
    missing = Missing(NOW + DAY, NOW + DAY, 1, 3)

    again = counted(missing, 3, NOW)
    assert again == replace(missing, read_at=NOW)
    assert counted(again, 3, NOW + QUARTER).reads == 2


# What is freed by nothing


def test_time_that_others_take_goes_at_once_under_whatever_name() -> None:
    """Two stays that are one closure by now."""
    holding = holding_of(days(20, 23, "a"), days(23, 26, "b"), *FOUR[2:])

    reading = holding.reads([days(19, 27, "x", Nature.BLOCK), *FOUR[2:]], LATER)

    assert reading.verdict.guard is None
    assert {row.key for row in holding.rows.values()} == {"x", "c", "d"}


def test_in_a_calendar_of_several_units_each_needs_time_of_its_own() -> None:
    """Another guest at the same time is no reason to free a second bed."""
    both = [days(20, 23, "a"), days(19, 24, "b"), days(40, 43, "c")]

    assert not holding_of(*both, measure=ROOM).reads(both[1:], LATER).verdict.waiting
    assert holding_of(*both, measure=DORM).reads(both[1:], LATER).verdict.waiting


def test_growth_is_held_at_once_also_while_the_guard_is_tripped() -> None:
    holding = holding_of(*FOUR)
    holding.reads([], LATER)

    reading = holding.reads([days(60, 65, "new"), days(50, 56, "d")], LATER + MINUTE)

    assert holding.lacks([days(60, 65), days(50, 56)], LATER) == []
    assert reading.verdict.guard is not None
    assert reading.verdict.guard.tripped


def test_a_shorter_stay_is_shorter_and_its_rest_waits() -> None:
    holding = holding_of(days(20, 26, "a"), *FOUR[1:])
    told = [days(20, 23, "a"), *FOUR[1:]]

    reading = holding.reads(told, LATER)

    assert [(one.before, one.after) for one in reading.notices.told] == [
        ("2026-06-21 to 2026-06-27", "2026-06-21 to 2026-06-24")
    ]
    assert reading.notices.waits == ("2026-06-24 to 2026-06-27",)
    assert holding.lacks([days(20, 26)], LATER) == []
    holding.reads(told, LATER + QUARTER)
    assert holding.exceeds(told, LATER) == []
    assert not any(row.remainder for row in holding.rows.values())


def test_the_rest_of_a_stay_that_is_long_again_goes_at_once_and_in_silence() -> None:
    holding = holding_of(days(20, 26, "a"), *FOUR[1:])
    holding.reads([days(20, 23, "a"), *FOUR[1:]], LATER)

    reading = holding.reads([days(20, 26, "a"), *FOUR[1:]], LATER + MINUTE)

    assert len(holding.rows) == 4
    assert [one.action for one in reading.notices.told] == ["changed"]


def test_a_stay_that_moved_away_is_held_at_both_places() -> None:
    holding = holding_of(*FOUR)

    holding.reads([days(24, 27, "a"), *FOUR[1:]], LATER)

    assert holding.lacks([*FOUR, days(24, 27)], LATER) == []
    assert len(holding.waiting) == 1


def test_of_one_unit_no_time_is_held_twice() -> None:
    """Two events of one stay that became shorter together."""
    holding = holding_of(days(20, 26, "a"), days(20, 25, "b"), *FOUR[1:])

    holding.reads([days(20, 23, "a"), days(20, 23, "b"), *FOUR[1:]], LATER)

    (rest,) = holding.waiting
    assert list(rest.pieces) == pieces([days(23, 26)], ROOM)


def test_our_own_word_come_back_is_opened_by_us_at_once() -> None:
    """A closure that is known as an echo from now on."""
    closed = days(20, 23, "x", Nature.BLOCK)
    holding = holding_of(closed, *FOUR[1:])

    reading = holding.reads([closed, *FOUR[1:]], LATER, ours={"x": tuple(pieces([closed], ROOM))})

    assert reading.verdict.guard is None
    assert holding.lacks([closed], LATER) == pieces([closed], ROOM)


def test_our_own_word_takes_the_place_of_nothing_that_is_missing() -> None:
    """The guest's stay is gone, perhaps for once only, and what we said of the same nights is there."""
    echo = days(20, 23, "x", Nature.BLOCK)
    holding = holding_of(*FOUR)

    holding.reads([echo, *FOUR[1:]], LATER, ours={"x": tuple(pieces([echo], ROOM))})

    assert [row.key for row in holding.waiting] == ["a"]


def test_an_echo_that_is_gone_is_gone() -> None:
    echo = days(20, 23, "x", Nature.BLOCK)
    holding = Holding()
    holding.reads([echo, *FOUR[1:]], NOW, ours={"x": tuple(pieces([echo], ROOM))})

    reading = holding.reads(FOUR[1:], LATER)

    assert len(holding.rows) == 3
    assert reading.quiet


def test_hours_are_freed_from_now_on() -> None:
    holding = holding_of(hours(0, 8, 20), hours(3, 8, 20, "b"), measure=CAR)
    noon = NOW + timedelta(hours=2)

    for reading in range(6):
        holding.reads([hours(3, 8, 20, "b")], noon + reading * QUARTER)

    first, _ = sorted(holding.held())
    assert first.starts_at == CAR.pieces(hours(0, 8, 20).when)[0].starts_at
    assert noon < first.ends_at <= noon + 5 * QUARTER

"""A person's word on what waits, and what is said of it."""

from __future__ import annotations

from dataclasses import replace

from connectors.contract import Nature
from sync.planning import guard
from sync.planning.guard import Guard
from tests.sync.planning.holding import (
    CAR,
    DAY,
    FOUR,
    LATER,
    MINUTE,
    NOW,
    QUARTER,
    ROOM,
    TODAY,
    Reading,
    days,
    holding_of,
    hours,
    pieces,
    readings_until_free,
)

# A person's word


def test_what_a_person_keeps_is_held_until_it_is_told_again() -> None:
    holding = holding_of(*FOUR)
    holding.reads(FOUR[1:], LATER)
    (kept,) = holding.waiting
    holding.keep(kept.id, LATER)

    for number in range(8):
        reading = holding.reads(FOUR[1:], LATER + number * QUARTER)
        assert reading.quiet
    assert holding.lacks(FOUR, LATER) == []

    holding.reads([replace(FOUR[0], uid="x"), *FOUR[1:]], LATER + 9 * QUARTER)
    assert holding.rows[kept.id].key == "x"
    assert holding.rows[kept.id].kept_at is None
    assert readings_until_free(holding, FOUR[1:], start=LATER + 10 * QUARTER) == 2


def test_what_is_kept_does_not_trip_the_guard() -> None:
    holding = holding_of(*FOUR)
    holding.reads([], LATER)
    for row in holding.waiting:
        holding.keep(row.id, LATER)

    assert holding.reads([], LATER + QUARTER).verdict.guard is None
    assert holding.lacks(FOUR, LATER) == []


def test_what_a_person_releases_is_free_but_for_its_past() -> None:
    holding = holding_of(days(-3, 5, "z"), *FOUR)
    holding.reads([], NOW + QUARTER)

    holding.release(NOW + QUARTER)

    assert holding.held() == pieces([days(-3, 0)], ROOM)
    assert holding.reads([], NOW + 2 * QUARTER).quiet


# What is said of it


def why(reading: Reading) -> str:
    assert reading.verdict.guard is not None
    return reading.verdict.guard.why


def test_a_guard_is_explained_in_words() -> None:
    holding = holding_of(*FOUR)

    assert why(holding.reads([], LATER)) == (
        "the calendar is empty although 4 stays were held: 12 nights from 2026-06-21 would be freed;"
        " waiting for 2 more readings that agree, at least 15 minutes apart"
    )
    assert why(holding.reads([], LATER + QUARTER)).endswith(
        "waiting for 1 more reading that agrees, at least 15 minutes apart"
    )


def test_half_a_calendar_is_explained_in_words() -> None:
    unknown = [replace(event, nature=Nature.UNKNOWN) for event in FOUR]

    assert why(holding_of(*unknown).reads([days(20, 22, "a"), *unknown[3:]], LATER)) == (
        "3 of the 4 events that were held are missing or shorter: 7 nights from 2026-06-23 would be freed;"
        " waiting for 2 more readings that agree, at least 15 minutes apart"
    )


def test_a_calendar_of_windows_alone_is_explained_in_words() -> None:
    horizon = days(180, 365, "far", Nature.BLOCK)

    assert why(holding_of(FOUR[0], horizon).reads([horizon], LATER)).startswith(
        "the calendar has nothing but its booking window although 1 stay was held: 3 nights from 2026-06-21"
    )


def test_what_waits_still_after_most_came_back_is_explained_in_words() -> None:
    holding = holding_of(*FOUR)
    holding.reads([], LATER)

    assert why(holding.reads(FOUR[1:], LATER + MINUTE)).startswith(
        "most of the calendar went at once, and 1 stay is missing or shorter still: 3 nights from 2026-06-21"
    )


def test_hours_that_wait_are_explained_in_words() -> None:
    holding = holding_of(hours(20, 8, 20), hours(30, 8, 20, "b"), hours(40, 8, 9, "c"), measure=CAR)

    assert why(holding.reads([hours(20, 8, 20), hours(30, 8, 20, "b")], LATER)) == (
        "1 stay is missing or shorter: 1 hour from 2026-07-11T08:00+01:00 would be freed;"
        " waiting for 1 more reading that agrees, at least 15 minutes apart"
    )


def test_the_alarm_is_raised_once_and_says_all() -> None:
    holding = holding_of(*FOUR)

    first = holding.reads([], LATER)
    assert first.verdict.alarm
    assert first.verdict.guard is not None
    assert (first.notices.told, first.notices.waits) == ((), ())
    assert first.notices.more == (first.verdict.guard.why,)

    second = holding.reads([], LATER + QUARTER)
    assert not second.verdict.alarm
    assert second.quiet


def test_a_guard_tells_the_spans_and_when_to_read_again() -> None:
    holding = holding_of(*FOUR)
    holding.reads([], LATER)

    found = holding.reads([], LATER + 5 * MINUTE).verdict.guard

    assert found is not None
    assert found.freed[0] == ((TODAY + 20 * DAY).isoformat(), (TODAY + 23 * DAY).isoformat())
    assert (found.since, found.readings, found.again_at) == (LATER, 2, LATER + QUARTER)
    assert Guard.from_json(found.to_json()) == found


def test_of_thousands_of_spans_a_guard_tells_the_first() -> None:
    holding = holding_of(*(days(2 * n, 2 * n + 1, f"e{n}") for n in range(2, 2000)))

    found = holding.reads([], LATER).verdict.guard

    assert found is not None
    assert len(found.freed) == guard.SPANS_TOLD
    assert "1998 nights" in found.why

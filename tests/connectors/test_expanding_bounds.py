"""Rules that nobody can follow, or that cost too much: busy at their first occurrence, and told."""

from __future__ import annotations

import time as clocks
from datetime import date

import pytest

from connectors.contract import AllDay
from connectors.expanding import MOST_OCCURRENCES
from tests.connectors.recurring import days, exception, firsts, hours, read, series, starts


@pytest.mark.parametrize(
    "line",
    [
        "RRULE:FREQ=SECONDLY",
        "RRULE:FREQ=HOURLY;COUNT=3",
        "RRULE:FREQ=DAILY;INTERVAL=0",
        f"RRULE:FREQ=DAILY;BYHOUR={','.join(map(str, range(24)))};BYMINUTE={','.join(map(str, range(60)))}",
        f"RRULE:FREQ=YEARLY;BYYEARDAY={','.join(map(str, range(1, 366)))}",
        "RRULE:FREQ=SOMETIMES",
        "RRULE:FREQ=MONTHLY;BYDAY=XX",
        "RRULE:FREQ=MONTHLY;BYSETPOS=0;BYDAY=MO",
        "RRULE:FREQ=DAILY;UNTIL=whenever",
        "RRULE:FREQ=DAILY;COUNT=many",
        "RRULE:FREQ=DAILY\nRRULE:FREQ=DAILY",
        "RRULE:",
        "RRULE",
        "EXRULE:FREQ=DAILY",
        "RDATE:soon",
        "RDATE;TZID=Nowhere/Land:20260310T100000",
        "EXDATE:20261340",
        "",
    ],
)
def test_what_cannot_be_followed_is_busy_at_its_first_occurrence_and_says_so(line: str) -> None:
    found = read(series(hours(2026, 3, 1, 10), line))

    assert starts(found) == ["03-01 10:00"]
    (event,) = found
    assert event.busy
    assert event.problem


def test_the_exceptions_of_what_cannot_be_followed_count() -> None:
    moved = exception(days(date(2026, 3, 9)), days(date(2026, 3, 20)))

    found = read(series(days(date(2026, 3, 1)), "RRULE:FREQ=MINUTELY"), moved)

    assert firsts(found) == [date(2026, 3, 1), date(2026, 3, 20)]


def test_an_unknown_zone_is_told_and_the_propertys_is_taken() -> None:
    found = read(series(hours(2026, 3, 1, 10), "RRULE:FREQ=DAILY;COUNT=2", zone="Mars/Olympus"))

    assert starts(found) == ["03-01 10:00", "03-02 10:00"]
    assert {event.problem for event in found} == {"its time zone 'Mars/Olympus' is not known"}


def test_a_date_with_a_length_of_its_own_is_busy_and_told() -> None:
    found = read(series(hours(2026, 3, 1, 10), "RDATE;VALUE=PERIOD:20260305T090000Z/PT3H"))

    assert starts(found) == ["03-01 10:00", "03-05 10:00"]
    assert all(event.problem for event in found)


@pytest.mark.parametrize(
    "lines",
    [
        ("RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",),
        ("RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=5",),
        ("RRULE:FREQ=DAILY;COUNT=999999999;BYHOUR=1,2,3,4,5,6,7,8,9",),
        (f"RDATE;VALUE=DATE:{','.join(['20260310'] * 200_000)}",),
        tuple(f"RDATE;VALUE=DATE:{','.join(['20260310'] * 4_000)}" for _ in range(50)),
        ("RRULE:FREQ=DAILY",) * 500,
    ],
)
def test_a_hostile_rule_costs_little(lines: tuple[str, ...]) -> None:
    """It begins in the year 1: whoever follows it up to the window looks at 700,000 days."""
    master = series(AllDay(date(1, 1, 1), date(2026, 6, 1)), *lines)
    started = clocks.process_time()

    found = read(master)

    assert clocks.process_time() - started < 2
    assert any(event.when == master.when for event in found)
    assert len(found) <= MOST_OCCURRENCES


def test_what_never_ends_is_followed_to_the_end_of_the_window() -> None:
    found = read(series(days(date(1990, 1, 1)), "RRULE:FREQ=DAILY"))

    assert (firsts(found)[0], firsts(found)[-1]) == (date(2026, 1, 1), date(2026, 12, 31))
    assert len(found) == 365

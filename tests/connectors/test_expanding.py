"""What recurs, day by day: on the wall clocks of its zone, and with its exceptions."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from connectors.calendars import CalendarEvent
from connectors.contract import Window
from tests.connectors.recurring import YEAR, days, exception, firsts, hours, read, series, starts

# What happens once


def test_an_event_that_happens_once_is_itself() -> None:
    event = CalendarEvent(
        id="a", when=days(date(2026, 5, 1), 2), summary="Painters", description="Two of them"
    )

    (found,) = read(event)

    assert (found.key, found.recurrence_id, found.when, found.busy) == ("a", None, event.when, True)
    assert (found.summary, found.description) == ("Painters", "Two of them")


def test_what_happens_once_is_wanted_further_ahead_than_what_recurs() -> None:
    window = Window(YEAR.first, YEAR.after, date(2028, 1, 1))
    far = days(date(2027, 6, 1))

    assert len(read(CalendarEvent(id="a", when=far), window=window)) == 1
    assert read(CalendarEvent(id="a", when=days(date(2028, 1, 1))), window=window) == ()
    assert read(series(far, "RRULE:FREQ=DAILY"), window=window) == ()


def test_a_free_event_says_why() -> None:
    (found,) = read(CalendarEvent(id="a", when=days(date(2026, 5, 1)), busy=False, why_free="declined"))

    assert (found.busy, found.note) == (False, "declined")


def test_a_deleted_event_and_one_without_a_time_are_nothing() -> None:
    assert read(CalendarEvent(id="a", deleted=True)) == ()
    assert (
        read(CalendarEvent(id="a", deleted=True), exception(days(date(2026, 5, 1)), days(YEAR.first))) == ()
    )
    assert read(CalendarEvent(id="a", problem="no date")) == ()


# Rules


@pytest.mark.parametrize(
    ("first", "rule", "expected"),
    [
        (date(2026, 1, 5), "FREQ=WEEKLY;COUNT=3", ["01-05", "01-12", "01-19"]),
        (date(2026, 1, 5), "FREQ=WEEKLY;BYDAY=MO,TH;COUNT=4", ["01-05", "01-08", "01-12", "01-15"]),
        (date(2026, 1, 31), "FREQ=MONTHLY;COUNT=4", ["01-31", "03-31", "05-31", "07-31"]),
        (date(2026, 1, 31), "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3", ["01-31", "02-28", "03-31"]),
        (date(2026, 1, 6), "FREQ=MONTHLY;BYDAY=1TU;COUNT=3", ["01-06", "02-03", "03-03"]),
        (date(2026, 1, 5), "FREQ=DAILY;UNTIL=20260107", ["01-05", "01-06", "01-07"]),
        (date(2026, 1, 5), "FREQ=DAILY;UNTIL=20260107T000000Z", ["01-05", "01-06", "01-07"]),
        (date(2026, 1, 5), "FREQ=DAILY;UNTIL=20260106T230000Z", ["01-05", "01-06", "01-07"]),
        (date(2026, 1, 5), "FREQ=DAILY;COUNT=9;UNTIL=20260106", ["01-05", "01-06"]),
        (date(2026, 1, 5), "freq=daily;interval=10;until=20260116", ["01-05", "01-15"]),
        # The first occurrence counts, whatever the rule says.
        (date(2026, 1, 7), "FREQ=WEEKLY;BYDAY=MO;UNTIL=20260113", ["01-07", "01-12"]),
        (date(2026, 1, 7), "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30", ["01-07"]),
    ],
)
def test_whole_days_recur_by_their_rule(first: date, rule: str, expected: list[str]) -> None:
    found = read(series(days(first), f"RRULE:{rule}"))

    assert [f"{day:%m-%d}" for day in firsts(found)] == expected
    assert not [event for event in found if event.problem]


def test_a_leap_day_recurs_in_leap_years() -> None:
    window = Window(date(2024, 1, 1), date(2033, 1, 1))

    found = read(series(days(date(2024, 2, 29)), "RRULE:FREQ=YEARLY"), window=window)

    assert firsts(found) == [date(2024, 2, 29), date(2028, 2, 29), date(2032, 2, 29)]


def test_times_recur_on_the_wall_clock_of_their_zone() -> None:
    """Clocks go forward on 29 March and back on 25 October."""
    weekly = series(hours(2026, 3, 22, 10), "RRULE:FREQ=WEEKLY;UNTIL=20260405T080000Z")

    found = read(weekly)

    assert starts(found) == ["03-22 10:00", "03-29 10:00", "04-05 10:00"]
    assert [event.recurrence_id for event in found] == [
        "2026-03-22T09:00:00Z",
        "2026-03-29T08:00:00Z",
        "2026-04-05T08:00:00Z",
    ]


def test_hours_of_an_occurrence_pass_as_such_when_clocks_change() -> None:
    nightly = series(hours(2026, 3, 27, 22, minutes=600), "RRULE:FREQ=DAILY;COUNT=3")

    lengths = {event.when.ends_at - event.when.starts_at for event in read(nightly)}

    assert lengths == {timedelta(hours=10)}


def test_a_time_that_clocks_skip_is_after_the_gap_and_one_that_they_repeat_the_first() -> None:
    skipped = series(hours(2026, 3, 28, 2, 30), "RRULE:FREQ=DAILY;COUNT=3")
    repeated = series(hours(2026, 10, 24, 2, 30), "RRULE:FREQ=DAILY;COUNT=3")

    assert starts(read(skipped)) == ["03-28 02:30", "03-29 03:30", "03-30 02:30"]
    assert [event.when.starts_at.hour for event in read(repeated)] == [0, 0, 1]


def test_a_series_without_a_zone_recurs_in_the_propertys() -> None:
    found = read(series(hours(2026, 3, 22, 10), "RRULE:FREQ=WEEKLY;COUNT=2", zone=""))

    assert starts(found) == ["03-22 10:00", "03-29 10:00"]


def test_the_last_day_of_a_timed_rule_may_be_a_date() -> None:
    found = read(series(hours(2026, 3, 1, 10), "RRULE:FREQ=DAILY;UNTIL=20260303"))

    assert starts(found) == ["03-01 10:00", "03-02 10:00", "03-03 10:00"]


def test_dates_are_added_and_taken_out_as_they_are_written() -> None:
    found = read(
        series(
            hours(2026, 3, 1, 10),
            "RRULE:FREQ=DAILY;COUNT=5",
            "EXDATE:20260302T090000Z",
            "EXDATE;TZID=Europe/Madrid:20260303T100000,20260304T100000",
            "RDATE;TZID=Europe/London:20260310T120000",
            "RDATE:20260311T090000Z",
        )
    )

    assert starts(found) == ["03-01 10:00", "03-05 10:00", "03-10 13:00", "03-11 10:00"]


def test_days_are_added_and_taken_out_as_they_are_written() -> None:
    found = read(
        series(
            days(date(2026, 3, 1), 2),
            "RRULE:FREQ=WEEKLY;COUNT=4",
            "EXDATE;VALUE=DATE:20260308",
            "EXDATE:20260314T230000Z",
            "RDATE;VALUE=DATE:20260401",
        )
    )

    assert firsts(found) == [date(2026, 3, 1), date(2026, 3, 22), date(2026, 4, 1)]
    assert {event.when.after - event.when.first for event in found} == {timedelta(days=2)}


def test_the_first_occurrence_can_be_taken_out() -> None:
    found = read(series(days(date(2026, 3, 1)), "RRULE:FREQ=DAILY;COUNT=2", "EXDATE;VALUE=DATE:20260301"))

    assert firsts(found) == [date(2026, 3, 2)]


# Exceptions


def test_an_exception_stands_for_its_occurrence_once() -> None:
    original = hours(2026, 3, 8, 10).starts_at
    moved = exception(original, hours(2026, 3, 9, 18), summary="Later")

    found = read(series(hours(2026, 3, 1, 10), "RRULE:FREQ=WEEKLY;COUNT=3"), moved)

    assert starts(found) == ["03-01 10:00", "03-09 18:00", "03-15 10:00"]
    assert [(event.uid, event.recurrence_id) for event in found if event.summary == "Later"] == [
        ("s", "2026-03-08T09:00:00Z")
    ]


def test_an_exception_moves_out_of_the_window_and_into_it() -> None:
    master = series(days(date(2026, 12, 30)), "RRULE:FREQ=DAILY;COUNT=4")
    out = exception(days(date(2026, 12, 31)), days(date(2027, 2, 1)))
    into = exception(days(date(2027, 1, 2)), days(date(2026, 6, 1)))

    assert firsts(read(master, out, into)) == [date(2026, 6, 1), date(2026, 12, 30)]


def test_a_cancelled_exception_is_gone_and_a_free_one_is_free() -> None:
    master = series(days(date(2026, 3, 1)), "RRULE:FREQ=DAILY;COUNT=3")
    cancelled = exception(days(date(2026, 3, 1)), deleted=True)
    free = exception(days(date(2026, 3, 2)), days(date(2026, 3, 2)), busy=False, why_free="shown as free")

    found = read(master, cancelled, free)

    assert [(event.recurrence_id, event.busy) for event in found] == [
        ("2026-03-02", False),
        ("2026-03-03", True),
    ]


def test_exceptions_may_be_all_that_is_to_be_seen_of_a_series() -> None:
    (found,) = read(None, exception(days(date(2026, 3, 1)), days(date(2026, 3, 2))))

    assert (found.key, found.when) == ("s/2026-03-01", days(date(2026, 3, 2)))


def test_an_exception_from_when_a_series_had_times_stands_for_its_day() -> None:
    master = series(days(date(2026, 3, 1)), "RRULE:FREQ=DAILY;COUNT=2")
    was_timed = exception(hours(2026, 3, 2, 10).starts_at, days(date(2026, 3, 9)))
    by_the_day = exception(days(date(2026, 3, 2)), hours(2026, 3, 9, 9))

    assert firsts(read(master, was_timed)) == [date(2026, 3, 1), date(2026, 3, 9)]
    timed = series(hours(2026, 3, 1, 10), "RRULE:FREQ=DAILY;COUNT=2")
    assert starts(read(timed, by_the_day)) == ["03-01 10:00", "03-09 09:00"]


def test_of_two_exceptions_to_one_occurrence_the_busy_one_counts() -> None:
    master = series(days(date(2026, 3, 1)), "RRULE:FREQ=DAILY;COUNT=1")
    busy = exception(days(date(2026, 3, 1)), days(date(2026, 3, 5)))
    gone = CalendarEvent(id="z", series="s", original=days(date(2026, 3, 1)), deleted=True)

    assert firsts(read(master, busy, gone)) == [date(2026, 3, 5)]

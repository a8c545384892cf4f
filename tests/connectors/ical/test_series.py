"""Which events of a feed are busy, which are one and the same, and how far a series is followed."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import Window
from connectors.ical import limits
from tests.connectors.ical.reading import days, event, events, only, parsed

ONE_DAY = ["DTSTART;VALUE=DATE:20260701", "DTEND;VALUE=DATE:20260702"]


# What is busy


@pytest.mark.parametrize(
    ("lines", "busy"),
    [
        ([], True),
        (["STATUS:TENTATIVE"], True),
        (["STATUS:CONFIRMED", "TRANSP:OPAQUE"], True),
        (["STATUS:CANCELLED"], False),
        (["STATUS: cancelled "], False),
        (["TRANSP:TRANSPARENT"], False),
    ],
)
def test_cancelled_and_transparent_events_are_free_and_still_told(lines: list[str], busy: bool) -> None:
    assert only(*ONE_DAY, *lines).busy is busy


def test_a_cancelled_occurrence_is_free_while_its_series_is_busy() -> None:
    series = event(*ONE_DAY, "RRULE:FREQ=DAILY;COUNT=3")
    exception = event("DTSTART;VALUE=DATE:20260702", "RECURRENCE-ID;VALUE=DATE:20260702", "STATUS:CANCELLED")

    assert [(e.recurrence_id, e.busy) for e in events(series, exception)] == [
        ("20260701", True),
        ("20260702", False),
        ("20260703", True),
    ]


def test_an_event_for_ever_is_read_whatever_its_zone() -> None:
    found = only("DTSTART:20260701T150000Z", "DTEND;TZID=America/New_York:99991231T235959")

    assert found.busy
    assert found.problem is None


# Identity


def test_events_that_share_a_uid_are_all_kept_and_told_apart() -> None:
    found = events(
        event("DTSTART;VALUE=DATE:20260701"),
        event("DTSTART;VALUE=DATE:20260710"),
        event("DTSTART;VALUE=DATE:20260710", "DURATION:P2D"),
    )

    assert [e.key for e in found] == ["a/20260701", "a/20260710", "a/20260710#2"]
    assert [e.when for e in found] == [
        days("2026-07-01", "2026-07-02"),
        days("2026-07-10", "2026-07-11"),
        days("2026-07-10", "2026-07-12"),
    ]


def test_an_exact_repetition_is_one_event() -> None:
    assert [e.key for e in events(event(*ONE_DAY), event(*ONE_DAY))] == ["a"]


def test_the_higher_sequence_stands() -> None:
    found = events(
        event("DTSTART;VALUE=DATE:20260710", "SEQUENCE:2"), event("DTSTART;VALUE=DATE:20260701", "SEQUENCE:1")
    )

    assert [(e.key, e.when, e.sequence) for e in found] == [("a", days("2026-07-10", "2026-07-11"), 2)]


def test_a_series_keeps_its_exceptions_when_a_single_event_shares_its_uid() -> None:
    found = events(
        event("DTSTART;VALUE=DATE:20260601"),
        event(*ONE_DAY, "RRULE:FREQ=DAILY;COUNT=2"),
        event("DTSTART;VALUE=DATE:20260720", "RECURRENCE-ID;VALUE=DATE:20260702"),
    )

    assert [(e.recurrence_id, e.when) for e in found] == [
        ("20260601", days("2026-06-01", "2026-06-02")),
        ("20260701", days("2026-07-01", "2026-07-02")),
        ("20260702", days("2026-07-20", "2026-07-21")),
    ]


def test_an_exception_without_its_series_is_an_event() -> None:
    (found,) = events(event(*ONE_DAY, "RECURRENCE-ID;VALUE=DATE:20260630"))

    assert (found.key, found.when) == ("a/20260630", days("2026-07-01", "2026-07-02"))


def test_a_missing_uid_is_made_from_the_content_and_stays_the_same() -> None:
    nameless = event(*ONE_DAY, "SUMMARY:x").replace("UID:a\n", "")
    other = event("DTSTART;VALUE=DATE:20260801").replace("UID:a\n", "")

    first, second = events(nameless, other), events(other, nameless)

    assert first == second
    assert len({e.uid for e in first}) == 2
    assert all(e.uid.startswith("no-uid-") for e in first)


def test_a_uid_without_end_is_shortened_and_stays_distinct() -> None:
    found = events(event(*ONE_DAY, uid="x" * 5000 + "1"), event(*ONE_DAY, uid="x" * 5000 + "2"))

    assert len({e.uid for e in found}) == 2
    assert all(len(e.uid) < 500 for e in found)


# Recurrence within bounds


def test_a_series_is_expanded_in_the_window_only() -> None:
    window = Window(date(2026, 7, 5), date(2026, 7, 8))

    found = events(event("DTSTART;VALUE=DATE:20200101", "RRULE:FREQ=DAILY"), window=window)

    assert [e.recurrence_id for e in found] == ["20260705", "20260706", "20260707"]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles", "Europe/Lisbon"])
def test_the_window_is_in_the_days_of_the_property(zone: str) -> None:
    window = Window(date(2026, 7, 5), date(2026, 7, 6))
    hourly = event("DTSTART:20260701T000000", "DTEND:20260701T010000", "RRULE:FREQ=HOURLY;COUNT=200")

    found = events(hourly, window=window, zone=ZoneInfo(zone))

    assert len(found) == 24


def test_an_event_that_reaches_into_the_window_is_in_it() -> None:
    window = Window(date(2026, 7, 5), date(2026, 7, 8))
    spans = [
        ("20260701", "20260705"),
        ("20260701", "20260706"),
        ("20260707", "20260720"),
        ("20260708", "20260709"),
    ]

    found = events(
        *(event(f"DTSTART;VALUE=DATE:{a}", f"DTEND;VALUE=DATE:{b}", uid=a + b) for a, b in spans),
        window=window,
    )

    assert [e.uid for e in found] == ["2026070120260706", "2026070720260720"]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=MINUTELY",
        "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9;BYMINUTE=0,10,20,30,40,50;BYSECOND=0,30",
        "FREQ=SECONDLY;INTERVAL=0",
        "FREQ=YEARLY;INTERVAL=0;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=SECONDLY;BYHOUR=3;BYMINUTE=3;BYSECOND=3;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MINUTELY;INTERVAL=7;BYDAY=MO;BYSETPOS=2",
    ],
)
def test_a_rule_without_measure_is_bounded_busy_and_listed(rule: str) -> None:
    found = parsed(event("DTSTART:20260101T000000Z", "DTEND:20260101T000001Z", f"RRULE:{rule}"))

    assert 1 <= len(found.events) <= limits.MOST_OCCURRENCES
    assert found.problems
    assert all(e.busy for e in found.events)


def test_a_rule_that_began_long_ago_is_not_followed_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_STEPS", 1000)

    found = parsed(event("DTSTART:20260101T000000Z", "DURATION:PT1M", "RRULE:FREQ=HOURLY"))

    assert [e.problem for e in found.events] == ["it recurs too often to be followed"]


def test_a_series_of_which_nothing_that_is_wanted_can_be_read_is_told_as_a_problem() -> None:
    found = parsed(event("DTSTART;VALUE=DATE:20200101", "RRULE:FREQ=MINUTELY;BYDAY=MO"))

    assert found.events == ()
    assert found.problems == ("a: it recurs too often to be followed",)


# Laws

spans = st.lists(
    st.tuples(st.dates(date(2026, 2, 1), date(2027, 11, 1)), st.integers(1, 30)), min_size=1, max_size=12
)


@settings(deadline=None)
@given(spans, st.integers(0, 2**16))
def test_no_order_of_events_changes_what_is_read(spans: list[tuple[date, int]], seed: int) -> None:
    written = [
        event(
            f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
            f"DTEND;VALUE=DATE:{day + timedelta(days=n):%Y%m%d}",
            uid=str(i % 4),
        )
        for i, (day, n) in enumerate(spans)
    ]
    turned = written[seed % len(written) :] + written[: seed % len(written)]

    assert events(*turned) == events(*written)
    assert {e.when for e in events(*written)} == {
        days(day.isoformat(), (day + timedelta(days=n)).isoformat()) for day, n in spans
    }

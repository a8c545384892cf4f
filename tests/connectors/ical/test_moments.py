"""When an event is, however its dates are written."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from connectors.contract import When
from tests.connectors.ical.reading import days, event, events, only, parsed, times

CUSTOM = """BEGIN:VTIMEZONE
TZID:Harbour time
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:{offset}
TZOFFSETTO:{offset}
END:STANDARD
END:VTIMEZONE"""


@pytest.mark.parametrize(
    ("lines", "when"),
    [
        (["DTSTART;VALUE=DATE:20260701", "DTEND;VALUE=DATE:20260704"], days("2026-07-01", "2026-07-04")),
        (["DTEND;VALUE=DATE:20260704", "DTSTART;VALUE=DATE:20260701"], days("2026-07-01", "2026-07-04")),
        (["DTSTART;VALUE=DATE:20260701"], days("2026-07-01", "2026-07-02")),
        (
            ["DTSTART;VALUE=DATE:20260701T000000", "DTEND;VALUE=DATE:20260702T000000Z"],
            days("2026-07-01", "2026-07-02"),
        ),
        (["DTSTART:20260701", "DTEND:20260704"], days("2026-07-01", "2026-07-04")),
        (
            ["DTSTART;TZID=Asia/Tokyo:20260701", "DTEND;TZID=Asia/Tokyo:20260702"],
            days("2026-07-01", "2026-07-02"),
        ),
        (["DTSTART;VALUE=DATE:20260701", "DTEND;VALUE=DATE:20260701"], days("2026-07-01", "2026-07-02")),
        (["DTSTART;VALUE=DATE:20260701", "DURATION:P3D"], days("2026-07-01", "2026-07-04")),
        (["DTSTART;VALUE=DATE:20260701", "DURATION:P1W"], days("2026-07-01", "2026-07-08")),
        (["DTSTART;VALUE=DATE:20260701", "DURATION:PT36H"], days("2026-07-01", "2026-07-03")),
        (
            ["DTSTART:20260701T100000Z", "DTEND:20260701T123000Z"],
            times("2026-07-01 10:00", "2026-07-01 12:30"),
        ),
        (["DTSTART:20260701T100000Z", "DURATION:PT90M"], times("2026-07-01 10:00", "2026-07-01 11:30")),
        (["DTSTART:20260701T100000", "DTEND:20260701T120000"], times("2026-07-01 09:00", "2026-07-01 11:00")),
        (
            ["DTSTART;TZID=America/New_York:20260701T100000", "DTEND;TZID=Europe/Paris:20260701T180000"],
            times("2026-07-01 14:00", "2026-07-01 16:00"),
        ),
        (
            [
                "DTSTART;TZID=W. Europe Standard Time:20260701T100000",
                "DTEND;TZID=W. Europe Standard Time:20260701T110000",
            ],
            times("2026-07-01 08:00", "2026-07-01 09:00"),
        ),
        (
            ["DTSTART;TZID=/example.org/2026/Europe/Berlin:20260701T100000", "DURATION:PT1H"],
            times("2026-07-01 08:00", "2026-07-01 09:00"),
        ),
        # A day of the calendar is 25 hours when the clocks go back; 24 hours are 24 hours.
        (
            ["DTSTART;TZID=Europe/Lisbon:20261024T120000", "DURATION:P1D"],
            times("2026-10-24 11:00", "2026-10-25 12:00"),
        ),
        (
            ["DTSTART;TZID=Europe/Lisbon:20261025T003000", "DURATION:PT3H"],
            times("2026-10-24 23:30", "2026-10-25 02:30"),
        ),
        # 01:30 happens twice: the first. In spring it does not happen: forward by the gap (RFC 5545, 3.3.5).
        (["DTSTART:20261025T013000", "DURATION:PT1H"], times("2026-10-25 00:30", "2026-10-25 01:30")),
        (["DTSTART:20260329T013000", "DURATION:PT1H"], times("2026-03-29 01:30", "2026-03-29 02:30")),
    ],
)
def test_dates_and_times_are_read_as_written(lines: list[str], when: When) -> None:
    found = only(*lines)

    assert found.when == when
    assert found.busy
    assert found.problem is None
    assert found.recurrence_id is None


@pytest.mark.parametrize(
    ("lines", "when", "problem"),
    [
        (
            ["DTSTART;TZID=Mars/Olympus:20260701T100000", "DURATION:PT1H"],
            times("2026-07-01 09:00", "2026-07-01 10:00"),
            "its time zone 'Mars/Olympus' is not known",
        ),
        (
            ["DTSTART;VALUE=DATE:20260704", "DTEND;VALUE=DATE:20260701"],
            days("2026-07-04", "2026-07-05"),
            "it ends before it begins",
        ),
        (
            ["DTSTART:20260701T120000Z", "DTEND:20260701T100000Z"],
            times("2026-07-01 10:00", "2026-07-01 12:00"),
            "it ends before it begins",
        ),
        (
            ["DTSTART;VALUE=DATE:20260701", "DTEND:20260703T100000Z"],
            days("2026-07-01", "2026-07-04"),
            "it begins with a date and ends with a time, or the reverse",
        ),
        (
            ["DTSTART:20260701T100000Z", "DTEND;VALUE=DATE:20260703"],
            times("2026-07-01 10:00", "2026-07-02 23:00"),
            "it begins with a date and ends with a time, or the reverse",
        ),
        (
            ["DTSTART;VALUE=DATE:2026-07-01", "DTEND;VALUE=DATE:2026-07-03"],
            days("2026-07-01", "2026-07-03"),
            "a date is not written as the standard asks",
        ),
        (
            ["DTSTART:2026-07-01T10:00:00Z", "DTEND:2026-07-01T11:00:00Z"],
            times("2026-07-01 10:00", "2026-07-01 11:00"),
            "a date is not written as the standard asks",
        ),
        (
            ["DTSTART;VALUE=DATE:20260701", "DTEND;VALUE=DATE:soon"],
            days("2026-07-01", "2026-07-02"),
            "a date is not written as the standard asks",
        ),
        (
            ["DTSTART:20260701T200000", "DTEND:99999999T999999"],
            times("2026-07-01 19:00", "2026-07-01 23:00"),
            "a date is not written as the standard asks",
        ),
        (
            ["DTSTART:20260701T200000", "DURATION:a while"],
            times("2026-07-01 19:00", "2026-07-01 23:00"),
            "its duration cannot be read",
        ),
        (["DTEND;VALUE=DATE:20260704"], days("2026-07-03", "2026-07-04"), "its beginning cannot be read"),
        (
            ["DTSTART:soon", "DTEND:20260704T100000"],
            times("2026-07-03 23:00", "2026-07-04 09:00"),
            "its beginning cannot be read",
        ),
    ],
)
def test_an_event_of_which_any_date_can_be_read_is_busy_and_listed(
    lines: list[str], when: When, problem: str
) -> None:
    read = parsed(event(*lines, uid="odd"))

    assert [(found.when, found.busy, found.problem) for found in read.events] == [(when, True, problem)]
    assert read.problems == (f"odd: {problem}",)


@pytest.mark.parametrize(
    "lines", [[], ["DTSTART:soon"], ["DTSTART;VALUE=DATE:20260231"], ["DURATION:P1D"], ["DTSTART:100000"]]
)
def test_an_event_without_any_date_is_listed_and_loses_no_other(lines: list[str]) -> None:
    read = parsed(event(*lines), event("DTSTART;VALUE=DATE:20260701", uid="b"))

    assert [found.uid for found in read.events] == ["b"]
    assert read.problems == ("event 1 of the feed has no date that can be read",)


def test_an_instant_without_an_end_takes_no_time_and_is_free() -> None:
    found = only("DTSTART:20260701T100000Z")

    assert found.when == times("2026-07-01 10:00", "2026-07-01 10:00")
    assert not found.busy


def test_a_time_without_a_zone_is_in_the_calendars_zone_and_else_in_the_propertys() -> None:
    floating = event("DTSTART:20260701T100000", "DURATION:PT1H")
    utc = event("DTSTART:20260701T100000Z", "DURATION:PT1H", uid="b")
    tokyo = ZoneInfo("Asia/Tokyo")

    assert events(floating, zone=tokyo)[0].when == times("2026-07-01 01:00", "2026-07-01 02:00")
    named = events("X-WR-TIMEZONE:America/New_York", floating, utc, zone=tokyo)
    assert [found.when for found in named] == [
        times("2026-07-01 10:00", "2026-07-01 11:00"),
        times("2026-07-01 14:00", "2026-07-01 15:00"),
    ]
    nonsense = events("X-WR-TIMEZONE:../../etc/passwd", floating, zone=tokyo)
    assert nonsense[0].when == times("2026-07-01 01:00", "2026-07-01 02:00")


@pytest.mark.parametrize("behind", [False, True])
def test_a_zone_that_the_feed_defines_is_known_wherever_it_stands(behind: bool) -> None:
    zone = CUSTOM.format(offset="+0545")
    booked = event("DTSTART;TZID=Harbour time:20260701T100000", "DTEND;TZID=Harbour time:20260701T110000")

    (found,) = events(booked, zone) if behind else events(zone, booked)

    assert found.when == times("2026-07-01 04:15", "2026-07-01 05:15")
    assert found.problem is None


def test_no_feed_reads_the_zones_of_another() -> None:
    booked = event("DTSTART;TZID=Harbour time:20260701T100000", "DURATION:PT1H")

    first = events(CUSTOM.format(offset="+0300"), booked)
    second = events(CUSTOM.format(offset="-0300"), booked)
    third = events(booked)

    assert first[0].when == times("2026-07-01 07:00", "2026-07-01 08:00")
    assert second[0].when == times("2026-07-01 13:00", "2026-07-01 14:00")
    assert third[0].when == times("2026-07-01 09:00", "2026-07-01 10:00")
    assert third[0].problem is not None


def test_a_zone_definition_that_cannot_be_read_is_listed_and_loses_nothing() -> None:
    read = parsed(
        CUSTOM.format(offset="nonsense"), event("DTSTART;TZID=Harbour time:20260701T100000", "DURATION:PT1H")
    )

    assert read.events[0].when == times("2026-07-01 09:00", "2026-07-01 10:00")
    assert read.problems[0] == "a time zone (VTIMEZONE) cannot be read"

"""When an event is: days and instants, and what is made of what cannot be read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from connectors.contract import AllDay, Timed, When
from connectors.google_calendar.translate import event
from tests.connectors.google_calendar.test_translate import HOURS, said


def test_dates_stay_dates_and_their_zone_is_ignored() -> None:
    read = event(said(start={"date": "2026-07-01", "timeZone": "Asia/Tokyo"}))

    assert read.when == AllDay(date(2026, 7, 1), date(2026, 7, 4))
    assert read.zone == ""


def test_times_become_instants_and_keep_their_zone() -> None:
    read = event(said(**HOURS))

    assert read.when == Timed(datetime(2026, 7, 1, 8, tzinfo=UTC), datetime(2026, 7, 1, 10, 30, tzinfo=UTC))
    assert read.zone == "Europe/Madrid"


@pytest.mark.parametrize(
    ("zone", "calendar_zone", "expected"),
    [
        ("America/New_York", "Europe/Madrid", 14),
        ("", "Europe/Madrid", 8),
        ("Nowhere", "Europe/Madrid", 8),
    ],
)
def test_a_time_without_an_offset_is_in_its_zone_or_the_calendars(
    zone: str, calendar_zone: str, expected: int
) -> None:
    at = {"dateTime": "2026-07-01T10:00:00", "timeZone": zone}
    read = event(said(start=at, end=at | {"dateTime": "2026-07-01T11:00:00"}), calendar_zone)

    assert isinstance(read.when, Timed)
    assert read.when.starts_at == datetime(2026, 7, 1, expected, tzinfo=UTC)


@pytest.mark.parametrize(
    ("more", "when", "problem"),
    [
        ({"start": None}, None, "beginning"),
        ({"start": {}}, None, "beginning"),
        ({"start": {"date": "soon"}}, None, "beginning"),
        ({"start": {"date": "9999-12-31"}}, None, "beginning"),
        ({"start": {"dateTime": "2026-07-01T10:00:00"}}, None, "beginning"),
        ({"start": {"dateTime": "0001-01-01T00:00:00+14:00"}}, None, "beginning"),
        ({"end": None}, AllDay(date(2026, 7, 1), date(2026, 7, 2)), "end"),
        ({"end": {"date": "2026-07-01"}}, AllDay(date(2026, 7, 1), date(2026, 7, 2)), "end"),
        ({"end": HOURS["end"]}, AllDay(date(2026, 7, 1), date(2026, 7, 2)), "end"),
        (
            {"start": HOURS["start"], "end": {"dateTime": "2026-06-30T10:00:00Z"}},
            Timed(datetime(2026, 7, 1, 8, tzinfo=UTC), datetime(2026, 7, 1, 22, tzinfo=UTC)),
            "precedes",
        ),
        (
            {"start": HOURS["start"]},
            Timed(datetime(2026, 7, 1, 8, tzinfo=UTC), datetime(2026, 7, 1, 22, tzinfo=UTC)),
            "end",
        ),
    ],
)
def test_what_cannot_be_read_is_busy_and_says_so(
    more: dict[str, Any], when: When | None, problem: str
) -> None:
    read = event(said(**more))

    assert read.busy
    assert read.when == when
    assert read.problem is not None
    assert problem in read.problem

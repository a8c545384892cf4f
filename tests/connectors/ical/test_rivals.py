"""Events of one feed that contradict each other: whichever takes a night, it is taken."""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.connectors.ical.meant import nights
from tests.connectors.ical.reading import event, events

ONE_DAY = ["DTSTART;VALUE=DATE:20260701", "DTEND;VALUE=DATE:20260702"]
DAILY = [*ONE_DAY, "RRULE:FREQ=DAILY;COUNT=3"]
SECOND = "RECURRENCE-ID;VALUE=DATE:20260702"


def taken(*written: str) -> list[str]:
    """The nights of July that are busy, whatever the order in which the events are written."""
    found = [nights(events(*turned)) for turned in permutations(written)]
    assert all(one == found[0] for one in found)
    return [f"{night:%d}" for night in sorted(found[0])]


@pytest.mark.parametrize("free", ["STATUS:CANCELLED", "TRANSP:TRANSPARENT"])
def test_of_two_events_of_the_same_dates_the_busy_one_stands(free: str) -> None:
    busy, other = event(*ONE_DAY), event(*ONE_DAY, free)

    assert taken(busy, other) == ["01"]
    assert [found.key for found in events(busy, other)] == ["a"]
    assert taken(other, event(*ONE_DAY, free)) == []


def test_without_a_uid_a_free_event_is_no_later_version_of_a_busy_one() -> None:
    busy, free = (
        event(*ONE_DAY, *lines).replace("UID:a\n", "")
        for lines in (["SEQUENCE:1"], ["SEQUENCE:2", "STATUS:CANCELLED"])
    )

    assert taken(busy, free) == ["01"]
    assert taken(event(*ONE_DAY, "SEQUENCE:1"), event(*ONE_DAY, "SEQUENCE:2", "STATUS:CANCELLED")) == []


@pytest.mark.parametrize(
    "differs",
    ["EXDATE;VALUE=DATE:20260702", "STATUS:CANCELLED", "TRANSP:TRANSPARENT"],
)
def test_series_that_differ_in_what_is_free_take_the_time_of_both(differs: str) -> None:
    written = event(*DAILY), event(*DAILY, differs)

    assert taken(*written) == ["01", "02", "03"]
    assert len(events(*written)) == 3
    assert taken(event(*DAILY, differs)) != ["01", "02", "03"]


def test_series_that_differ_in_further_dates_take_all_of_them() -> None:
    rdates = (event(*ONE_DAY, f"RDATE;VALUE=DATE:202607{day}") for day in (10, 20))

    assert taken(*rdates) == ["01", "10", "20"]


def test_two_exceptions_to_one_occurrence_both_count_unless_one_is_the_later_version() -> None:
    series = event(*DAILY)
    one, other = (event(f"DTSTART;VALUE=DATE:202607{day}", SECOND) for day in (10, 20))
    later = event("DTSTART;VALUE=DATE:20260720", SECOND, "SEQUENCE:1")

    assert taken(series, one, other) == ["01", "03", "10", "20"]
    assert taken(series, one, later) == ["01", "03", "20"]
    assert taken(series, event("DTSTART;VALUE=DATE:20260702", SECOND, "STATUS:CANCELLED"), one) == [
        "01",
        "03",
        "10",
    ]

"""A rule is followed as dateutil follows it, but no further than it can matter and only as long as it may."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from icalendar import Event
from recurring_ical_events import EventAdapter, Series

from connectors.ical import limits
from connectors.ical.rules import refuse_hostile
from connectors.recurring import CountedRule, RecursTooOften, Steps
from tests.connectors.ical.hostile import numbers

START = datetime(2024, 2, 29, 10)
END = datetime(2027, 3, 1)


def rule(text: str, start: datetime = START) -> Any:
    """As the library makes it."""
    event = Event.from_ical(f"BEGIN:VEVENT\nUID:a\nDTSTART:{start:%Y%m%dT%H%M%S}\nRRULE:{text}\nEND:VEVENT\n")
    _, *rules = Series([EventAdapter(event)]).recurrence.rrules
    (only,) = rules
    return only


def some(part: str, values: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[str]:
    return st.lists(values, min_size=1, max_size=most, unique=True).map(
        lambda chosen: f"{part}={','.join(map(str, chosen))}"
    )


RULES = st.builds(
    lambda frequency, parts: ";".join(
        [f"FREQ={frequency}", *{p.partition("=")[0]: p for p in parts}.values()]
    ),
    st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY"]),
    st.lists(
        st.one_of(
            some("INTERVAL", st.integers(1, 5), 1),
            some("COUNT", st.integers(1, 50), 1),
            some("UNTIL", st.sampled_from(["20250101T000000", "20260701T100000"]), 1),
            some("BYMONTH", st.integers(1, 12)),
            some("BYMONTHDAY", st.sampled_from([1, 15, 29, 30, 31, -1, -31])),
            some("BYYEARDAY", st.sampled_from([1, 60, 366, -1])),
            some("BYWEEKNO", st.sampled_from([1, 20, 53])),
            some("BYDAY", st.sampled_from(["MO", "SU", "1TU", "-1FR", "5SA"])),
            some("BYHOUR", st.integers(0, 23)),
            some("BYSETPOS", st.sampled_from([1, 2, -1, 5])),
        ),
        max_size=4,
    ),
)


@settings(deadline=None)
@example("FREQ=HOURLY;UNTIL=20250101T000000", 107, 200)
@given(RULES, st.integers(0, 900), st.integers(1, 200))
def test_what_is_found_in_a_window_is_what_dateutil_finds(text: str, behind: int, length: int) -> None:
    begin = START + timedelta(days=behind)
    end = begin + timedelta(days=length)
    try:
        counted, expected = CountedRule(rule(text), Steps(limits.MOST_STEPS)), rule(text)
    except Exception:  # no rule at all
        assume(False)
        return

    found = list(counted.between(begin, end, inc=True))

    with patch("datetime.MAXYEAR", end.year + 2):  # else dateutil looks for 30 February to the year 9999
        assert found == expected.between(begin, end, inc=True)


class Counted(Steps):
    """As many as are wanted, and how many were taken."""

    def __init__(self) -> None:
        super().__init__(10**9)

    @property
    def taken(self) -> int:
        return 10**9 - self._left


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", 10 * 40),
        ("FREQ=MONTHLY;BYMONTHDAY=1;BYSETPOS=300", 50 * 10),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", 1200),
        ("FREQ=DAILY;COUNT=5;BYMONTH=2;BYMONTHDAY=30", 1200),
        ("FREQ=YEARLY;BYDAY=54MO", 10 * 40),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=MO", 1200),
    ],
)
def test_a_rule_without_an_occurrence_is_followed_up_to_the_windows_end(text: str, most: int) -> None:
    """dateutil looks at every period up to the year 9999; that it still asks us for each is shown here."""
    steps = Counted()
    counted = CountedRule(rule(text), steps)

    assert list(counted.between(END - timedelta(days=30), END, inc=True)) == []

    assert counted.barren
    assert 0 < steps.taken <= most


def test_a_rule_with_an_occurrence_is_not_barren_wherever_it_is() -> None:
    counted = CountedRule(rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"), Steps(limits.MOST_STEPS))

    assert list(counted.between(END - timedelta(days=30), END, inc=True)) == []
    assert not counted.barren


def test_a_rule_may_be_followed_twice() -> None:
    counted = CountedRule(rule("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=-1"), Steps(limits.MOST_STEPS))

    first, second = (list(counted.between(START, END, inc=True)) for _ in range(2))

    assert first == second
    assert len(first) > 30


def test_steps_are_counted_over_all_rules_of_a_series() -> None:
    steps = Steps(3000)
    first, second = (CountedRule(rule("FREQ=DAILY"), steps) for _ in range(2))
    list(first.between(START, END, inc=True))

    with pytest.raises(RecursTooOften):
        list(second.between(START, END, inc=True))


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=SECONDLY;BYSECOND=1",
        "FREQ=MINUTELY;INTERVAL=7;BYDAY=MO",
        "FREQ=DAILY;INTERVAL=0",
        f"FREQ=DAILY;BYHOUR={numbers(0, 23)};BYMINUTE={numbers(0, 59)};BYSECOND=0,30",
        "FREQ=YEARLY;BYYEARDAY=" + ",".join(["1"] * 400),
    ],
)
def test_what_no_calendar_means_is_refused_at_once(text: str) -> None:
    event = Event.from_ical(f"BEGIN:VEVENT\nDTSTART:20260701T100000Z\nRRULE:{text}\nEND:VEVENT\n")
    assert isinstance(event, Event)

    with pytest.raises(RecursTooOften):
        refuse_hostile(event)

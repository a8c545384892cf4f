"""What holds of every series: no window and no exception loses or doubles an occurrence."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import icalendar
import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.calendars import CalendarEvent
from connectors.contract import AllDay, When, Window
from connectors.expanding import expand
from tests.connectors.recurring import MADRID, days, exception, hours, series
from tests.laws import examples

RULES = st.sampled_from(
    [
        "FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=3",
        "FREQ=WEEKLY;BYDAY=MO,FR",
        "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,TU",
        "FREQ=MONTHLY",
        "FREQ=MONTHLY;BYMONTHDAY=-1,15",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=YEARLY",
        "FREQ=DAILY;COUNT=40",
        "FREQ=DAILY;UNTIL=20260402T220000Z",
        "FREQ=WEEKLY;UNTIL=20260610",
    ]
)
DAYS = st.dates(date(2025, 12, 1), date(2026, 7, 1))


@st.composite
def families(draw: st.DrawFn) -> tuple[CalendarEvent, list[CalendarEvent]]:
    """A series, and exceptions of some of its occurrences: moved, cancelled, or made free."""
    first, length = draw(DAYS), draw(st.integers(1, 9))
    when: When = days(first, length)
    if draw(st.booleans()):
        hour = draw(st.integers(0, 23))
        when = hours(first.year, first.month, first.day, hour, minutes=draw(st.integers(1, 4000)))
    master = series(when, f"RRULE:{draw(RULES)}")
    occurrences = expand(master, (), Window(date(2025, 1, 1), date(2026, 12, 1)), MADRID)
    chosen = draw(st.lists(st.sampled_from(occurrences), max_size=4, unique_by=lambda one: one.key))
    exceptions = []
    for one in chosen:
        original = one.when if isinstance(one.when, AllDay) else one.when.starts_at
        kind = draw(st.sampled_from(["moved", "cancelled", "free"]))
        exceptions.append(
            exception(
                original,
                None if kind == "cancelled" else days(draw(DAYS)),
                deleted=kind == "cancelled",
                busy=kind != "free",
            )
        )
    return master, exceptions


@settings(max_examples=examples(60), deadline=None)
@given(families(), DAYS, DAYS, DAYS)
def test_a_window_has_what_its_parts_have(
    family: tuple[CalendarEvent, list[CalendarEvent]], one: date, two: date, three: date
) -> None:
    first, middle, after = sorted((one, two, three))

    whole = expand(*family, Window(first, after), MADRID)
    parts = [
        event
        for window in (Window(first, middle), Window(middle, after))
        for event in expand(*family, window, MADRID)
    ]

    assert set(whole) == set(parts)


@settings(max_examples=examples(60), deadline=None)
@given(families())
def test_each_occurrence_appears_once_and_exceptions_in_its_place(
    family: tuple[CalendarEvent, list[CalendarEvent]],
) -> None:
    master, exceptions = family
    wide = Window(date(2025, 1, 1), date(2026, 12, 1))

    plain = {event.key: event for event in expand(master, (), wide, MADRID)}
    found = {event.key: event for event in expand(master, exceptions, wide, MADRID)}

    assert len(found) == len(expand(master, exceptions, wide, MADRID))
    cancelled = [event for event in exceptions if event.deleted]
    assert len(plain) - len(found) == len(cancelled)
    changed = [event for key, event in found.items() if event != plain[key]]
    told = {(event.when, event.busy) for event in exceptions if not event.deleted}
    assert {(event.when, event.busy) for event in changed} <= told
    assert found.keys() <= plain.keys()


@settings(max_examples=examples(60), deadline=None)
@given(families(), DAYS)
def test_nothing_that_touches_a_day_is_lost_in_the_window_of_that_day(
    family: tuple[CalendarEvent, list[CalendarEvent]], day: date
) -> None:
    wide = expand(*family, Window(date(2025, 1, 1), date(2027, 1, 1)), MADRID)
    begin, end = (datetime(one.year, one.month, one.day, tzinfo=MADRID) for one in (day, day + timedelta(1)))

    def touches(when: When) -> bool:
        if isinstance(when, AllDay):
            return when.first <= day < when.after
        return when.starts_at < end and when.ends_at > begin

    narrow = expand(*family, Window(day, day + timedelta(1)), MADRID)

    assert set(narrow) == {event for event in wide if touches(event.when)}


@settings(max_examples=examples(60), deadline=None)
@given(
    DAYS,
    st.none() | st.integers(0, 23),
    RULES,
    st.lists(st.integers(0, 60), max_size=3),
    st.lists(st.integers(0, 60), max_size=3),
)
def test_another_reader_of_calendars_finds_the_same_beginnings(
    first: date, hour: int | None, rule: str, added: list[int], without: list[int]
) -> None:
    """One that keeps to the standard, of a calendar in the standard's own words."""
    when: When = days(first) if hour is None else hours(first.year, first.month, first.day, hour)
    # The standard asks for a date where days recur, and for an instant where times do.
    rule = re.sub(r"UNTIL=(\d{8}).*", r"UNTIL=\1" if hour is None else r"UNTIL=\1T100000Z", rule)

    def written(name: str, ahead: int) -> str:
        day = first + timedelta(days=ahead)
        if hour is None:
            return f"{name};VALUE=DATE:{day:%Y%m%d}"
        return f"{name};TZID=Europe/Madrid:{day:%Y%m%d}T{hour:02}0000"

    dates = [*(written("RDATE", n) for n in added), *(written("EXDATE", n) for n in without)]
    lines = [f"RRULE:{rule}", *dates]
    body = ["BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:s", written("DTSTART", 0), *lines]
    other = icalendar.Calendar.from_ical("\r\n".join([*body, "END:VEVENT", "END:VCALENDAR", ""]))
    window = Window(date(2026, 1, 1), date(2026, 8, 1))

    ours = {
        event.when.first if isinstance(event.when, AllDay) else event.when.starts_at
        for event in expand(series(when, *lines), (), window, MADRID)
    }

    theirs = {
        component.start if hour is None else component.start.astimezone(UTC)
        for component in recurring_ical_events.of(other).between(window.first, window.after)
    }
    begins = when.first if isinstance(when, AllDay) else when.starts_at
    assert ours - {begins} == theirs - {begins}, "the first counts with us whatever the rule says"

"""The laws of what is held: whatever a calendar answers, in whatever order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from connectors.contract import Nature, RemoteEvent
from hub.domain.periods import Period, difference
from sync.planning.measure import Measure
from tests.sync.planning.holding import DAY, MEASURES, MINUTE, NOW, QUARTER, Holding, days, hours

law = settings(deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink))
"""A busy machine is no failure."""

measures = st.sampled_from(MEASURES)
natures = st.sampled_from(Nature)


def _event(number: int, first: int, length: int, nature: Nature, coded: bool) -> RemoteEvent:
    code = f"HM{number}" if coded and nature is Nature.STAY else ""
    return days(first, first + length, f"e{number}", nature, code=code, summary=f"guest {number}")


all_day = st.builds(_event, st.integers(0, 9), st.integers(-4, 30), st.integers(1, 9), natures, st.booleans())
timed = st.builds(
    lambda number, day, start, length, nature: hours(day, start, start + length, f"t{number}", nature),
    st.integers(0, 5),
    st.integers(-2, 12),
    st.integers(0, 18),
    st.integers(1, 5),
    natures,
)
calendars = st.lists(all_day | timed, max_size=8, unique_by=lambda event: event.key)
gaps = st.integers(1, 60 * 24 * 4).map(lambda minutes: timedelta(minutes=minutes))


def renamed(events: Sequence[RemoteEvent], salt: int) -> list[RemoteEvent]:
    """The same under other names; 0 leaves them as they are."""
    if not salt:
        return list(events)
    return [replace(event, uid=f"{event.uid}-{salt}") for event in events]


@dataclass(frozen=True)
class Bad:
    """What a channel answers for a moment: a part of its calendar, or nothing, again and again."""

    parts: tuple[int, ...]
    """Which of its events, as bits; one that is not 0 stands alone"""
    after: timedelta
    apart: timedelta


@dataclass(frozen=True)
class Chapter:
    calendar: list[RemoteEvent]
    salt: int
    after: timedelta
    bad: Bad | None
    fails: timedelta
    """An outage: time passes and nothing is read"""


half = st.builds(lambda bits, after: Bad((bits,), after, MINUTE), st.integers(1, 255), gaps)
empties = st.builds(
    lambda number, after: Bad((0,) * number, after, 29 * MINUTE / number), st.integers(1, 9), gaps
)
mixtures = st.builds(
    lambda parts, after: Bad(tuple(parts), after, 14 * MINUTE / len(parts)),
    st.lists(st.integers(0, 255), min_size=2, max_size=8),
    gaps,
)
stories = st.lists(
    st.builds(Chapter, calendars, st.integers(0, 3), gaps, st.none() | half | empties | mixtures, gaps),
    max_size=5,
)


def freed_by_faults(story: Sequence[Chapter], measure: Measure, *, guarded: bool) -> list[Period]:
    """The time ahead that the last good reading had and that a bad one freed."""
    holding = Holding(measure, guarded)
    now = NOW
    for chapter in story:
        now += chapter.after
        good = renamed(chapter.calendar, chapter.salt)
        holding.reads(good, now)
        if chapter.bad is not None:
            now += chapter.bad.after
            for bits in chapter.bad.parts:
                told = [event for place, event in enumerate(good) if bits >> place & 1]
                holding.reads(told, now)
                if freed := holding.lacks(good, now):
                    return freed
                now += chapter.bad.apart
        now += chapter.fails
        if freed := holding.lacks(good, now):
            return freed
    return []


@law
@given(stories, measures)
def test_no_fault_of_a_channel_frees_a_night_that_it_told_before(
    story: list[Chapter], measure: Measure
) -> None:
    assert freed_by_faults(story, measure, guarded=True) == []


@pytest.mark.parametrize("measure", MEASURES)
def test_without_the_guard_a_fault_frees_nights(measure: Measure) -> None:
    found = find(
        stories,
        lambda story: bool(freed_by_faults(story, measure, guarded=False)),
        settings=settings(max_examples=2000, database=None, deadline=None, phases=(Phase.generate,)),
    )

    assert freed_by_faults(found, measure, guarded=True) == []


Readings = list[tuple[list[RemoteEvent], int, timedelta]]
readings = st.lists(st.tuples(calendars, st.integers(0, 2), gaps), max_size=7)


def each(story: Readings) -> Iterator[tuple[list[RemoteEvent], datetime]]:
    """What the channel tells at each reading, and when."""
    now = NOW
    for calendar, salt, after in story:
        now += after
        yield renamed(calendar, salt), now


@law
@given(readings, measures)
def test_what_is_told_is_held_at_once(story: Readings, measure: Measure) -> None:
    holding = Holding(measure)
    for told, now in each(story):
        holding.reads(told, now)
        assert holding.lacks(told, now) == []


@law
@given(readings, calendars, measures)
def test_what_enough_readings_agree_on_is_all_that_is_held(
    story: Readings, calendar: list[RemoteEvent], measure: Measure
) -> None:
    """
    Five, and one more if the guard was tripped only by the second: nothing waits for ever. A night that is
    under way may be held to its end.
    """
    holding, now = Holding(measure), NOW
    for told, now in each(story):
        holding.reads(told, now)
    for number in range(6):
        now += QUARTER
        holding.reads(renamed(calendar, 10 + number), now)

    assert holding.waiting == []
    assert holding.lacks(calendar, now) == []
    assert holding.exceeds(calendar, now + DAY) == []


@law
@given(calendars, st.lists(st.tuples(st.integers(0, 9), gaps), max_size=8), measures)
def test_other_names_are_no_news(
    calendar: list[RemoteEvent], names: list[tuple[int, timedelta]], measure: Measure
) -> None:
    holding, now = Holding(measure), NOW
    holding.reads(calendar, now)
    rows, held = set(holding.rows), sorted(holding.held())
    for salt, after in names:
        now += after
        reading = holding.reads(renamed(calendar, salt), now)
        assert reading.quiet, reading.notices
        assert not reading.verdict.gone
        assert (set(holding.rows), sorted(holding.held())) == (rows, held)


@law
@given(calendars, st.permutations(range(8)), measures)
def test_names_that_are_numbered_anew_are_no_news(
    calendar: list[RemoteEvent], order: list[int], measure: Measure
) -> None:
    """Some channels name their events by their place in the list."""
    plain = [replace(event, code="") for event in calendar]
    holding = Holding(measure)
    holding.reads([replace(event, uid=str(n)) for n, event in enumerate(plain)], NOW)

    mixed = [replace(event, uid=str(order[n])) for n, event in enumerate(plain)]
    reading = holding.reads(mixed, NOW + QUARTER)

    assert reading.quiet, reading.notices


def the_past_of(story: Readings, measure: Measure) -> list[Period]:
    """What was held of the past and is not any more, after any of the readings."""
    holding = Holding(measure)
    for told, now in each(story):
        before = holding.past(measure.cut(now))
        holding.reads(told, now)
        if changed := difference(before, holding.past(measure.cut(now))):
            return list(changed)
    return []


@law
@given(readings, measures)
def test_the_past_stays_as_it_was(story: Readings, measure: Measure) -> None:
    assert the_past_of(story, measure) == []


@law
@given(readings, measures)
def test_the_same_reading_once_more_changes_nothing(story: Readings, measure: Measure) -> None:
    holding = Holding(measure)
    for told, now in each(story):
        holding.reads(told, now)
        rows = dict(holding.rows)
        again = holding.reads(told, now)
        assert holding.rows == rows
        assert again.quiet, again.notices


@law
@given(readings, measures)
def test_a_guard_says_when_it_will_be_over_and_survives_being_stored(
    story: Readings, measure: Measure
) -> None:
    holding = Holding(measure)
    for told, now in each(story):
        guard = holding.reads(told, now).verdict.guard
        assert (guard is None) == (holding.waiting == [])
        if guard is not None:
            assert type(guard).from_json(guard.to_json()) == guard
            assert now < guard.again_at <= now + QUARTER
            assert 1 <= guard.readings <= 4
            assert guard.since <= now

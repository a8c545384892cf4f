"""Events whose names are good: what a calendar says of a family is all that is held of it from now on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import AllDay, Nature, RemoteEvent
from hub.domain.periods import Period, difference
from sync.planning import differences, families, known
from sync.planning.differences import Difference, Kind
from sync.planning.guard import Verdict
from sync.planning.known import Known
from sync.planning.measure import Measure
from tests.laws import examples
from tests.sync.planning.holding import CAR, DAY, MEASURES, NOW, ROOM, Holding, days, hours, lacking, pieces

Calendar = Mapping[int, Sequence[RemoteEvent]]
"""What each family says, by a number"""


@dataclass(slots=True)
class Families(Holding):
    """What is held of a calendar whose families are told one by one."""

    family_of: dict[UUID, UUID] = field(default_factory=dict)

    def hears(self, told: Calendar, now: datetime) -> tuple[Difference, Verdict]:
        heard = {UUID(int=number): known.received(events, self.measure) for number, events in told.items()}
        held: dict[UUID, list[Known]] = defaultdict(list)
        for row in self.rows.values():
            if self.family_of[row.id] in heard:
                held[self.family_of[row.id]].append(row)
        binding = families.bind(held, heard, self.measure, now)
        bound = [*(was for was, _ in binding.pairs), *binding.missing]
        assert sorted(one.id for one in bound) == sorted(one.id for ones in held.values() for one in ones)
        found = differences.between(binding, self.measure, now)
        verdict = families.verdict(found, self.measure, now)
        for one in binding.displaced:
            self._write(replace(self.rows[one.id], key=f"~{one.id}"))
        before = set(self.rows)
        ids = self._write_told(found, verdict, now, {})
        number_of = {one.key: family for family, ones in heard.items() for one in ones}
        self.family_of |= {event_id: number_of[key] for key, event_id in ids.items()}
        rests = sorted(self.rows.keys() - before - {*ids.values()})
        for event_id, rest in zip(rests, verdict.remainders, strict=True):
            self.family_of[event_id] = self.family_of[rest.of.id]
        keys = [row.key for row in self.rows.values()]
        assert len(keys) == len(set(keys))
        return found, verdict


def quiet(found: Difference, verdict: Verdict) -> bool:
    return not (
        found.new
        or verdict.gone
        or verdict.remainders
        or any(pair.kind is not Kind.SAME for pair in found.pairs)
    )


def of(event: RemoteEvent, occurrence: str | None = None) -> RemoteEvent:
    return replace(event, recurrence_id=occurrence, nature=Nature.UNKNOWN)


def test_what_is_not_told_any_more_is_free_at_once() -> None:
    held = Families()
    held.hears({1: [of(days(3, 6, "a"))], 2: [of(days(10, 12, "b"))]}, NOW)

    _, verdict = held.hears({1: []}, NOW + DAY)

    assert [gone.past for gone in verdict.gone] == [None]
    assert [row.key for row in held.rows.values()] == ["b"]


def test_an_event_that_moved_far_away_is_the_same_by_its_name() -> None:
    held = Families()
    held.hears({1: [of(days(3, 6, "a"))]}, NOW)

    found, _ = held.hears({1: [of(days(200, 203, "a"))]}, NOW)

    (pair,) = found.pairs
    assert pair.kind is Kind.CHANGED
    assert found.new == ()


def test_events_of_two_families_are_never_one_though_they_have_one_time() -> None:
    held = Families()
    held.hears({1: [of(days(3, 6, "a"))]}, NOW)

    found, verdict = held.hears({1: [], 2: [of(days(3, 6, "b"))]}, NOW)

    assert len(found.new) == len(verdict.gone) == 1


def test_a_series_that_is_an_hour_later_has_the_same_occurrences_under_other_names() -> None:
    held = Families(CAR)
    held.hears({1: [of(hours(n, 10, 12, "s"), f"{n} at 10") for n in (1, 8, 15)]}, NOW)

    found, verdict = held.hears({1: [of(hours(n, 11, 12, "s"), f"{n} at 11") for n in (1, 8, 15)]}, NOW)

    assert [(pair.known.when != pair.when, pair.renamed) for pair in found.pairs] == [(True, True)] * 3
    assert (found.new, verdict.gone) == ((), ())


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize(("hour", "stays"), [(9, False), (10, True), (18, True)])
def test_the_night_before_a_beginning_that_may_have_followed_the_clock_stays_to_its_end(
    first: int, hour: int, stays: bool
) -> None:
    """At 10 h UTC the next day begins in the Line Islands: the rest of a stay may be told as of tomorrow."""
    now = NOW.replace(hour=hour, minute=0) + DAY
    short, was, told = of(days(0, 1, "f"), "0"), of(days(first, 3, "f"), "1"), of(days(2, 3, "f"), "1")
    held = Families(ROOM)
    held.hears({1: [], 3: [short, was]}, NOW)

    held.hears({3: [short, told]}, now)

    assert held.exceeds([short, told], now) == (pieces([days(1, 2)], ROOM) if stays else [])
    assert held.exceeds([short, told], now + DAY) == []


def test_a_night_that_another_end_or_a_later_beginning_leaves_is_free_at_once() -> None:
    now = NOW.replace(hour=18) + DAY

    for told in (days(2, 4, "f"), days(2, 5, "f"), days(3, 6, "f")):
        held = Families(ROOM)
        held.hears({1: [of(days(1, 6, "f"))]}, NOW)
        held.hears({1: [of(told)]}, now)
        assert held.exceeds([told], now) == []


EVENTS = st.builds(
    lambda first, length, timed, hour: (
        hours(first, hour, hour + length, "") if timed else days(first, first + length, "")
    ),
    st.integers(-6, 12),
    st.integers(1, 6),
    st.booleans(),
    st.integers(0, 17),
)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """Some of the families are told: each one event, a series, or nothing."""
    told: dict[int, list[RemoteEvent]] = {}
    for number in draw(st.lists(st.integers(1, 4), unique=True, max_size=4)):
        uid = f"family {number}"
        events = draw(st.lists(EVENTS, max_size=4))
        once = len(events) == 1 and draw(st.booleans())
        told[number] = [
            of(replace(event, uid=uid), None if once else str(n)) for n, event in enumerate(events)
        ]
    return told


def tonight(events: Sequence[RemoteEvent], measure: Measure, now: datetime) -> list[Period]:
    """What may be held before beginnings that may only have followed the clock: see `differences.settled`."""
    cut, found = measure.cut(now), []
    for event in events:
        taken = measure.takes(event.when)
        by = measure.begun_by(now, isinstance(event.when, AllDay), tomorrow=True)
        if taken is not None and cut < taken.starts_at <= by:
            found.append(Period(cut, taken.starts_at))
    return found


@settings(max_examples=examples(200), deadline=None)
@given(
    st.lists(st.tuples(calendars(), st.integers(0, 60)), min_size=1, max_size=5), st.sampled_from(MEASURES)
)
def test_what_is_held_ahead_is_what_is_told_and_the_past_stays(
    told: list[tuple[Calendar, int]], measure: Measure
) -> None:
    held, now = Families(measure), NOW
    says: dict[int, Sequence[RemoteEvent]] = {}
    for calendar, later in told:
        now += timedelta(hours=later)
        past = held.past(measure.cut(now))
        says |= calendar

        held.hears(calendar, now)

        events = [event for ones in says.values() for event in ones]
        assert held.lacks(events, now) == []
        ahead = [*pieces(events, measure), *tonight(events, measure, now)]
        assert lacking(held.held(), ahead, measure, now) == []
        assert difference(past, held.past(measure.cut(now))) == ()
        assert quiet(*held.hears(calendar, now)), "told again it is no news"


def test_the_law_would_notice_an_event_that_is_kept() -> None:
    """The control."""
    held = Families(ROOM)
    event = of(days(3, 6, "a"))
    held.hears({1: [event]}, NOW)

    assert lacking(held.held(), pieces([], ROOM), ROOM, NOW) == [Period(*_edges(event))]


def _edges(event: RemoteEvent) -> tuple[datetime, datetime]:
    taken = ROOM.takes(event.when)
    assert taken is not None
    return taken.starts_at, taken.ends_at

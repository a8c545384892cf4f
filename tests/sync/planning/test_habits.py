"""What channels do every day, and nobody should hear of: they forget, cut off, and give new names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import AllDay, Nature, RemoteEvent
from sync.planning import weighing
from sync.planning.measure import Measure
from tests.hub.domain.inventory import LISBON
from tests.sync.planning.holding import DAY, DORM, MEASURES, NOW, TODAY, Holding, Reading, days

stays = st.lists(
    st.builds(
        lambda number, first, nights, coded: days(
            first, first + nights, f"e{number}", code=f"HM{number}" if coded else ""
        ),
        st.integers(0, 20),
        st.integers(-3, 14),
        st.integers(1, 6),
        st.booleans(),
    ),
    max_size=6,
    unique_by=lambda stay: stay.uid,
)
clocks = st.integers(-12, 14).map(lambda hours: timedelta(hours=hours))
"""Of channels, against UTC"""
gaps = st.lists(st.integers(1, 30).map(lambda hours: timedelta(hours=hours)), max_size=30)


def told(calendar: Sequence[RemoteEvent], now: datetime, clock: timedelta) -> list[RemoteEvent]:
    """By the channel's clock: what is over is forgotten, what is under way begins today; all is renamed."""
    today = (now + clock).date()
    found = []
    for event in calendar:
        when = event.when
        assert isinstance(when, AllDay)
        if when.after > today:
            first = max(when.first, today)
            found.append(replace(event, uid=f"{event.uid}-{today}", when=AllDay(first, when.after)))
    return found


def what_is_heard(
    calendar: Sequence[RemoteEvent], waits: Sequence[timedelta], clock: timedelta, measure: Measure
) -> list[Reading]:
    """Everything that is told to people or waits, though nobody did anything."""
    holding, now, heard = Holding(measure), NOW, list[Reading]()
    holding.reads(calendar, now)
    held = sorted(holding.held())
    for after in waits:
        now += after
        reading = holding.reads(told(calendar, now, clock), now)
        if not reading.quiet or reading.verdict.guard is not None or sorted(holding.held()) != held:
            heard.append(reading)
    return heard


@settings(deadline=None)
@given(stays, gaps, clocks, st.sampled_from(MEASURES))
def test_a_channel_that_forgets_the_past_and_renames_all_by_whatever_clock_is_not_heard(
    calendar: list[RemoteEvent], waits: list[timedelta], clock: timedelta, measure: Measure
) -> None:
    if (
        measure is DORM
    ):  # guests who leave on one day and are under way look alike: they may be taken for others
        calendar = list({stay.when.after: stay for stay in calendar}.values())  # type: ignore[union-attr]

    assert what_is_heard(calendar, waits, clock, measure) == []


@pytest.mark.parametrize("hour", [5, 12])
def test_a_clock_ahead_is_heard_where_last_nights_are_freed_by_silence(
    hour: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: in the evening of the last night the channel has forgotten the guest who sleeps here."""
    waits, clock = [timedelta(hours=hour)], timedelta(hours=14)

    assert what_is_heard([days(0, 1), days(7, 9, "b")], waits, clock, MEASURES[0]) == []
    monkeypatch.setattr(weighing, "_may_be_cut_off", lambda *_: False)
    assert what_is_heard([days(0, 1), days(7, 9, "b")], waits, clock, MEASURES[0]) != []


def test_a_last_night_that_was_missing_before_is_freed_as_any_other() -> None:
    holding = Holding()
    holding.reads([days(1, 3), days(9, 12, "b")], NOW)

    for quarter in range(6):
        holding.reads([days(9, 12, "b")], NOW + DAY + quarter * timedelta(minutes=15))

    assert [row.key for row in holding.rows.values()] == ["b"]


@pytest.mark.parametrize(("hour", "left"), [(5, ["b"]), (9, ["b"]), (10, ["a", "b"]), (18, ["a", "b"])])
def test_a_last_night_is_freed_as_any_other_until_it_is_tomorrow_somewhere(
    hour: int, left: list[str]
) -> None:
    """At 10 h UTC the next day begins in the Line Islands: silence may then mean that all is well."""
    holding = Holding()
    holding.reads([days(1, 2), days(9, 12, "b")], NOW)
    gone_by = NOW.replace(hour=hour, minute=0) + DAY

    for quarter in range(3):
        holding.reads([days(9, 12, "b")], gone_by + quarter * timedelta(minutes=15))

    assert [row.key for row in holding.rows.values()] == left


def test_three_events_a_stay_are_held_once_and_one_that_goes_frees_nothing() -> None:
    """Arrival, departure and the stay: the small ones come and go."""
    holding = Holding()
    stay = [days(5, 6, "in"), days(5, 9, "stay"), days(8, 9, "out"), days(20, 22, "b")]
    holding.reads(stay, NOW)

    reading = holding.reads(stay[1:2] + stay[3:], NOW + DAY)

    assert {row.key for row in holding.rows.values()} == {"stay", "b"}
    assert reading.verdict.guard is None
    assert holding.exceeds(stay, NOW + DAY) == []


def test_a_closure_that_becomes_a_stay_is_told_and_frees_nothing() -> None:
    holding = Holding()
    holding.reads([days(5, 9, "b", Nature.BLOCK), days(20, 22)], NOW)

    reading = holding.reads([days(5, 7, "s"), days(7, 9, "b2", Nature.BLOCK), days(20, 22)], NOW + DAY)

    assert reading.verdict.guard is None
    assert [(one.before, one.after) for one in reading.notices.told] == [
        (None, "2026-06-06 to 2026-06-08"),
        ("2026-06-06 to 2026-06-10", "2026-06-08 to 2026-06-10"),
    ]
    assert holding.lacks([days(5, 9)], NOW + DAY) == []


def test_the_clocks_of_the_place_change_and_nothing_moves() -> None:
    """Whole days over the night in which summer time ends."""
    autumn = (datetime(2026, 10, 24, tzinfo=LISBON).date() - TODAY).days
    holding = Holding()
    calendar = [days(autumn - 2, autumn + 3), days(autumn + 3, autumn + 5, "b")]
    holding.reads(calendar, NOW)

    for hours in range(0, 96, 3):
        now = NOW + (autumn - 1) * DAY + timedelta(hours=hours)
        assert holding.reads(told(calendar, now, timedelta(hours=1)), now).quiet

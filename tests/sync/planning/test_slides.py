"""The windows of channels' policies: what they are, how they move, and that nobody hears of it daily."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from connectors.contract import Nature, RemoteEvent
from hub.domain.periods import noon
from sync.planning import known, slides
from sync.planning.known import Slide
from tests.hub.domain.inventory import LISBON
from tests.sync.planning.holding import DAY, NOW, ROOM, TODAY, Holding, days, known_as

BLOCK, STAY, UNKNOWN = Nature.BLOCK, Nature.STAY, Nature.UNKNOWN


def kinds(*events: RemoteEvent) -> dict[str, Slide]:
    return slides.kinds(known.received(events, ROOM), ROOM, NOW)


@pytest.mark.parametrize(("first", "after"), [(0, 2), (-1, 1), (1, 4), (0, 7)])
def test_a_short_block_that_begins_now_is_a_lead_time(first: int, after: int) -> None:
    assert kinds(days(first, after, "x", BLOCK), days(60, 64, "y")) == {"x": Slide.LEAD}


@pytest.mark.parametrize(("first", "after"), [(3, 5), (0, 30), (-30, 2)])
def test_a_later_or_longer_block_is_none(first: int, after: int) -> None:
    assert kinds(days(first, after, "x", BLOCK), days(60, 64, "y")) == {}


def test_a_guest_who_arrives_today_is_no_lead_time() -> None:
    assert kinds(days(0, 2, "x", STAY), days(0, 2, "y", UNKNOWN)) == {}


def test_the_closed_end_of_a_calendar_is_its_horizon() -> None:
    assert kinds(days(5, 9, "a"), days(180, 365, "x", BLOCK)) == {"x": Slide.HORIZON}


def test_stays_beyond_the_horizon_cut_it_in_pieces() -> None:
    found = kinds(
        days(180, 200, "x", BLOCK),
        days(200, 207, "guest"),
        days(207, 300, "y", BLOCK),
        days(300, 365, "z", BLOCK),
    )

    assert found == dict.fromkeys("xyz", Slide.HORIZON)


def test_the_end_of_a_shorter_calendar_counts_if_it_is_long() -> None:
    assert kinds(days(5, 9, "a"), days(90, 180, "x", BLOCK)) == {"x": Slide.HORIZON}
    assert kinds(days(5, 9, "a"), days(90, 110, "x", BLOCK)) == {}


def test_what_may_be_a_stay_is_no_window() -> None:
    assert kinds(days(180, 365, "x", UNKNOWN), days(60, 64, "y", BLOCK)) == {}


def test_a_closure_before_the_end_is_none() -> None:
    assert kinds(days(100, 170, "x", BLOCK), days(300, 365, "y", BLOCK)) == {"y": Slide.HORIZON}


# How far it may move at once


def moved(by: int, after: timedelta, changed_before: timedelta = 10 * DAY) -> int:
    """Of a horizon that begins so many days later, the nights that are free at once."""
    horizon = known_as(days(180, 365, nature=BLOCK), slide=Slide.HORIZON, changed_at=NOW - changed_before)
    to = ROOM.takes(days(180 + by, 365 + by).when)
    assert to is not None
    free = slides.slid(horizon, to, ROOM, NOW + after, NOW)
    return 0 if free is None else (free.ends_at - free.starts_at) // DAY


def test_a_window_moves_as_many_days_as_passed_and_one_for_the_channels_clock() -> None:
    assert moved(1, DAY) == 1
    assert moved(2, DAY) == 2
    assert moved(30, DAY) == 2
    assert moved(5, 4 * DAY) == 5
    assert moved(1, timedelta(minutes=15)) == 1, "the channel's midnight"


def test_a_window_that_moved_only_just_does_not_move_again() -> None:
    assert moved(1, timedelta(minutes=15), timedelta(hours=1)) == 0
    assert moved(1, timedelta(hours=15), timedelta(minutes=1)) == 1


def test_a_window_that_begins_earlier_frees_nothing() -> None:
    assert moved(-3, DAY) == 0


# A channel with both, for two months


def calendar(today: int, stays: list[RemoteEvent]) -> list[RemoteEvent]:
    """As Airbnb writes; names of blocks are built from their dates, and guests cut the horizon in pieces."""
    told = [one for one in stays if _first(one) + 4 > today]
    blocks = [(today, today + 2)]
    start, end = today + 60, today + 365
    for one in sorted(stays, key=_first):
        if start < _first(one) < end:
            blocks.append((start, _first(one)))
            start = _first(one) + 4
        elif _first(one) <= start < _first(one) + 4:
            start = _first(one) + 4
    blocks.append((start, end))
    return told + [days(first, after, f"block-{first}-{after}", BLOCK) for first, after in blocks]


def _first(event: RemoteEvent) -> int:
    found = ROOM.takes(event.when)
    assert found is not None
    return (ROOM.day(found.starts_at) - TODAY).days


def test_windows_that_move_every_day_are_told_in_a_line_and_never_wait() -> None:
    stays = [days(20 * n + 7, 20 * n + 11, f"guest-{n}", code=f"HM{n}") for n in range(8)]
    holding = Holding(ROOM)
    holding.reads(calendar(0, stays), NOW)
    rows, waited = len(holding.rows), 0
    for quarter in range(1, 4 * 60):
        now = NOW + quarter * timedelta(hours=6)
        today = (now.astimezone(LISBON).date() - TODAY).days
        told = calendar(today, stays)

        reading = holding.reads(told, now)

        assert reading.notices.told == ()
        assert reading.notices.waits == ()
        assert len(reading.notices.more) <= 1
        assert holding.lacks(told, now) == []
        if reading.verdict.guard is not None:  # the last night of a piece that the horizon left behind
            assert not reading.verdict.guard.tripped
            waited += 1
            holding.reads(told, now + timedelta(minutes=15))
        assert holding.waiting == []
        assert holding.exceeds(told, now + DAY) == []
    assert len(holding.rows) <= rows, "nothing was minted"
    assert waited <= len(stays)


def test_where_windows_may_not_slide_every_day_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: without the allowance the first night of the horizon is held until two readings agree."""
    monkeypatch.setattr(slides, "slid", lambda *_: None)
    holding = Holding(ROOM)
    holding.reads(calendar(0, []), NOW)

    reading = holding.reads(calendar(1, []), NOW + DAY)

    assert reading.verdict.guard is not None


def test_a_horizon_that_jumps_frees_at_once_only_what_slid() -> None:
    holding = Holding(ROOM)
    holding.reads([days(5, 9, "a"), days(60, 365, "x", BLOCK)], NOW)

    holding.reads([days(5, 9, "a"), days(90, 366, "y", BLOCK)], NOW + DAY)

    (rest,) = holding.waiting
    assert rest.pieces[0].starts_at == noon(TODAY + 62 * DAY, LISBON)
    assert rest.pieces[0].ends_at == noon(TODAY + 90 * DAY, LISBON)


def test_an_outage_of_a_week_is_a_slide_of_a_week() -> None:
    holding = Holding(ROOM)
    holding.reads(calendar(0, []), NOW)

    reading = holding.reads(calendar(7, []), NOW + 7 * DAY)

    assert reading.verdict.guard is None
    assert reading.notices.more == (
        f"its booking window moved on: open from {TODAY + 9 * DAY} until {TODAY + 67 * DAY}",
    )


def test_a_window_that_is_another_kind_of_thing_now_is_stored_and_not_told() -> None:
    holding = Holding(ROOM)
    holding.reads([days(10, 12, "x", BLOCK)], NOW)
    (row,) = holding.rows.values()
    assert row.slide is None

    reading = holding.reads([days(10, 12, "x", BLOCK)], NOW + 10 * DAY)

    (row,) = holding.rows.values()
    assert row.slide is Slide.LEAD
    assert reading.quiet
    assert replace(row, slide=None).when == days(10, 12).when
    assert isinstance(row.changed_at, datetime)

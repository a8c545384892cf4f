"""A channel whose clocks differ: an edit that seems older than what was seen is found all the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from hub import clock as hub_clock
from hub.domain.periods import Nights
from sync.runtime import Runtime
from tests.fakes.google_calendar import world
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.sync.both_sides import BothSides, wired

TODAY = hub_clock.now().date()


def day(after: int) -> date:
    return TODAY + timedelta(days=after)


def nights(start: int) -> Nights:
    return Nights(day(start), day(start + 3))


@pytest.fixture
def both(reaching: Runtime) -> Iterator[BothSides]:
    google = GoogleCalendar()
    with wired(google):
        made = BothSides.build(reaching, google)
        made.rest()
        yield made
    assert google.violations == []


def taken(both: BothSides) -> list[date]:
    return [block.starts_at.date() for block in both.blocks()]


def test_an_edit_that_bears_an_older_time_than_our_write_is_found_when_we_write_again(
    both: BothSides, monkeypatch: pytest.MonkeyPatch
) -> None:
    booked = both.book(nights(30))
    both.rest()
    as_written = world.instant
    with monkeypatch.context() as skewed:
        skewed.setattr(world, "instant", lambda now: as_written(now - timedelta(minutes=1)))
        both.person.edits(both.only()["id"], both.calendar, summary="Needs a cot")
    both.sync()

    both.move(booked, nights(40))
    both.rest()
    assert [(start, words) for start, _, words in both.shown()] == [(day(40).isoformat(), "Needs a cot")]
    assert not any(item.touched for item in both.items())


@pytest.mark.parametrize("expires", [False, True], ids=["told as a change", "swept for"])
def test_an_event_of_others_that_bears_an_older_time_than_before_is_looked_at(
    both: BothSides, monkeypatch: pytest.MonkeyPatch, expires: bool
) -> None:
    event = both.person.creates("Painters", day(10), calendar=both.calendar)
    both.rest()
    as_written = world.instant
    with monkeypatch.context() as skewed:
        skewed.setattr(world, "instant", lambda now: as_written(now - timedelta(minutes=1)))
        both.person.moves(event, day(20), calendar=both.calendar)
    if expires:
        both.google.world.expire_sync_tokens(both.calendar)
    both.rest()
    assert taken(both) == [day(20)]


def test_a_listing_that_is_stale_takes_nothing_back(both: BothSides) -> None:
    event = both.person.creates("Painters", day(10), calendar=both.calendar)
    both.rest()
    both.person.moves(event, day(20), calendar=both.calendar)
    both.rest()
    both.google.world.expire_sync_tokens(both.calendar)
    both.google.faults.stale(back=1)
    both.sync()
    assert taken(both) == [day(20)]

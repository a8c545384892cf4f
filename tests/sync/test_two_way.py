"""Bookings, holds and blackouts in a calendar, and what people do there, over the engine and each channel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from connectors.contract import AllDay
from hub import clock as hub_clock
from hub.domain.lifecycle import Status
from hub.domain.periods import Nights
from sync.runtime import Runtime
from tests.conftest import FrozenClock
from tests.sync.channels import CHANNELS, Synced, synced

TODAY = hub_clock.now().date()
STAY = Nights(TODAY + timedelta(days=30), TODAY + timedelta(days=33))
LATER = Nights(TODAY + timedelta(days=40), TODAY + timedelta(days=44))


@pytest.fixture(params=CHANNELS)
def both(request: pytest.FixtureRequest, reaching: Runtime) -> Iterator[Synced]:
    with CHANNELS[request.param]() as there:
        yield synced(reaching, there)


def days(span: Nights) -> tuple[str, str]:
    return span.arrival.isoformat(), span.departure.isoformat()


def nights(span: Nights) -> AllDay:
    return AllDay(span.arrival, span.departure)


def shown(both: Synced) -> list[tuple[str, str]]:
    return [(start, end) for start, end, _ in both.there.shown()]


def test_a_booking_appears_in_the_calendar_moves_and_goes(both: Synced) -> None:
    booked = both.book(STAY)
    both.rest()

    assert shown(both) == [days(STAY)]

    both.move(booked, LATER)
    both.rest()
    assert shown(both) == [days(LATER)]

    both.cancel(booked)
    both.rest()
    assert shown(both) == []


def test_what_somebody_writes_there_takes_the_room_and_frees_it_when_it_goes(both: Synced) -> None:
    event = both.there.person.add(nights(STAY), "Painters")
    both.rest()

    assert [block.unit_id for block in both.blocks()] == [both.units[0]]

    both.there.person.delete(event)
    both.rest()
    assert both.blocks() == []


def test_an_event_of_ours_that_is_moved_there_moves_the_booking(both: Synced) -> None:
    booked = both.book(STAY)
    both.rest()

    both.there.person.shift(both.there.only(), nights(LATER))
    both.rest()

    assert both.nights(booked) == [(LATER.arrival, LATER.departure)]
    assert shown(both) == [days(LATER)]


def test_a_move_onto_what_is_sold_is_put_back_and_told(both: Synced) -> None:
    both.book(LATER)
    booked = both.book(STAY)
    both.rest()

    both.there.person.shift(both.there.beginning(STAY.arrival.isoformat()), nights(LATER))
    both.rest()

    assert both.nights(booked) == [(STAY.arrival, STAY.departure)]
    assert shown(both) == [days(STAY), days(LATER)]
    (told,) = both.conflicts("closed")
    assert told.type == "REMOTE_MOVE_REJECTED"
    assert "sold" in told.remote["why"] or "taken" in told.remote["why"]


def test_a_stay_that_is_deleted_there_is_put_back_twice_and_then_only_asked_about(both: Synced) -> None:
    booked = both.book(STAY)
    both.rest()

    for _ in range(2):
        both.there.person.delete(both.there.only())
        both.rest()
        assert shown(both) == [days(STAY)]
    both.there.person.delete(both.there.only())
    both.rest()

    assert shown(both) == []
    assert both.booking(booked).status == Status.CONFIRMED
    assert [conflict.type for conflict in both.conflicts()] == ["MIRROR_DELETED"]


def test_a_hold_or_a_blackout_that_is_deleted_there_is_given_up(both: Synced) -> None:
    held = both.book(STAY, status=Status.HELD)
    both.close(LATER)
    both.rest()

    for event in both.there.lives():
        both.there.person.delete(event)
    both.rest()

    assert both.booking(held).status == Status.CANCELLED
    assert both.blackouts() == []
    assert shown(both) == []


def test_words_that_are_changed_there_stay(both: Synced) -> None:
    both.book(STAY)
    both.rest()

    both.there.person.edit(both.there.only(), "Grace, needs a cot")
    both.rest()

    assert both.there.shown() == [(*days(STAY), "Grace, needs a cot")]


def test_a_copy_of_an_event_of_ours_is_somebody_elses(both: Synced) -> None:
    booked = both.book(STAY)
    both.rest()

    both.there.person.duplicate(both.there.only())
    both.rest()

    assert shown(both) == [days(STAY), days(STAY)]
    assert len(both.events()) == 1
    assert [conflict.type for conflict in both.conflicts()] == ["EXTERNAL_OVERLAP"]
    assert both.booking(booked).status == Status.CONFIRMED


def test_once_both_are_equal_nothing_is_written_again(both: Synced, clock: FrozenClock) -> None:
    both.book(STAY)
    both.there.person.add(nights(LATER), "Painters")
    both.rest()
    written = both.there.writes()
    assert written > 0

    both.sync()
    clock.advance(timedelta(hours=2))
    both.sync()
    both.there.expires()
    both.sync()

    assert both.there.writes() == written


def test_a_day_is_no_reason_to_write_and_a_change_is(both: Synced, clock: FrozenClock) -> None:
    booked = both.book(STAY)
    both.rest()
    written = both.there.writes()

    clock.advance(timedelta(days=1))
    both.rest()
    assert both.there.writes() == written

    both.cancel(booked)
    both.rest()
    assert both.there.writes() == written + 1


def test_a_repair_by_the_runbook_compares_everything_and_writes_nothing(both: Synced) -> None:
    both.book(STAY)
    both.there.person.add(nights(LATER), "Painters")
    both.rest()
    written, generation = both.there.writes(), both.link().generation
    runbook = Path(__file__).parents[2] / "docs" / "runbook.md"
    (repair,) = re.findall(r"`(UPDATE links SET cursor = NULL.*?) WHERE", runbook.read_text(encoding="utf-8"))

    both.do(lambda session: session.execute(text(f"{repair} WHERE id = :link"), {"link": both.link_id}))
    both.rest()

    assert both.link().generation == generation + 1
    assert both.there.writes() == written
    assert len(both.events()) == 1

"""An event whose making nobody heard of, and which somebody deletes before anybody looks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from hub import clock as hub_clock
from hub.domain.periods import Nights
from sync.runtime import Runtime
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.sync.both_sides import BothSides, wired

ARRIVAL = hub_clock.now().date() + timedelta(days=30)
STAY = Nights(ARRIVAL, ARRIVAL + timedelta(days=3))
LATER = Nights(ARRIVAL + timedelta(days=10), ARRIVAL + timedelta(days=13))


@pytest.fixture
def both(reaching: Runtime) -> Iterator[BothSides]:
    google = GoogleCalendar()
    with wired(google):
        yield BothSides.build(reaching, google)
    assert google.violations == []


def test_its_deletion_is_undone_and_told(both: BothSides) -> None:
    both.google.faults.fail(500, after=True, operation="events.insert")
    both.book(STAY)
    both.sync()
    both.person.deletes(both.only()["id"], both.calendar)

    both.rest()

    assert [one[:2] for one in both.shown()] == [(STAY.arrival.isoformat(), STAY.departure.isoformat())]
    assert [told.type for told in both.conflicts("closed")] == ["DELETE_VS_EDIT"]


def test_what_we_removed_ourselves_and_show_again_is_no_news(both: BothSides) -> None:
    booked = both.book(STAY)
    both.rest()
    (item,) = both.items()
    for hidden in ("true", "false"):
        hide = text(f"UPDATE sync_items SET hidden = {hidden}, touched = true")
        both.do(partial(Session.execute, statement=hide))
        both.rest()

    assert len(both.shown()) == 1
    assert both.items()[0].incarnation == item.incarnation + 1
    assert both.conflicts("closed") == []
    assert both.booking(booked).status == "confirmed"


def test_what_somebody_did_to_an_event_that_was_put_back_already_is_told(both: BothSides) -> None:
    both.book(STAY)
    both.rest()
    first = both.only()["id"]
    both.person.deletes(first, both.calendar)
    both.rest()

    both.person.undeletes(first, both.calendar)
    both.person.moves(first, LATER.arrival, LATER.departure, both.calendar)
    both.rest()

    assert [one[:2] for one in both.shown()] == [(STAY.arrival.isoformat(), STAY.departure.isoformat())]
    (told,) = both.conflicts("closed")
    assert told.type == "DELETE_VS_EDIT"
    assert LATER.arrival.isoformat() in told.remote["span"]


def test_a_late_write_of_ours_that_nobody_wants_any_more_goes_without_a_word(both: BothSides) -> None:
    both.google.faults.keep_late(operation="events.insert")
    booked = both.book(STAY)
    both.sync()
    both.cancel(booked)
    both.rest()

    both.google.release_late()
    both.rest()

    assert both.shown() == []
    assert both.conflicts("closed") == []

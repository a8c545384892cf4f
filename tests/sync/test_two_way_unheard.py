"""An event whose making nobody heard of, and which somebody deletes before anybody looks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from hub import clock as hub_clock
from hub.domain.periods import Nights
from sync.runtime import Runtime
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.sync.both_sides import BothSides, wired

ARRIVAL = hub_clock.now().date() + timedelta(days=30)
STAY = Nights(ARRIVAL, ARRIVAL + timedelta(days=3))


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
    hide = "UPDATE sync_items SET hidden = :hidden, touched = true"
    for hidden in (True, False):
        both.do(lambda session, hidden=hidden: session.execute(text(hide), {"hidden": hidden}))
        both.rest()

    assert len(both.shown()) == 1
    assert both.items()[0].incarnation == item.incarnation + 1
    assert both.conflicts("closed") == []
    assert both.booking(booked).status == "confirmed"

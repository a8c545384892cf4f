"""Google shows descriptions as HTML: a guest's words are words there, and a person's markup is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from hub import clock as hub_clock
from hub.domain.periods import Nights
from hub.services.guests import GuestFields
from sync.runtime import Runtime
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.sync.both_sides import BothSides, wired

LINK = '<a href="https://evil.example">Pay here</a>'
TODAY = hub_clock.now().date()
STAY = Nights(TODAY + timedelta(days=30), TODAY + timedelta(days=33))
LATER = Nights(TODAY + timedelta(days=40), TODAY + timedelta(days=43))


@pytest.fixture
def both(reaching: Runtime) -> Iterator[BothSides]:
    google = GoogleCalendar()
    with wired(google):
        yield BothSides.build(reaching, google, settings={"tells": "guest"})
    assert google.violations == []


def test_a_guest_who_is_called_a_link_is_none_there_and_nobody_takes_that_for_an_edit(
    both: BothSides,
) -> None:
    both.book(STAY, guest=GuestFields(LINK))
    both.rest()
    both.person.edits(both.only()["id"], both.calendar, location="Quay 3")
    both.rest()

    event = both.only()
    assert "&lt;a href=" in event["description"]
    assert "<" not in event["description"]
    assert event["summary"] == f"Room 1: {LINK}, 1 guest"
    (item,) = both.items()
    assert (item.text_sealed, both.conflicts("open"), both.conflicts("closed")) == (None, [], [])
    assert len(both.google.writes()) == 1


def test_the_markup_that_a_person_wrote_stays_when_the_booking_moves(both: BothSides) -> None:
    booked = both.book(STAY)
    both.rest()
    theirs = "<b>Late</b> arrival &amp; a dog &nbsp;<br>https://example.com"
    both.person.edits(both.only()["id"], both.calendar, description=theirs)
    both.rest()

    both.move(booked, LATER)
    both.rest()

    event = both.only()
    assert (event["start"]["date"], event["description"]) == (LATER.arrival.isoformat(), theirs)
    assert both.conflicts("closed") == []

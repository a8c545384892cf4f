"""Two who adopt one event, and a pass that is under way meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from hub import clock as hub_clock
from hub.domain.periods import Nights
from hub.queries import links as links_query
from sync import adopting, foreign, imports
from sync.adopting import Adopted, Adoption
from sync.runtime import Runtime
from tests.concurrency.together import Meeting, together
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.sync.both_sides import BothSides, wired
from tests.sync.importing import DOMAIN

TODAY = hub_clock.now().date()
STAY = Nights(TODAY + timedelta(days=30), TODAY + timedelta(days=33))
LATER = Nights(TODAY + timedelta(days=40), TODAY + timedelta(days=44))


@pytest.fixture
def google() -> Iterator[GoogleCalendar]:
    double = GoogleCalendar()
    with wired(double):
        yield double
    assert double.violations == []


@pytest.fixture
def both(reaching: Runtime, google: GoogleCalendar) -> BothSides:
    made = BothSides.build(reaching, google)
    made.person.creates("Ada", STAY.arrival, STAY.departure, made.calendar)
    made.rest()
    return made


def adopted_by_two(
    both: BothSides, monkeypatch: pytest.MonkeyPatch, patience: float
) -> list[Adopted | Exception]:
    """Both begin to let the event go at one moment, if they can."""
    meeting, let_go = Meeting(2, patience), foreign.release_for_adoption
    event_id = both.events()[0].id

    def met(*args: Any) -> Any:
        meeting.wait()
        return let_go(*args)

    monkeypatch.setattr(foreign, "release_for_adoption", met)
    return together(
        [lambda: both.do(lambda session: adopting.adopt(session, both.link_id, event_id, Adoption(), DOMAIN))]
        * 2
    )


def test_two_who_adopt_one_event_have_the_same_booking(
    both: BothSides, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = adopted_by_two(both, monkeypatch, patience=1.0)

    bookings = {one.booked.booking.id if isinstance(one, Adopted) else one for one in done}
    assert len(bookings) == 1, done
    assert sorted(one.new for one in done if isinstance(one, Adopted)) == [False, True]


def test_without_the_lock_of_the_link_one_of_them_is_told_that_it_is_sold(
    both: BothSides, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control."""
    monkeypatch.setattr(links_query, "locked", links_query.one)

    done = adopted_by_two(both, monkeypatch, patience=3.0)

    assert len([one for one in done if isinstance(one, Exception)]) == 1


def test_adopted_while_a_pass_brings_that_it_was_moved_the_booking_moves(
    both: BothSides, monkeypatch: pytest.MonkeyPatch
) -> None:
    event, event_id = both.only()["id"], both.events()[0].id
    both.person.moves(event, LATER.arrival, LATER.departure, both.calendar)
    bring = imports.bring
    done: list[Adopted] = []

    def adopt_first(*args: Any) -> bool:
        if not done:
            done.append(
                both.do(lambda session: adopting.adopt(session, both.link_id, event_id, Adoption(), DOMAIN))
            )
        return bring(*args)

    monkeypatch.setattr(imports, "bring", adopt_first)
    both.rest()

    (adopted,) = done
    assert both.nights(adopted.booked) == [(LATER.arrival, LATER.departure)]
    assert [one[:2] for one in both.shown()] == [(LATER.arrival.isoformat(), LATER.departure.isoformat())]
    assert (both.events(), both.blocks(), both.conflicts()) == ([], [], [])

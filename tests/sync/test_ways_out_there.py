"""Ways out that reach a calendar which is synced both ways: what is seen there after a pass."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from connectors.contract import AllDay
from hub import clock as hub_clock
from hub.domain.periods import Nights
from sync.planning.stakes import Action
from sync.runtime import Runtime
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.sync.both_sides import BothSides, wired
from tests.sync.channels import CHANNELS, Synced, synced
from tests.sync.standoffs import again, of, only, resolve, standing, ways

TODAY = hub_clock.now().date()
STAY = Nights(TODAY + timedelta(days=30), TODAY + timedelta(days=33))
THEIRS = AllDay(STAY.arrival + timedelta(days=1), STAY.departure + timedelta(days=2))


@pytest.fixture(params=CHANNELS)
def both(request: pytest.FixtureRequest, reaching: Runtime) -> Iterator[Synced]:
    with CHANNELS[request.param]() as there:
        yield synced(reaching, there)


@pytest.fixture
def google() -> Iterator[GoogleCalendar]:
    double = GoogleCalendar()
    with wired(double):
        yield double
    assert double.violations == []


def shown(both: Synced) -> list[tuple[str, str]]:
    return [(start, end) for start, end, _ in both.there.shown()]


def said(span: AllDay | Nights) -> tuple[str, str]:
    first, after = (span.first, span.after) if isinstance(span, AllDay) else (span.arrival, span.departure)
    return first.isoformat(), after.isoformat()


@pytest.fixture
def clash(both: Synced) -> Synced:
    """A stay of ours that is shown there, and somebody's event over it."""
    both.book(STAY)
    both.rest()
    both.there.person.add(THEIRS, "Painters")
    both.rest()
    return both


def test_a_booking_that_is_moved_to_another_room_is_not_seen_there_any_more(clash: Synced) -> None:
    resolve(clash, only(clash), Action.MOVE_BOOKING, unit_id=clash.units[1])
    clash.rest()

    assert shown(clash) == [said(THEIRS)]
    assert standing(clash) == []


def test_a_booking_that_is_cancelled_is_not_seen_there_any_more(clash: Synced) -> None:
    resolve(clash, only(clash), Action.CANCEL_BOOKING)
    clash.rest()

    assert shown(clash) == [said(THEIRS)]
    assert (standing(clash), [block.unit_id for block in clash.blocks()]) == ([], [clash.units[0]])


def test_an_event_that_is_left_out_stays_there_and_takes_nothing(clash: Synced) -> None:
    conflict = only(clash)
    (way,) = of(ways(clash, conflict), Action.IGNORE_EVENT)
    assert way.parameters == {"event_id": str(conflict.event_id)}

    settled = resolve(clash, conflict, Action.IGNORE_EVENT)

    assert (clash.blocks(), standing(clash)) == ([], []), "from now on, and not from the next pass"
    clash.rest()
    assert (clash.blocks(), standing(clash)) == ([], [])
    assert sorted(shown(clash)) == sorted([said(STAY), said(THEIRS)])
    assert again(clash, conflict).resolution == settled.resolution


def test_the_same_stay_is_seen_there_twice_and_is_no_conflict(both: Synced) -> None:
    both.book(STAY)
    both.rest()
    both.there.person.add(AllDay(STAY.arrival, STAY.departure), "Grace, by telephone")
    both.rest()

    resolve(both, only(both), Action.SAME_STAY)
    both.rest()

    assert shown(both) == [said(STAY), said(STAY)]
    assert standing(both) == []


def test_a_blackout_moves_there_too(both: Synced) -> None:
    both.close(STAY)
    both.rest()
    both.there.person.add(AllDay(STAY.arrival, STAY.departure), "Painters")
    both.rest()
    conflict = only(both)

    (way,) = of(ways(both, conflict), Action.MOVE_BLACKOUT)
    arrival = STAY.departure
    assert way.parameters["arrival"] == arrival.isoformat()
    resolve(both, conflict, Action.MOVE_BLACKOUT, span=Nights(arrival, arrival + timedelta(days=3)))
    both.rest()

    assert sorted(shown(both)) == [said(STAY), said(Nights(arrival, arrival + timedelta(days=3)))]
    assert standing(both) == []


def test_an_event_of_ours_that_was_deleted_there_is_shown_again_or_stays_away(both: Synced) -> None:
    both.book(STAY)
    both.rest()
    both.there.person.delete(both.there.only())
    both.rest()
    conflict = only(both)
    assert [way.action for way in ways(both, conflict)] == [Action.SHOW, Action.HIDE]

    resolve(both, conflict, Action.HIDE)
    both.rest()

    assert (shown(both), standing(both)) == ([], [])


def test_what_found_no_room_is_left_out(google: GoogleCalendar, reaching: Runtime) -> None:
    both = BothSides.build(reaching, google, of_property=True)
    for unit in range(2):
        both.book(STAY, unit, guest=None)
    both.rest()
    both.person.creates("Painters", THEIRS.first, THEIRS.after, both.calendar)
    both.rest()
    conflict = only(both)
    assert conflict.type == "UNPLACED"

    resolve(both, conflict, Action.IGNORE_EVENT)
    assert standing(both) == []
    both.rest()

    assert (standing(both), both.blocks()) == ([], [])
    assert len(both.shown()) == 3, "and it is still there"

"""An event of others that becomes a booking, and what people do with it afterwards, over the whole engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from hub import clock as hub_clock
from hub.database import vault_of
from hub.domain.lifecycle import Status
from hub.domain.periods import Nights
from hub.errors import Conflict, HubError, NotFound, Refused
from hub.queries import changes
from sync import adopting, ignoring
from sync.adopting import Adopted, Adoption
from sync.runtime import Runtime
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.sync.both_sides import GUEST, BothSides, wired
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
    return BothSides.build(reaching, google)


def theirs(both: BothSides, span: Nights = STAY, words: str = "Ada, 2 nights") -> str:
    """An event that somebody writes there and that has been imported: its id there."""
    event: str = both.person.creates(words, span.arrival, span.departure, both.calendar)
    both.rest()
    return event


def adopted(both: BothSides, event_id: UUID | None = None, **fields: Any) -> Adopted:
    """The only event of others, unless it is said which."""
    wanted = Adoption(**{"guest": GUEST} | fields)
    named = event_id or both.events()[0].id
    return both.do(lambda session: adopting.adopt(session, both.link_id, named, wanted, DOMAIN))


def days(span: Nights) -> tuple[str, str]:
    return span.arrival.isoformat(), span.departure.isoformat()


def shown(both: BothSides) -> list[tuple[str, str]]:
    return [one[:2] for one in both.shown()]


def refused(kind: type[HubError], work: Callable[[], object]) -> str:
    with pytest.raises(kind) as refusal:
        work()
    return refusal.value.reasons[0].code


def test_an_adopted_event_is_a_booking_and_stays_the_same_event_with_our_words(both: BothSides) -> None:
    event = theirs(both)

    booked = adopted(both).booked
    assert (both.events(), both.blocks()) == ([], [])
    both.rest()

    assert (booked.booking.status, booked.booking.source) == (Status.CONFIRMED, "google_calendar")
    assert booked.items[0].unit_id == both.units[0]
    assert both.nights(booked) == [(STAY.arrival, STAY.departure)]
    assert list(both.there()) == [event]
    assert both.only()["summary"] != "Ada, 2 nights"
    assert both.only()["extendedProperties"]["private"]["hubItem"] == str(both.items()[0].id)
    assert (both.events(), both.blocks(), both.conflicts()) == ([], [], [])
    assert [item.origin for item in both.items()] == ["hub"]


def test_moved_there_it_moves_the_booking_and_cancelled_here_it_goes_there(both: BothSides) -> None:
    event = theirs(both)
    booked = adopted(both).booked
    both.rest()

    both.person.moves(event, LATER.arrival, LATER.departure, both.calendar)
    both.rest()
    assert both.nights(booked) == [(LATER.arrival, LATER.departure)]
    assert shown(both) == [days(LATER)]

    both.move(booked, STAY)
    both.rest()
    assert list(both.there()) == [event]
    assert shown(both) == [days(STAY)]

    both.cancel(booked)
    both.rest()
    assert both.there() == {}


def test_deleted_there_it_is_put_back_under_our_own_id(both: BothSides) -> None:
    event = theirs(both)
    booked = adopted(both).booked
    both.rest()

    both.person.deletes(event, both.calendar)
    both.rest()

    assert both.booking(booked).status == Status.CONFIRMED
    assert shown(both) == [days(STAY)]
    assert both.only()["id"] != event
    assert [conflict.type for conflict in both.conflicts()] == ["MIRROR_DELETED"]

    both.person.deletes(both.only()["id"], both.calendar)
    both.rest()
    assert shown(both) == [days(STAY)]
    both.cancel(booked)
    both.rest()
    assert (both.there(), both.conflicts()) == ({}, [])


def test_an_adopted_hold_that_is_deleted_there_is_given_up(both: BothSides) -> None:
    event = theirs(both)
    booked = adopted(both, status=Status.HELD).booked
    both.rest()

    both.person.deletes(event, both.calendar)
    both.rest()

    assert both.booking(booked).status == Status.CANCELLED
    assert both.there() == {}


def test_who_moves_it_while_it_is_adopted_moves_the_booking(both: BothSides) -> None:
    event = theirs(both)
    booked = adopted(both).booked
    both.person.moves(event, LATER.arrival, LATER.departure, both.calendar)

    both.rest()

    assert both.nights(booked) == [(LATER.arrival, LATER.departure)]
    assert shown(both) == [days(LATER)]


def test_who_deletes_it_while_it_is_adopted_does_not_cancel_the_booking(both: BothSides) -> None:
    event = theirs(both)
    booked = adopted(both).booked
    both.person.deletes(event, both.calendar)

    both.rest()

    assert both.booking(booked).status == Status.CONFIRMED
    assert shown(both) == [days(STAY)]


def test_once_adopted_and_synced_nothing_is_written_again(both: BothSides) -> None:
    theirs(both)
    adopted(both)
    both.rest()
    both.google.reset_log()

    both.sync()
    both.google.world.expire_sync_tokens(both.calendar)
    both.sync()

    assert both.google.writes() == []


def test_asked_again_it_is_the_same_booking(both: BothSides) -> None:
    theirs(both)
    event_id, item_id = both.events()[0].id, both.items()[0].id
    first = adopted(both, event_id)
    both.rest()

    again = [adopted(both, event_id), adopted(both, item_id)]

    assert first.new
    assert [(one.new, one.booked.booking.id) for one in again] == [(False, first.booked.booking.id)] * 2
    history = both.do(lambda session: changes.history(session, "sync_item", item_id))
    assert [change.action for change in history] == ["adopted"]


def test_the_words_that_give_way_to_ours_can_still_be_read(both: BothSides) -> None:
    theirs(both)
    booked = adopted(both).booked

    (told,) = both.conflicts("closed")

    assert (told.type, told.booking_id) == ("BOTH_CHANGED", booked.booking.id)
    texts = both.do(lambda session: vault_of(session).open(told.sealed or b""))
    assert texts["remote"]["summary"] == "Ada, 2 nights"


def test_an_event_of_hours_is_adopted_with_its_nights_and_shown_as_whole_days(both: BothSides) -> None:
    at = datetime.combine(STAY.arrival, time(14), UTC), datetime.combine(STAY.departure, time(9), UTC)
    both.person.creates("Ada", *at, both.calendar)
    both.rest()

    booked = adopted(both).booked
    both.rest()

    assert both.nights(booked) == [(STAY.arrival, STAY.departure)]
    assert shown(both) == [days(STAY)]


def test_a_unit_that_is_not_free_is_a_conflict_and_nothing_changes(both: BothSides) -> None:
    both.book(STAY)
    both.rest()
    event = theirs(both)
    assert [one.type for one in both.conflicts()] == ["EXTERNAL_OVERLAP"]

    code = refused(Conflict, lambda: adopted(both))

    assert code != ""
    assert [one.origin for one in both.items()] == ["hub", "remote"]
    assert len(both.events()) == 1
    assert [one.type for one in both.conflicts()] == ["EXTERNAL_OVERLAP"]
    assert both.there()[event]["summary"] == "Ada, 2 nights"


def test_the_unit_that_is_named_gets_it_and_the_conflict_of_the_event_closes(
    reaching: Runtime, google: GoogleCalendar
) -> None:
    both = BothSides.build(reaching, google, of_property=True)
    theirs(both, words="Ada")
    had = both.blocks()[0].unit_id
    other = next(unit for unit in both.units if unit != had)

    booked = adopted(both, unit_id=other).booked
    both.rest()

    assert booked.items[0].unit_id == other
    both.book(STAY, unit=both.units.index(had))
    both.rest()
    assert shown(both) == [days(STAY)] * 2
    assert both.conflicts() == []


def test_an_event_without_a_unit_needs_one_said_and_its_conflict_closes_with_it(
    reaching: Runtime, google: GoogleCalendar
) -> None:
    both = BothSides.build(reaching, google, of_property=True)
    taken = [both.book(STAY, unit=unit) for unit in range(2)]
    both.rest()
    theirs(both)
    assert [one.type for one in both.conflicts()] == ["UNPLACED"]

    assert refused(Refused, lambda: adopted(both)) == "required"
    both.cancel(taken[1])
    booked = adopted(both, unit_id=both.units[1]).booked

    assert booked.items[0].unit_id == both.units[1]
    assert both.conflicts() == []


def test_what_recurs_is_ignored_or_not_theirs_is_not_adopted(both: BothSides) -> None:
    both.book(LATER)
    series = both.person.creates(
        "Cleaning", STAY.arrival, STAY.departure, both.calendar, recurrence=["RRULE:FREQ=MONTHLY;COUNT=3"]
    )
    both.rest()
    ours = next(item for item in both.items() if item.origin == "hub")

    assert refused(Conflict, lambda: adopted(both)) == "recurs"
    assert refused(NotFound, lambda: adopted(both, ours.id)) == "not_found"
    assert refused(NotFound, lambda: adopted(both, both.units[0])) == "not_found"
    assert refused(Refused, lambda: adopted(both, unit_id=both.link_id)) == "unknown"

    both.person.deletes(series, both.calendar)
    both.rest()
    theirs(both)
    item_id = both.items()[-1].id

    def ignore(session: Session) -> None:
        ignoring.ignore(session, both.link_id, item_id)

    both.do(ignore)
    both.rest()
    assert refused(Conflict, lambda: adopted(both, item_id)) == "ignored"


def test_a_link_that_only_imports_adopts_nothing(reaching: Runtime, google: GoogleCalendar) -> None:
    both = BothSides.build(reaching, google, direction="import")
    theirs(both)

    assert refused(Conflict, lambda: adopted(both)) == "import_only"
    assert date.fromisoformat(both.shown()[0][0]) == STAY.arrival

"""Who is forgotten here is named in no calendar either, nor in what is kept of its events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from hub import clock as hub_clock
from hub.database import vault_of
from hub.domain.periods import Nights
from hub.services import privacy
from hub.services.bookings import Booked
from hub.services.guests import GuestFields
from sync import relay
from sync.runtime import Runtime
from tests.conftest import FrozenClock
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.sync.both_sides import BothSides, wired

NAME = "Wilhelmina Vandersloot"
GUEST = GuestFields(NAME, "w@example.com", "+34 600 000 001", "Mrs Vandersloot likes tea")
TODAY = hub_clock.now().date()
STAY = Nights(TODAY + timedelta(days=30), TODAY + timedelta(days=33))
AGES = timedelta(days=100)


@pytest.fixture
def google() -> Iterator[GoogleCalendar]:
    double = GoogleCalendar()
    with wired(double):
        yield double
    assert double.violations == []


@pytest.fixture
def both(reaching: Runtime, google: GoogleCalendar) -> BothSides:
    """A calendar that names guests."""
    return BothSides.build(reaching, google, settings={"tells": "guest"})


@pytest.fixture
def discreet(reaching: Runtime, google: GoogleCalendar) -> BothSides:
    """A calendar that names none of its own accord."""
    return BothSides.build(reaching, google)


def erase(both: BothSides, booked: Booked) -> None:
    guest_id = booked.booking.guest_id
    assert guest_id is not None
    both.do(lambda session: privacy.erase(session, guest_id, force=True))


def named(both: BothSides) -> bool:
    """At Google."""
    return "Vandersloot" in json.dumps(both.there())


def kept(both: BothSides) -> str:
    """All that the engine keeps in words."""

    def work(session: Session) -> list[Any]:
        vault = vault_of(session)
        sealed = [one for item in both.items() for one in (item.remote_sealed, item.text_sealed)]
        sealed += [one.sealed for state in ("open", "closed") for one in both.conflicts(state)]
        return [vault.open(one) for one in sealed if one is not None]

    return json.dumps(both.do(work))


def test_who_is_forgotten_is_named_in_no_calendar_and_the_event_stays(both: BothSides) -> None:
    booked = both.book(STAY, guest=GUEST)
    both.rest()
    assert named(both)
    assert NAME in kept(both)

    erase(both, booked)
    assert "Vandersloot" not in kept(both)
    both.rest()

    assert not named(both)
    assert "Vandersloot" not in kept(both)
    assert [one[:2] for one in both.shown()] == [(STAY.arrival.isoformat(), STAY.departure.isoformat())]


def test_an_event_of_a_stay_that_is_over_is_rewritten_too(both: BothSides, clock: FrozenClock) -> None:
    booked = both.book(STAY, guest=GUEST)
    both.rest()
    clock.advance(AGES)
    both.rest()
    assert named(both)

    erase(both, booked)
    both.rest()

    assert not named(both)
    assert len(both.there()) == 1


def test_an_event_that_was_deleted_after_the_stay_does_not_come_back_without_the_name(
    both: BothSides, clock: FrozenClock
) -> None:
    booked = both.book(STAY, guest=GUEST)
    both.rest()
    clock.advance(AGES)
    both.person.deletes(both.only()["id"], both.calendar)
    both.rest()
    effects = len(both.google.effects())

    erase(both, booked)
    both.rest()

    assert both.there() == {}
    assert len(both.google.effects()) == effects
    assert both.conflicts("closed") == []


def test_what_a_person_wrote_on_the_event_goes_with_the_guest(discreet: BothSides) -> None:
    booked = discreet.book(STAY, guest=GUEST)
    discreet.rest()
    discreet.person.edits(discreet.only()["id"], discreet.calendar, summary=f"VIP {NAME}")
    discreet.rest()
    assert named(discreet)
    assert any(item.text_sealed for item in discreet.items())

    erase(discreet, booked)
    discreet.rest()

    assert not named(discreet)
    assert "Vandersloot" not in kept(discreet)
    assert not any(item.text_sealed or item.text_of for item in discreet.items())


def test_texts_that_were_in_dispute_go_with_the_guest(both: BothSides) -> None:
    booked = both.book(STAY, guest=GUEST)
    both.rest()
    both.person.deletes(both.only()["id"], both.calendar)
    both.rest()
    assert [one.type for one in both.conflicts()] == ["MIRROR_DELETED"]
    assert all(one.sealed for one in both.conflicts())

    erase(both, booked)

    assert [one.sealed for one in both.conflicts()] == [None]


def test_words_that_were_seen_and_not_yet_planned_are_not_taken_for_a_person_s_blank(
    discreet: BothSides,
) -> None:
    """The hash of what was seen stays, and its words are gone: the event says what we say, not nothing."""
    booked = discreet.book(STAY, guest=GUEST)
    discreet.rest()
    (ours,) = discreet.shown()
    event = discreet.only()
    discreet.person.edits(event["id"], discreet.calendar, summary=f"VIP {NAME}")
    seen_only(discreet)
    assert NAME in kept(discreet)

    erase(discreet, booked)
    discreet.rest()

    assert discreet.shown() == [ours]
    assert "Vandersloot" not in kept(discreet)


def seen_only(both: BothSides) -> None:
    """A pass that ends, as by a crash, between seeing a change and planning it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sync.push.settle", lambda *_: None)
        relay.relay(both.runtime)
        both.sync()


def test_nothing_else_is_written_and_a_second_erasure_writes_nothing(both: BothSides) -> None:
    booked = both.book(STAY, guest=GUEST)
    other = both.book(Nights(STAY.departure, STAY.departure + timedelta(days=2)), guest=GuestFields("Ada"))
    both.rest()
    written = len(both.google.effects())

    erase(both, booked)
    both.rest()
    assert len(both.google.effects()) == written + 1
    assert "Ada" in json.dumps(both.there())

    erase(both, booked)
    both.rest()
    assert len(both.google.effects()) == written + 1
    assert both.booking(other).guest_id is not None


def test_an_export_says_in_which_calendars_a_person_s_bookings_are(both: BothSides) -> None:
    booked = both.book(STAY, guest=GUEST)
    both.book(Nights(STAY.departure, STAY.departure + timedelta(days=2)), guest=GuestFields("Ada"))
    both.rest()
    guest_id = booked.booking.guest_id
    assert guest_id is not None

    told = both.do(lambda session: privacy.export(session, guest_id))

    (event,) = [name for name, one in both.there().items() if NAME in json.dumps(one)]
    assert told["calendars"] == [
        {
            "booking_item_id": str(booked.items[0].id),
            "link_id": str(both.link_id),
            "connector": "google_calendar",
            "channel": "Casa Azul",
            "event_id": event,
        }
    ]

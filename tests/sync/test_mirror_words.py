"""In whose words a calendar shows what we have, and what it must never say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from hub.domain.lifecycle import Status
from hub.domain.periods import Hours
from hub.services import bookings, privacy
from hub.services.guests import GuestFields
from sync import linking
from tests.conftest import FrozenClock
from tests.sync.exporting import GUEST, NOW, Place, july
from tests.sync.mirroring import Wall, a_car, book, close

TEN = datetime(2026, 7, 3, 8, tzinfo=UTC)
"""In Madrid"""
SECRETS = ("wilhelmina", "grünwald", "600 123", "600123", "arrives late", "arrives")


@pytest.fixture(autouse=True)
def _on_the_first_of_june(clock: FrozenClock) -> None:
    clock.at(NOW)


def _rental(hours: int = 4) -> Hours:
    return Hours(TEN, TEN + timedelta(hours=hours))


def _said(mirrors: Any) -> str:
    return " ".join(f"{one.content.summary} {one.content.description}" for one in mirrors).lower()


def test_as_much_is_told_as_the_link_says(place: Place) -> None:
    booked = book(place, (july(3, 7), place.units[0]))
    reference = booked.booking.reference
    busy, plain, guest = (
        Wall.hang(place, options={"tells": tells}).shows(booked) for tells in ("busy", "reference", "guest")
    )
    assert busy[0].content.summary == "Busy: Room 1"
    assert plain[0].content.summary == f"Room 1: {reference}, 1 guest"
    assert guest[0].content.summary == "Room 1: Wilhelmina Grünwald, 1 guest"
    assert "Telephone: +34600123456" in guest[0].content.description


def test_a_calendar_that_tells_busy_says_nothing_of_guest_booking_or_note(place: Place) -> None:
    template = {"looks": {"booking": {"description": "In {unit} of {property}"}}}
    wall = Wall.hang(place, options={"tells": "busy", "turnaround": True, **template})
    car = a_car(place)
    booked = book(place, (july(3, 7), place.units[0]), (_rental(), car))
    held = book(place, (july(8, 9), place.units[0]), status=Status.HELD)
    closed = close(place, place.units[1], july(3, 7), note="Wilhelmina arrives late")
    shown = [*wall.shows(booked), *wall.shows(held), *wall.shows(closed)]
    assert len(shown) == 5
    said = _said(shown)
    for secret in (*SECRETS, booked.booking.reference.lower(), held.booking.reference.lower(), "maintenance"):
        assert secret not in said
    assert "in room 1 of casa azul" in said


def test_a_calendar_that_tells_references_says_nothing_of_the_guest_nor_what_staff_wrote(
    place: Place,
) -> None:
    template = {"looks": {"booking": {"description": "{reference} {status} {guests} {source} {arrival}"}}}
    wall = Wall.hang(place, options={"turnaround": True, **template})
    booked = book(place, (july(3, 7), place.units[0]), (_rental(), a_car(place)))
    closed = close(place, place.units[1], july(3, 7), note="Wilhelmina arrives late")
    said = _said([*wall.shows(booked), *wall.shows(closed)])
    assert f"{booked.booking.reference.lower()} confirmed 1 direct 2026-07-03" in said
    for secret in SECRETS:
        assert secret not in said


def test_staffs_note_on_a_blackout_is_told_where_guests_are(place: Place) -> None:
    wall = Wall.hang(place, options={"tells": "guest"})
    closed = close(place, place.units[0], july(3, 7), note="the plumber")
    assert "Note: the plumber" in wall.one(closed).content.description


def test_who_was_forgotten_is_a_reference(place: Place) -> None:
    booked = book(place, (july(3, 7), place.units[0]))
    guest_id = booked.booking.guest_id
    assert guest_id is not None
    wall = Wall.hang(place, options={"tells": "guest"})
    place.do(lambda session: privacy.erase(session, guest_id, force=True))
    plain = Wall.hang(place).one(booked)
    assert wall.one(booked).content == plain.content


def test_a_booking_without_a_guest_is_a_reference(place: Place) -> None:
    booked = book(place, (july(3, 7), place.units[0]), guest=None)
    assert Wall.hang(place, options={"tells": "guest"}).one(booked).content.summary == (
        f"Room 1: {booked.booking.reference}, 1 guest"
    )


def test_a_guest_whose_name_is_a_template_is_called_just_that(place: Place) -> None:
    options = {"tells": "guest", "looks": {"booking": {"description": "{name}!"}}}
    booked = book(place, (july(3, 7), place.units[0]), guest=GuestFields("{email} {0} {{", GUEST.email))
    said = Wall.hang(place, options=options).one(booked).content
    assert said.description.startswith("{email} {0} {{!\n")


def test_colours_go_by_kind(place: Place) -> None:
    kinds = ("booking", "hold", "blackout", "turnaround")
    options = {"turnaround": True, "looks": {kind: {"colour": kind} for kind in kinds}}
    wall = Wall.hang(place, options=options)
    booked = book(place, (_rental(), a_car(place)))
    held = book(place, (july(3, 7), place.units[0]), status=Status.HELD)
    closed = close(place, place.units[1], july(3, 7))
    shown = [*wall.shows(booked), *wall.shows(held), *wall.shows(closed)]
    assert [mirror.colour for mirror in shown] == ["booking", "turnaround", "hold", "blackout"]


def test_a_link_whose_events_are_to_go_shows_nothing(place: Place) -> None:
    wall = Wall.hang(place)
    booked = book(place, (july(3, 7), place.units[0]))
    place.do(lambda session: session.execute(text("UPDATE links SET emptying = true")))
    assert wall.shows(booked) == []
    place.do(lambda session: linking.unlink(session, wall.link_id))


def test_who_comes_may_change(place: Place) -> None:
    booked = book(place, (july(3, 7), place.units[0]))
    wall = Wall.hang(place, options={"tells": "guest"})
    place.do(lambda session: bookings.amend(session, booked.booking.id, guest=GuestFields("Ida"), guests=2))
    assert wall.one(booked).content.summary == "Room 1: Ida, 2 guests"

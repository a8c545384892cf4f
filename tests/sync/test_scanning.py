"""Comparing everything that a calendar is to show with what was agreed on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from connectors.mirroring import Appearance, Kind, MirrorOptions
from hub.domain.periods import Hours
from hub.services import bookings, rebooking
from hub.services.rebooking import MoveRequest
from sync import signing, touching
from sync.planning import content
from sync.relay import relay
from tests.conftest import FrozenClock
from tests.sync.exporting import NOW, Place, july
from tests.sync.mirroring import Wall, a_car, book, close, locals_of

TEN = datetime(2026, 7, 3, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _on_the_first_of_june(clock: FrozenClock) -> None:
    clock.at(NOW)


def _heard(place: Place) -> None:
    for _ in range(10):
        if not relay(place.runtime):
            return


def _touch(place: Place, *booking_ids: UUID) -> tuple[UUID, ...]:
    return place.do(lambda session: touching.touch(session, booking_ids, []))


def test_a_scan_finds_what_was_there_before_the_link(place: Place) -> None:
    booked = book(place, (july(3, 7), place.units[0]), (Hours(TEN, TEN + timedelta(hours=2)), a_car(place)))
    closed = close(place, place.units[1], july(3, 7))
    wall = Wall.hang(place, options={"turnaround": True})
    assert wall.scan() == 4
    assert wall.touched() == wall.in_scope()
    assert wall.touched() >= locals_of(place, closed)
    assert ("turnaround", booked.items[1].id) in wall.touched()


def test_a_scan_of_what_is_agreed_on_touches_nothing(place: Place, clock: FrozenClock) -> None:
    wall = Wall.hang(place, options={"turnaround": True, "tells": "guest"})
    book(place, (july(3, 7), place.units[0]), (Hours(TEN, TEN + timedelta(hours=2)), a_car(place)))
    close(place, place.units[1], july(3, 7), note="the plumber")
    wall.scan()
    wall.agree()
    assert wall.scan() == 0
    clock.at(datetime(2026, 8, 1, tzinfo=UTC))
    assert wall.scan() == 0, "what is only over stays as it is"


@pytest.mark.parametrize("at_once", [1, 1000])
def test_a_scan_finds_what_changed_while_nobody_was_told(
    place: Place, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(touching, "AT_ONCE", at_once)
    wall = Wall.hang(place)
    moved = book(place, (july(3, 7), place.units[0]))
    gone = book(place, (july(3, 7), place.units[1]))
    wall.scan()
    wall.agree()
    request = MoveRequest(moved.items[0].id, span=july(20, 22))
    place.do(lambda session: rebooking.move(session, moved.booking.id, [request]))
    place.cancel(gone)
    assert wall.scan() == 2
    assert wall.touched() == {("booking_item", one.items[0].id) for one in (moved, gone)}


def test_a_scan_finds_that_turnaround_is_shown_no_longer(place: Place) -> None:
    wall = Wall.hang(place, options={"turnaround": True})
    booked = book(place, (Hours(TEN, TEN + timedelta(hours=2)), a_car(place)))
    wall.scan()
    wall.agree()
    plain = Wall(place, wall.link_id, Wall.hang(place).options)
    assert plain.scan() == 1
    assert plain.touched() == {("turnaround", booked.items[0].id)}


def test_a_scan_finds_that_a_colour_was_chosen(place: Place) -> None:
    wall = Wall.hang(place)
    booked = book(place, (july(3, 7), place.units[0]))
    close(place, place.units[1], july(3, 7))
    wall.scan()
    wall.agree()
    coloured = MirrorOptions(looks={Kind.BOOKING: Appearance(colour="5")})
    assert Wall(place, wall.link_id, coloured).scan() == 1
    assert wall.touched() == {("booking_item", booked.items[0].id)}


def test_what_a_person_wrote_instead_is_kept_until_we_would_say_something_else(place: Place) -> None:
    wall = Wall.hang(place)
    booked = book(place, (july(3, 7), place.units[0]))
    wall.scan()
    wall.agree()

    def reword(session: Session) -> None:
        said = content.groups(wall.one(booked).content, signing.content_key(session))["text"]
        session.execute(
            text(
                "UPDATE sync_items SET text_sealed = '\\x00', text_of = :said,"
                " base_local = jsonb_set(base_local, '{text}', '\"theirs\"')"
            ),
            {"said": said},
        )

    place.do(reword)
    assert wall.scan() == 0
    place.do(lambda session: bookings.amend(session, booked.booking.id, guests=2))
    assert wall.scan() == 1


def test_what_a_person_hid_is_not_compared(place: Place) -> None:
    wall = Wall.hang(place)
    book(place, (july(3, 7), place.units[0]))
    wall.scan()
    place.do(lambda session: session.execute(text("UPDATE sync_items SET hidden = true, touched = false")))
    assert wall.scan() == 0

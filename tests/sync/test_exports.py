"""The history of our feeds: written when they are published, and read with what the ledger knows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Row

from connectors.contract import Nature
from hub import clock
from hub.queries import exports as query
from hub.services import rebooking
from hub.services.rebooking import MoveRequest
from sync import exports
from tests.conftest import FrozenClock
from tests.sync.echoing import closed, fetched, looked, said, tells
from tests.sync.exporting import NOW, Place, july

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _on_the_first_of_june(clock: FrozenClock) -> None:
    clock.at(NOW)


@pytest.fixture
def link(place: Place) -> UUID:
    return place.link(unit_id=place.units[0])


def read(place: Place, link_id: UUID) -> list[Row[Any]]:
    now = clock.now()
    week = now - timedelta(days=7)
    return list(place.do(lambda session: query.of_time(session, link_id, [link_id], week, now)))


def test_what_a_feed_says_is_written_down_with_the_revision_that_says_it(place: Place, link: UUID) -> None:
    item = place.book(place.units[0], july(3, 7)).items[0]
    place.feed(link)
    (row,) = said(place, link)
    assert (row.uid, row.origin, row.kind) == (item.uid, item.uid, "booking")
    assert (row.starts_at, row.ends_at) == (
        datetime(2026, 7, 3, 10, tzinfo=UTC),
        datetime(2026, 7, 7, 10, tzinfo=UTC),
    )
    assert (row.since_revision, row.since_at, row.until_at, row.seen) == (1, NOW, None, False)


def test_a_feed_that_says_the_same_adds_nothing(place: Place, link: UUID, clock: FrozenClock) -> None:
    place.book(place.units[0], july(3, 7))
    place.feed(link)
    before = [row.id for row in said(place, link)]
    clock.advance(HOUR)
    place.feed(link)
    assert [row.id for row in said(place, link)] == before


def test_what_moved_ends_in_the_revision_in_which_it_begins_elsewhere(
    place: Place, link: UUID, clock: FrozenClock
) -> None:
    booked = place.book(place.units[0], july(3, 7))
    place.feed(link)
    clock.advance(HOUR)
    move = MoveRequest(booked.items[0].id, span=july(4, 9))
    place.do(lambda session: rebooking.move(session, booked.booking.id, [move]))
    place.feed(link)
    old, new = said(place, link)
    assert (old.uid, old.until_revision, old.until_at) == (new.uid, 2, NOW + HOUR)
    assert (new.since_revision, new.starts_at.day, new.ends_at.day, new.until_at) == (2, 4, 9, None)


def test_only_what_was_fetched_while_it_stood_there_was_seen(
    place: Place, link: UUID, clock: FrozenClock
) -> None:
    early = place.book(place.units[0], july(3, 7))
    fetched(place, link)
    late = place.book(place.units[0], july(10, 12))
    place.feed(link)
    clock.advance(HOUR)
    place.cancel(early)
    place.cancel(late)
    fetched(place, link)
    assert [(row.starts_at.day, row.seen) for row in said(place, link)] == [(3, True), (10, False)]


def test_a_fetch_that_is_written_down_late_counts(place: Place, link: UUID, clock: FrozenClock) -> None:
    booked = place.book(place.units[0], july(3, 7))
    revision = place.feed(link).revision
    clock.advance(HOUR)
    place.cancel(booked)
    place.feed(link)
    assert [row.seen_at for row in read(place, link)] == [None]
    looked(place, link, revision)
    assert [row.seen_at for row in read(place, link)] == [NOW + HOUR]


def test_it_is_lost_once_every_program_that_had_it_came_again(
    place: Place, link: UUID, clock: FrozenClock
) -> None:
    booked = place.book(place.units[0], july(3, 7))
    for reader in ("Airbnb", "Google Calendar", "a web browser"):
        fetched(place, link, reader)
    place.cancel(booked)
    for reader, lost_at in (("a web browser", None), ("Vrbo", None), ("Airbnb", None)):
        clock.advance(HOUR)
        fetched(place, link, reader)
        assert [row.lost_at for row in read(place, link)] == [lost_at]
    clock.advance(HOUR)
    fetched(place, link, "Google Calendar")
    assert [row.lost_at for row in read(place, link)] == [NOW + 4 * HOUR]


def test_what_is_relayed_is_written_down_with_the_link_that_told_it(place: Place, link: UUID) -> None:
    told = place.link("import", unit_id=place.units[0])
    tells(place, told, closed("a", july(3, 7), Nature.STAY))
    place.feed(link)
    (row,) = said(place, link)
    assert exports.teller(row.kind) == told
    assert exports.teller("booking") is None


def test_feeds_of_the_same_units_are_found_from_any_of_them(place: Place, link: UUID) -> None:
    of_type = place.link(unit_type_id=place.unit_type_id)
    of_all = place.link()
    of_other = place.link(unit_id=place.units[1])
    place.link("import", unit_id=place.units[0])

    found = place.do(lambda session: query.feeding(session, place.property_id, [place.units[0]]))

    assert {one.link_id: one.leaves for one in found} == {
        link: {place.units[0]},
        of_type: set(place.units),
        of_all: set(place.units),
    }
    assert of_other not in {one.link_id for one in found}

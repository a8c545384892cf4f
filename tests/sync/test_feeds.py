"""Our feeds: what they say of a unit, when they say something new, and by which address."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from hub.domain.lifecycle import Status
from hub.domain.periods import Hours
from hub.errors import NotFound
from hub.models.external import ExternalBlock
from hub.models.links import FeedEntry, FeedSnapshot
from hub.models.properties import Property
from hub.queries import links as links_query
from hub.services import blackouts, rebooking
from hub.services.blackouts import BlackoutRequest
from hub.services.rebooking import MoveRequest
from sync import feeds, linking
from sync.runtime import Runtime
from tests import servers
from tests.conftest import FrozenClock
from tests.sync.exporting import DOMAIN, GUEST, NOW, Place, another_process, dates, events, july


@pytest.fixture(autouse=True)
def _on_the_first_of_june(clock: FrozenClock) -> None:
    clock.at(NOW)


# A unit


def test_a_booking_is_in_the_feed_of_its_unit_and_of_no_other(place: Place) -> None:
    first, second = (place.link(unit_id=unit) for unit in place.units)
    item = place.book(place.units[0], july(3, 7)).items[0]
    (event,) = events(place.feed(first).body)
    assert (event.start, event.end) == dates(july(3, 7))[0]
    assert (event["UID"], event["SUMMARY"], event["SEQUENCE"]) == (item.uid, "Reserved", 0)
    assert event["DTSTAMP"].dt == NOW
    assert place.busy(second) == []


def test_nothing_of_the_guest_nor_the_reference_is_in_the_bytes(place: Place) -> None:
    link, told = place.link(unit_id=place.units[0]), place.link("import", unit_id=place.units[0])
    booked = place.book(place.units[0], july(3, 7))
    place.told(told, july(10, 12))
    body = place.feed(link).body.replace(b"\r\n ", b"").decode().lower()
    assert body.count("begin:vevent") == 2
    assert GUEST.email is not None
    secrets = ("wilhelmina", "grünwald", GUEST.email, "600 123", "600123456", "arrives late")
    for secret in (*secrets, booked.booking.reference):
        assert secret.lower() not in body


def test_what_is_unchanged_has_the_same_bytes_in_every_process_and_at_any_time(
    place: Place, database: servers.Database, clock: FrozenClock
) -> None:
    link = place.link(unit_id=place.units[0])
    place.book(place.units[0], july(3, 7))
    first = place.feed(link)
    clock.advance(timedelta(days=3))
    elsewhere = another_process(database)
    assert feeds.current(elsewhere, place.organization_id, link) == first
    elsewhere.close()
    assert first.etag == f'"{hashlib.sha256(first.body).hexdigest()}"'
    assert first.revision == 1


def test_a_booking_makes_a_new_revision_and_leaves_the_others_as_they_were(
    place: Place, clock: FrozenClock
) -> None:
    link = place.link(unit_id=place.units[0])
    place.book(place.units[0], july(3, 7))
    before = place.feed(link)
    clock.advance(timedelta(hours=1))
    place.book(place.units[0], july(10, 12))
    after = place.feed(link)
    assert after.etag != before.etag
    assert (after.revision, after.modified_at) == (2, NOW + timedelta(hours=1))
    assert [event["DTSTAMP"].dt for event in events(after.body)] == [NOW, NOW + timedelta(hours=1)]


def test_a_moved_booking_keeps_its_uid_and_says_that_it_changed(place: Place, clock: FrozenClock) -> None:
    link = place.link(unit_id=place.units[0])
    booked = place.book(place.units[0], july(3, 7))
    place.feed(link)
    clock.advance(timedelta(hours=1))
    move = MoveRequest(booked.items[0].id, span=july(4, 9))
    place.do(lambda session: rebooking.move(session, booked.booking.id, [move]))
    (event,) = events(place.feed(link).body)
    assert (event.start, event.end) == dates(july(4, 9))[0]
    assert (event["UID"], event["SEQUENCE"]) == (booked.items[0].uid, 1)
    assert event["DTSTAMP"].dt == NOW + timedelta(hours=1)


def test_a_cancelled_booking_disappears_and_is_remembered_as_withdrawn(place: Place) -> None:
    link = place.link(unit_id=place.units[0])
    booked = place.book(place.units[0], july(3, 7))
    place.feed(link)
    place.cancel(booked)
    assert place.busy(link) == []
    (entry,) = place.do(lambda session: session.scalars(_entries(link)).all())
    assert (entry.uid, entry.withdrawn_at is None) == (booked.items[0].uid, False)


def test_what_leaves_a_unit_and_comes_back_goes_on_counting_its_versions(place: Place) -> None:
    link = place.link(unit_id=place.units[0])
    booked = place.book(place.units[0], july(3, 7))
    place.feed(link)
    for unit in reversed(place.units):
        moves = [MoveRequest(booked.items[0].id, unit_id=unit)]
        place.do(partial(rebooking.move, booking_id=booked.booking.id, requests=moves))
        place.feed(link)
    (event,) = events(place.feed(link).body)
    assert (event["UID"], event["SEQUENCE"]) == (booked.items[0].uid, 1)


def test_a_hold_is_busy_until_the_moment_it_lapses_without_any_worker(
    place: Place, clock: FrozenClock
) -> None:
    link = place.link(unit_id=place.units[0])
    held = place.book(place.units[0], july(3, 7), Status.HELD).booking.hold_until
    assert held is not None
    clock.at(held - timedelta(seconds=1))
    assert place.busy(link) == dates(july(3, 7))
    clock.at(held)
    assert place.busy(link) == []


def test_a_blackout_is_not_available_and_its_note_stays_with_us(place: Place) -> None:
    link = place.link(unit_id=place.units[0])
    request = BlackoutRequest(place.units[0], july(3, 7), "maintenance", "the boiler of Wilhelmina")
    row = place.do(lambda session: blackouts.add(session, request, DOMAIN))
    body = place.feed(link).body
    (event,) = events(body)
    assert (event["UID"], event["SUMMARY"]) == (row.uid, "Not available")
    assert b"oiler" not in body
    assert b"aintenance" not in body


def test_the_nights_of_turnaround_are_busy_too(runtime: Runtime) -> None:
    place = Place.build(runtime, 1, turnaround=2)
    link = place.link(unit_id=place.units[0])
    place.book(place.units[0], july(3, 7))
    assert place.busy(link) == dates(july(3, 9))


def test_what_is_let_by_the_hour_is_said_in_instants(runtime: Runtime) -> None:
    place = Place.build(runtime, 1, let_by="hour", category="car", turnaround=2)
    link = place.link(unit_id=place.units[0])
    hours = Hours(datetime(2026, 7, 3, 8, tzinfo=UTC), datetime(2026, 7, 3, 12, tzinfo=UTC))
    place.book(place.units[0], hours)
    assert place.busy(link) == [(hours.starts_at, hours.ends_at + timedelta(hours=2))]


def test_a_stay_is_in_the_feed_for_a_month_after_its_end(place: Place, clock: FrozenClock) -> None:
    link = place.link(unit_id=place.units[0])
    place.book(place.units[0], july(3, 7))
    clock.at(datetime(2026, 8, 6, 8, tzinfo=UTC))
    assert place.busy(link) == dates(july(3, 7))
    clock.at(datetime(2026, 8, 9, 8, tzinfo=UTC))
    assert place.busy(link) == []


# Tokens


def test_a_rotated_address_opens_nothing_any_more_and_the_new_one_the_same_bytes(place: Place) -> None:
    link = place.link(unit_id=place.units[0])
    place.book(place.units[0], july(3, 7))
    old = place.token(link)
    before = feeds.of_token(place.runtime, old)
    place.do(lambda session: linking.rotate_feed(session, link))
    with pytest.raises(NotFound):
        feeds.of_token(place.runtime, old)
    with pytest.raises(NotFound):
        feeds.of_token(place.runtime, old, before)
    assert place.token(link) != old
    assert feeds.of_token(place.runtime, place.token(link)) == before


def test_a_token_is_stored_as_a_hash_and_sealed(place: Place) -> None:
    link = place.link(unit_id=place.units[0])
    token = place.token(link)
    row = place.do(lambda session: links_query.one(session, link))
    assert row.feed_token_hash == hashlib.sha256(token.encode()).digest()
    assert row.feed_token_sealed is not None
    assert token.encode() not in row.feed_token_sealed


def test_a_link_that_only_imports_has_no_feed(place: Place) -> None:
    link = place.link("import", unit_id=place.units[0])
    with pytest.raises(NotFound):
        place.feed(link)
    with pytest.raises(AssertionError):
        place.token(link)


def test_an_unchanged_feed_is_given_back_as_it_was_and_writes_nothing(place: Place) -> None:
    link = place.link(unit_id=place.units[0])
    place.book(place.units[0], july(3, 7))
    known = feeds.of_token(place.runtime, place.token(link))
    written_by = select(text("xmin::text")).select_from(FeedSnapshot).where(FeedSnapshot.id == link)
    before = place.do(lambda session: session.scalars(written_by).one())
    assert feeds.of_token(place.runtime, place.token(link), known) is known
    assert place.do(lambda session: session.scalars(written_by).one()) == before


def test_two_revisions_within_one_second_differ_in_their_date(place: Place) -> None:
    link = place.link(unit_id=place.units[0])
    dated = []
    for day in (3, 5, 7):
        place.book(place.units[0], july(day, day + 1))
        dated.append(place.feed(link).modified_at.replace(microsecond=0))
    assert len(set(dated)) == 3


def test_a_new_name_is_a_new_revision_but_no_new_version_of_the_entries(place: Place) -> None:
    link = place.link(unit_id=place.units[0])
    place.book(place.units[0], july(3, 7))
    before = place.feed(link)

    def rename(session: Session) -> None:
        row = session.get(Property, (place.organization_id, place.property_id))
        assert row is not None
        row.name = "Casa Verde"

    place.do(rename)
    after = place.feed(link)
    assert after.revision == before.revision + 1
    assert b"Casa Verde: Room 1" in after.body
    assert [event["SEQUENCE"] for event in events(after.body)] == [0]


def test_an_event_beyond_all_calendars_does_not_take_the_feed_down(place: Place) -> None:
    link, told = place.link(unit_id=place.units[0]), place.link("import", unit_id=place.units[0])
    place.told(told, july(3, 7))

    def stretch(session: Session) -> None:
        for block in session.scalars(select(ExternalBlock).where(ExternalBlock.link_id == told)):
            block.ends_at = block.free_at = datetime(9998, 12, 30, tzinfo=UTC)

    place.do(stretch)
    ((first, after),) = place.busy(link)
    assert (first, after.year) == (july(3, 7).arrival, 9000)


def _entries(link_id: UUID) -> Any:
    return select(FeedEntry).where(FeedEntry.link_id == link_id)

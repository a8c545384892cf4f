"""What goes on around the events of a calendar of both directions: feeds, structure, guard, retention."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from hub import clock as hub_clock
from hub.domain.periods import Nights
from hub.errors import Conflict, Refused
from hub.queries import exports, external, retention
from hub.queries import links as links_query
from hub.services import bookings
from hub.services.asking import ItemRequest
from hub.services.bookings import BookingRequest
from sync import conflicts, feeds, foreign, guarding, seen
from sync.guarding import Action
from sync.restanding import restand
from tests.conftest import FrozenClock
from tests.sync.calendars import MADRID, at, day, noon
from tests.sync.importing import DOMAIN, Importer
from tests.sync.refitting import (
    changes_property,
    changes_type,
    free_at,
    refits,
    settled,
)
from tests.sync.theirs import item_of, once, stay, synced, tells, visit, written


@pytest.fixture(autouse=True)
def morning(clock: FrozenClock) -> FrozenClock:
    clock.at(datetime(2026, 6, 1, 10, tzinfo=MADRID))
    return clock


@pytest.fixture
def link(importer: Importer) -> UUID:
    return synced(importer)


def restood(importer: Importer, link: UUID) -> int:
    return importer.do(lambda session: restand(session, links_query.locked(session, link), hub_clock.now()))


def adopted(importer: Importer, link: UUID, key: str, stay: Nights) -> Mapping[UUID, frozenset[UUID]]:
    """An event becomes a booking: what it had."""

    def work(session: Session) -> Mapping[UUID, frozenset[UUID]]:
        row = links_query.locked(session, link)
        left = foreign.release_for_adoption(session, row, item_of(link, key))
        item = ItemRequest(stay, importer.units[0], None)
        bookings.book(session, BookingRequest(importer.property_id, (item,), 1, None), DOMAIN)
        conflicts.reconcile(session, left.keys())
        return left

    return importer.do(work)


# Adoption


def test_an_event_that_is_adopted_leaves_its_nights_to_the_booking_of_the_same_transaction(
    importer: Importer, link: UUID
) -> None:
    tells(importer, link, once("a", stay(day(20), day(23))), once("b", stay(day(30), day(33))))
    facts = "SELECT payload->>'cause' FROM outbox ORDER BY id"
    before = list(importer.run_sql(facts).scalars())

    left = adopted(importer, link, "a", Nights(day(20), day(23)))

    assert list(left.values()) == [{importer.units[0]}]
    assert [event.key for event in importer.events(link)] == ["b"]
    assert importer.conflicts() == []
    told = list(importer.run_sql(facts).scalars())[len(before) :]
    assert told
    assert "link.pulled" not in told
    actions = "SELECT action FROM changes WHERE entity = 'external_event' ORDER BY id"
    assert list(importer.run_sql(actions).scalars()) == ["added", "added", "adopted"]


def test_a_booking_in_place_of_an_event_that_stays_is_refused(importer: Importer, link: UUID) -> None:
    """The control."""
    tells(importer, link, once("a", stay(day(20), day(23))))

    with pytest.raises(Conflict):
        importer.book(Nights(day(20), day(23)), importer.units[0])


def test_the_conflict_of_an_adopted_event_is_closed(importer: Importer, link: UUID) -> None:
    importer.book(Nights(day(21), day(22)), importer.units[0])
    tells(importer, link, once("a", stay(day(20), day(23))))
    assert len(importer.conflicts()) == 1

    adopted(importer, link, "a", Nights(day(22), day(23)))

    assert importer.conflicts() == []
    assert importer.blocks(link) == []


# Structure


def test_terms_that_change_are_followed(importer: Importer, link: UUID) -> None:
    tells(importer, link, once("a", visit(at(20, 11), at(20, 15))), once("b", stay(day(30), day(31))))
    assert importer.periods(link) == [(noon(30), noon(31))]

    changes_property(importer, check_in=time(13))
    changes_type(importer, importer.unit_type_id, turnaround=1)
    settled(importer)

    assert importer.periods(link) == [(noon(20), noon(21)), (noon(30), noon(31))]
    assert free_at(importer, link) == {noon(22), noon(32)}
    before = written(importer, link)
    told = (once("a", visit(at(20, 11), at(20, 15))), once("b", stay(day(30), day(31))))
    assert not tells(importer, link, *told).changed
    assert written(importer, link) == before, "the next pass finds all as it must be"
    assert refits(importer, link) == 0


# Feeds


def test_what_they_say_is_in_the_feeds_to_other_channels(importer: Importer, link: UUID) -> None:
    other = importer.link("/other.ics", direction="two_way", name="Elsewhere")

    tells(importer, link, once("a", stay(day(20), day(23))))

    body = feeds.current(importer.runtime, importer.organization_id, other).body
    assert f"DTSTART;VALUE=DATE:{day(20):%Y%m%d}".encode() in body
    assert b"What a is" not in body


def test_what_stands_where_our_feed_is_busy_is_not_taken_for_our_word(
    importer: Importer, link: UUID, morning: FrozenClock
) -> None:
    """Also not by the hourly second look, which judges what feeds told by its content."""
    other = importer.link("/other.ics", direction="two_way", name="Elsewhere")
    importer.book(Nights(day(20), day(23)), importer.units[0])
    feeds.current(importer.runtime, importer.organization_id, other)
    morning.advance(timedelta(hours=1))

    tells(importer, link, once("a", stay(day(20), day(23))))
    before = written(importer, link)

    assert restood(importer, link) == 0
    assert written(importer, link) == before
    assert len(importer.conflicts()) == 1
    assert link not in importer.do(lambda session: external.links_to_restand(session, hub_clock.now()))


def test_the_second_look_leaves_alone_what_it_would_judge_otherwise(importer: Importer, link: UUID) -> None:
    """The control: without the item it is an event of a feed, and looked at."""
    tells(importer, link, once("a", stay(day(20), day(23))))
    importer.run_sql("UPDATE external_events SET standing = 'draining', draining_since = now()")
    assert restood(importer, link) == 0

    importer.run_sql("UPDATE external_events SET item_id = NULL")

    assert restood(importer, link) == 1


def test_a_calendar_of_both_directions_is_no_feed(importer: Importer, link: UUID) -> None:
    leaves = frozenset({importer.units[0]})

    def feeding() -> list[UUID]:
        found = importer.do(lambda session: exports.feeding(session, importer.property_id, leaves))
        return [one.link_id for one in found]

    assert feeding() == []
    other = importer.link("/other.ics", direction="two_way", name="Elsewhere")
    assert feeding() == [other]


def test_only_beside_a_feed_is_what_channels_told_looked_at_again(importer: Importer, link: UUID) -> None:
    """A calendar of both directions makes no echo in another channel's."""
    told = importer.link("/told.ics", name="Elsewhere")
    tells(importer, told, once("a", stay(day(20), day(23))))
    importer.run_sql("UPDATE external_events SET item_id = NULL")

    def looked_at() -> bool:
        return told in importer.do(lambda session: external.links_to_restand(session, hub_clock.now()))

    assert not looked_at()
    importer.link("/other.ics", direction="export", name="Third")
    assert looked_at()


def test_of_a_booking_only_feeds_are_reported_as_such(importer: Importer, link: UUID) -> None:
    other = importer.link("/other.ics", direction="two_way", name="Elsewhere")
    booked = importer.book(Nights(day(20), day(23)), importer.units[0])

    report = importer.do(lambda session: seen.of_booking(session, booked.booking.id, hub_clock.now()))

    assert {one.link_id for one in report.exports} == {other}
    assert {one.link_id for one in report.imports} == {link, other}


# The guard of feeds, and retention


@pytest.mark.parametrize("action", list(Action))
def test_the_guard_of_feeds_has_nothing_to_decide_there(
    importer: Importer, link: UUID, action: Action
) -> None:
    tells(importer, link, once("a", stay(day(20), day(23))))
    before = written(importer, link)

    with pytest.raises((Conflict, Refused)):
        importer.do(lambda session: guarding.decide(session, link, action))

    assert written(importer, link) == before


def test_the_texts_of_what_is_over_go_and_the_next_pass_does_not_bring_them_back(
    importer: Importer, link: UUID, morning: FrozenClock
) -> None:
    event = once("a", stay(day(1), day(3)))
    tells(importer, link, event)
    morning.advance(timedelta(days=10))

    gone = importer.do(lambda session: retention.clear_event_texts(session, hub_clock.now(), 100))
    tells(importer, link, event)

    assert gone == 1
    (held,) = importer.events(link)
    assert held.sealed == b""

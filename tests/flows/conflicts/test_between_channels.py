"""Two channels that both have a guest in one room."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from sync import feeds as our_feeds
from sync import guarding, linking
from sync.guarding import Action
from sync.relay import relay
from tests.conftest import FrozenClock
from tests.fakes.feed_server import Answer
from tests.flows.conflicts.playing import CLOSURE, STAY, UNTOLD, looks_again, span, whole
from tests.sync.calendars import day, nights
from tests.sync.channels import Synced
from tests.sync.importing import Importer

SEA, HILL = "/sea.ics", "/hill.ics"


@pytest.fixture
def sea(importer: Importer) -> UUID:
    return importer.link(SEA, name="Seaside")


@pytest.fixture
def hill(importer: Importer) -> UUID:
    return importer.link(HILL, name="Hilltop")


def tell(importer: Importer, link: UUID, feed: str, *events: str) -> None:
    importer.says(*events, feed=feed)
    importer.pull(link)


@pytest.mark.parametrize(
    ("first", "second"), [(STAY, STAY), (STAY, UNTOLD), (UNTOLD, STAY), (UNTOLD, UNTOLD)]
)
def test_two_feeds_with_a_guest_each(
    importer: Importer, sea: UUID, hill: UUID, clock: FrozenClock, first: str, second: str
) -> None:
    tell(importer, sea, SEA, nights("a", day(20), day(23), first))
    clock.advance(timedelta(minutes=1))
    tell(importer, hill, HILL, nights("b", day(22), day(25), second))

    (conflict,) = importer.conflicts()
    (was,), (came,) = importer.events(sea), importer.events(hill)
    assert (conflict.type, conflict.event_id, conflict.other_event_id) == (
        "EXTERNAL_OVERLAP",
        came.id,
        was.id,
    ), "what was here first is the other side"
    assert (conflict.link_id, conflict.unit_id) == (hill, importer.units[0])
    assert (conflict.local["source"], conflict.remote["source"]) == ("Seaside", "Hilltop")
    assert (conflict.local["from"], conflict.remote["from"]) == (day(20).isoformat(), day(22).isoformat())
    assert (conflict.booking_id, conflict.item_id) == (None, None)


@pytest.mark.parametrize("moves", ["the first", "the second"])
def test_it_follows_both_sides_and_closes_when_either_goes(
    importer: Importer, sea: UUID, hill: UUID, clock: FrozenClock, moves: str
) -> None:
    tell(importer, sea, SEA, nights("a", day(20), day(23)), nights("x", day(40), day(41)))
    clock.advance(timedelta(minutes=1))
    tell(importer, hill, HILL, nights("b", day(22), day(25)), nights("y", day(50), day(51)))
    (opened,) = importer.conflicts()

    if moves == "the first":
        tell(importer, sea, SEA, nights("a", day(20), day(24)), nights("x", day(40), day(41)))
        (still,) = importer.conflicts()
        assert (still.id, still.local["to"]) == (opened.id, day(24).isoformat())
        importer.says(nights("x", day(40), day(41)), feed=SEA)
        importer.pull_until_agreed(sea, clock)
    else:
        tell(importer, hill, HILL, nights("b", day(21), day(25)), nights("y", day(50), day(51)))
        (still,) = importer.conflicts()
        assert (still.id, still.remote["from"]) == (opened.id, day(21).isoformat())
        importer.says(nights("y", day(50), day(51)), feed=HILL)
        importer.pull_until_agreed(hill, clock)

    assert importer.conflicts() == []


@pytest.mark.parametrize(("first", "second"), [(STAY, CLOSURE), (CLOSURE, STAY), (CLOSURE, CLOSURE)])
def test_a_closure_is_nobodys_guest(
    importer: Importer, sea: UUID, hill: UUID, first: str, second: str
) -> None:
    tell(importer, sea, SEA, nights("a", day(20), day(23), first))
    tell(importer, hill, HILL, nights("b", day(20), day(23), second))

    assert importer.conflicts() == []
    assert importer.periods(sea) == importer.periods(hill), "it blocks all the same"


def test_two_events_of_one_channel_are_no_conflict(importer: Importer, sea: UUID) -> None:
    tell(importer, sea, SEA, nights("a", day(20), day(23)), nights("b", day(22), day(25)))

    assert importer.conflicts() == []


def test_two_guests_of_one_type_find_a_room_each(importer: Importer) -> None:
    """Calendars of a type: no leaf is taken twice."""
    sea = importer.link(SEA, name="Seaside", unit_type_id=importer.unit_type_id)
    hill = importer.link(HILL, name="Hilltop", unit_type_id=importer.unit_type_id)
    tell(importer, sea, SEA, nights("a", day(20), day(23)))
    tell(importer, hill, HILL, nights("b", day(20), day(23)))

    assert importer.conflicts() == []
    assert importer.names(sea) != importer.names(hill)


def test_a_calendar_of_one_room_meets_what_a_calendar_of_the_type_put_there(importer: Importer) -> None:
    sea = importer.link(SEA, name="Seaside", unit_type_id=importer.unit_type_id)
    tell(importer, sea, SEA, nights("a", day(20), day(23)))
    (name,) = importer.names(sea)
    room = importer.units[0] if name == "Room 1" else importer.units[1]
    hill = importer.link(HILL, name="Hilltop", unit_id=room)

    tell(importer, hill, HILL, nights("b", day(20), day(23)))

    (conflict,) = importer.conflicts()
    assert conflict.unit_id == room


def test_guests_that_leave_and_arrive_on_one_day_do_not_meet(
    importer: Importer, sea: UUID, hill: UUID
) -> None:
    tell(importer, sea, SEA, nights("a", day(20), day(23)))
    tell(importer, hill, HILL, nights("b", day(23), day(25)))

    assert importer.conflicts() == []


def test_what_our_own_feed_told_the_other_channel_is_no_second_guest(importer: Importer) -> None:
    """It shows what it imported from us, by whatever name."""
    sea = importer.link(SEA, name="Seaside")
    hill = importer.link(HILL, name="Hilltop", direction="two_way")
    tell(importer, sea, SEA, nights("a", day(20), day(23)))
    relay(importer.runtime)
    body = our_feeds.current(importer.runtime, importer.organization_id, hill).body
    importer.answers(Answer(body=body), feed=HILL)

    importer.pull(hill)

    assert importer.conflicts() == []


def test_a_guest_who_moves_from_one_channel_to_another_is_none_while_the_first_is_read_again(
    importer: Importer, sea: UUID, hill: UUID, clock: FrozenClock
) -> None:
    tell(importer, sea, SEA, nights("a", day(20), day(23)), nights("x", day(40), day(41)))
    clock.advance(timedelta(minutes=20))
    tell(importer, sea, SEA, nights("x", day(40), day(41)))
    assert len(importer.periods(sea)) == 2, "it must be read once more"

    tell(importer, hill, HILL, nights("b", day(20), day(23)))
    assert importer.conflicts() == []

    clock.advance(timedelta(minutes=20))
    tell(importer, sea, SEA, nights("a", day(20), day(23)), nights("x", day(40), day(41)))
    assert len(importer.conflicts()) == 1, "it is told again: both have it"


def test_a_guest_who_is_kept_by_hand_counts(
    importer: Importer, sea: UUID, hill: UUID, clock: FrozenClock
) -> None:
    tell(importer, sea, SEA, nights("a", day(20), day(23)), nights("x", day(40), day(41)))
    clock.advance(timedelta(minutes=20))
    tell(importer, sea, SEA, nights("x", day(40), day(41)))
    tell(importer, hill, HILL, nights("b", day(20), day(23)))
    assert importer.conflicts() == []

    importer.do(lambda session: guarding.decide(session, sea, Action.KEEP))

    assert len(importer.conflicts()) == 1


def test_a_link_that_is_removed_takes_its_side_along(importer: Importer, sea: UUID, hill: UUID) -> None:
    tell(importer, sea, SEA, nights("a", day(20), day(23)))
    tell(importer, hill, HILL, nights("b", day(22), day(25)))

    importer.do(lambda session: linking.unlink(session, sea))

    (closed,) = importer.conflicts("closed")
    assert (closed.link_id, closed.resolution) == (hill, "the link was removed")


# A calendar of both directions


def test_a_feed_against_what_stands_in_a_calendar_of_both_directions(both: Synced, feeds: Importer) -> None:
    event = both.there.person.add(whole(30, 33), "Ada's friends")
    both.rest()

    tell(feeds, feeds.link(SEA, name="Seaside"), SEA, nights("a", day(31), day(34)))

    (conflict,) = both.conflicts()
    assert conflict.remote["source"] == "Seaside"
    both.there.person.delete(event)
    both.rest()
    assert both.conflicts() == []


def test_what_somebody_writes_in_a_calendar_of_both_directions_against_a_feed(
    both: Synced, feeds: Importer, clock: FrozenClock
) -> None:
    sea = feeds.link(SEA, name="Seaside")
    tell(feeds, sea, SEA, nights("a", day(31), day(34)), nights("x", day(50), day(51)))

    clock.advance(timedelta(minutes=1))
    both.there.person.add(whole(30, 33), "Ada's friends")
    both.rest()

    (conflict,) = both.conflicts()
    assert (conflict.link_id, conflict.local["source"]) == (both.link_id, "Seaside")
    feeds.says(nights("x", day(50), day(51)), feed=SEA)
    feeds.pull_until_agreed(sea, clock)
    assert both.conflicts() == []


# A booking among them


def test_three_claims_are_a_conflict_each(importer: Importer, sea: UUID, hill: UUID) -> None:
    booked = importer.book(span(20, 23), importer.units[0])
    tell(importer, sea, SEA, nights("a", day(20), day(23)))
    tell(importer, hill, HILL, nights("b", day(20), day(23)))
    assert len(importer.conflicts()) == 3

    importer.cancel(booked)
    relay(importer.runtime)

    (left,) = importer.conflicts()
    assert left.other_event_id is not None


def test_the_very_stay_of_a_booking_is_no_second_sale_while_the_booking_stands(
    importer: Importer, sea: UUID, hill: UUID
) -> None:
    booked = importer.book(span(20, 23), importer.units[0])
    tell(importer, sea, SEA, nights("a", day(20), day(23)))
    tell(importer, hill, HILL, nights("b", day(22), day(25)))
    (same,) = importer.events(sea)
    importer.run_sql(
        "UPDATE external_events SET same_item_id = :item WHERE id = :event",
        item=booked.items[0].id,
        event=same.id,
    )
    looks_again(importer)

    (left,) = importer.conflicts()
    assert (left.link_id, left.item_id) == (hill, booked.items[0].id), "the other one is sold twice"

    importer.cancel(booked)
    relay(importer.runtime)

    (channels,) = importer.conflicts()
    assert {channels.event_id, channels.other_event_id} == {
        one.id for one in (*importer.events(sea), *importer.events(hill))
    }, "it is an event like others again"

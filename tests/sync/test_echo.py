"""What a channel tells, judged by what we exported: on a real database, from reading to reading."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from connectors.contract import Mark, Nature
from hub.queries import links as links_query
from sync.signing import Signer
from tests.conftest import FrozenClock
from tests.sync.echoing import blocked, clashes, closed, fetched, held, restood, said, tells
from tests.sync.exporting import NOW, Place, july

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _on_the_first_of_june(clock: FrozenClock) -> None:
    clock.at(NOW)


@pytest.fixture
def link(place: Place) -> UUID:
    """With a channel that reads and is read."""
    return place.link("two_way", unit_id=place.units[0])


def standing(place: Place, link_id: UUID) -> list[str]:
    return [event.standing for event in held(place, link_id)]


# Ours by its content


def test_a_closure_just_where_the_fetched_feed_is_busy_takes_nothing_and_clashes_with_nothing(
    place: Place, link: UUID, clock: FrozenClock
) -> None:
    place.book(place.units[0], july(3, 7))
    fetched(place, link)
    clock.advance(HOUR)
    tells(place, link, closed("x", july(3, 7)))
    assert standing(place, link) == ["echo"]
    assert (blocked(place, link), clashes(place)) == ([], 0)


def test_before_anybody_fetched_it_a_closure_is_the_channels(place: Place, link: UUID) -> None:
    place.book(place.units[0], july(3, 7))
    place.feed(link)
    tells(place, link, closed("x", july(3, 7)))
    assert standing(place, link) == ["external"]
    assert clashes(place) == 1


def test_the_remainder_of_a_closure_counts(place: Place, link: UUID, clock: FrozenClock) -> None:
    place.book(place.units[0], july(3, 7))
    fetched(place, link)
    clock.advance(HOUR)
    tells(place, link, closed("x", july(1, 9)))
    assert standing(place, link) == ["external"]
    assert blocked(place, link) == [(1, 3, False), (7, 9, False)]
    assert clashes(place) == 0


def test_a_guests_stay_is_never_ours(place: Place, link: UUID, clock: FrozenClock) -> None:
    place.book(place.units[0], july(3, 7))
    fetched(place, link)
    clock.advance(HOUR)
    tells(place, link, closed("x", july(3, 7), Nature.STAY))
    assert standing(place, link) == ["external"]
    assert (blocked(place, link), clashes(place)) == ([(3, 7, False)], 1)


def test_what_may_be_a_stay_and_sticks_out_is_the_channels(
    place: Place, link: UUID, clock: FrozenClock
) -> None:
    place.book(place.units[0], july(3, 7))
    fetched(place, link)
    clock.advance(HOUR)
    tells(place, link, closed("x", july(5, 9), Nature.UNKNOWN), closed("y", july(3, 7), Nature.UNKNOWN))
    assert sorted(standing(place, link)) == ["echo", "external"]
    assert blocked(place, link) == [(5, 9, False)]


def test_what_the_channel_had_first_stays_its_own(place: Place, link: UUID, clock: FrozenClock) -> None:
    tells(place, link, closed("x", july(3, 7)))
    other = place.link("import", unit_id=place.units[0])
    tells(place, other, closed("guest", july(3, 7), Nature.STAY))
    clock.advance(HOUR)
    fetched(place, link)
    clock.advance(HOUR)
    tells(place, link, closed("x", july(3, 7)))
    assert standing(place, link) == ["external"]
    assert blocked(place, link) == [(3, 7, False)]


# What we stopped exporting


def test_what_we_stopped_exporting_drains_and_is_for_sale(
    place: Place, link: UUID, clock: FrozenClock
) -> None:
    booked = place.book(place.units[0], july(3, 7))
    fetched(place, link)
    clock.advance(HOUR)
    tells(place, link, closed("x", july(3, 7)))
    place.cancel(booked)
    fetched(place, link)
    assert restood(place, link) == 1
    (event,) = held(place, link)
    assert (event.standing, event.draining_since) == ("draining", NOW + HOUR)
    assert restood(place, link) == 0
    place.book(place.units[0], july(4, 6))


def test_once_the_channel_dropped_it_the_same_time_is_the_channels(
    place: Place, link: UUID, clock: FrozenClock
) -> None:
    booked = place.book(place.units[0], july(3, 7))
    fetched(place, link)
    clock.advance(HOUR)
    tells(place, link, closed("x", july(3, 7)))
    place.cancel(booked)
    fetched(place, link)
    clock.advance(HOUR)
    tells(place, link)
    assert [row.drained_at for row in said(place, link)] == [NOW + 2 * HOUR]
    clock.advance(HOUR)
    tells(place, link, closed("y", july(3, 7)))
    assert standing(place, link) == ["external"]
    assert blocked(place, link) == [(3, 7, False)]


def test_what_a_channel_still_shows_long_after_it_read_our_feed_without_it_is_its_own(
    place: Place, link: UUID, clock: FrozenClock
) -> None:
    booked = place.book(place.units[0], july(3, 7))
    fetched(place, link)
    clock.advance(HOUR)
    tells(place, link, closed("x", july(3, 7)))
    place.cancel(booked)
    fetched(place, link)
    clock.advance(7 * HOUR)
    tells(place, link, closed("x", july(3, 7)))
    assert standing(place, link) == ["external"]
    assert blocked(place, link) == [(3, 7, False)]


# Ours by its mark


def marked(place: Place, link_id: UUID, origin: str, by: str) -> Mark:
    """As our feed of a link marks an origin, with the proof that it made for another."""

    def work(session: Session) -> Mark:
        hop = Signer.of(session).of_feed(link_id)(by)
        return Mark(origin, (hop, "00112233445566aa.8899aabbccddeeff"))

    return place.do(work)


def test_our_word_that_comes_back_by_another_hub_takes_nothing_whatever_it_is_called(
    place: Place, link: UUID
) -> None:
    other = place.link("two_way", unit_id=place.units[0])
    uid = place.book(place.units[0], july(3, 7)).items[0].uid
    fetched(place, link)
    tells(place, other, closed("x", july(3, 7), Nature.STAY, marked(place, link, uid, uid)))
    assert standing(place, other) == ["echo"]
    assert clashes(place) == 0


def test_a_mark_that_was_copied_from_something_else_proves_nothing(place: Place, link: UUID) -> None:
    other = place.link("two_way", unit_id=place.units[0])
    uid = place.book(place.units[0], july(3, 7)).items[0].uid
    fetched(place, link)
    tells(place, other, closed("x", july(3, 7), Nature.STAY, marked(place, link, uid, "another")))
    assert standing(place, other) == ["external"]
    assert clashes(place) == 1


def test_a_mark_of_ours_makes_no_other_time_ours(place: Place, link: UUID) -> None:
    other = place.link("two_way", unit_id=place.units[0])
    uid = place.book(place.units[0], july(3, 7)).items[0].uid
    fetched(place, link)
    tells(place, other, closed("x", july(3, 9), Nature.STAY, marked(place, link, uid, uid)))
    assert blocked(place, other) == [(7, 9, False)]


# What came by a detour


def test_a_closure_that_came_by_a_detour_blocks_quietly_until_it_is_implausible(
    place: Place, link: UUID, clock: FrozenClock
) -> None:
    other = place.link("import", unit_id=place.units[0])
    third = place.link(unit_id=place.units[0])
    booked = place.book(place.units[0], july(3, 7))
    fetched(place, link)
    clock.advance(HOUR)
    tells(place, other, closed("x", july(3, 7)))
    assert standing(place, other) == ["muted"]
    assert (blocked(place, other), clashes(place)) == ([(3, 7, True)], 0)

    place.cancel(booked)
    fetched(place, link)
    assert place.busy(third) == []
    clock.advance(timedelta(days=8))
    assert restood(place, other) == 1
    assert blocked(place, other) == [(3, 7, False)]
    assert len(place.busy(third)) == 1


def test_a_closure_that_was_there_first_is_told_to_all(place: Place, link: UUID, clock: FrozenClock) -> None:
    other = place.link("import", unit_id=place.units[0])
    tells(place, other, closed("x", july(3, 7)))
    clock.advance(HOUR)
    fetched(place, link)
    clock.advance(HOUR)
    tells(place, other, closed("x", july(3, 7)))
    assert standing(place, other) == ["external"]
    assert len(place.busy(link)) == 1


def test_a_link_none_of_whose_units_has_a_feed_knows_no_echo(place: Place) -> None:
    told = place.link("import", unit_id=place.units[0])
    place.link(unit_id=place.units[1])
    tells(place, told, closed("x", july(3, 7)))
    assert standing(place, told) == ["external"]
    assert place.do(lambda session: links_query.one(session, told)).direction == "import"

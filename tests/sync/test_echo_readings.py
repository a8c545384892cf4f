"""What a reading says of our own words: who must have read them, and what silence and moving do to them."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from connectors.contract import Nature, RemoteEvent
from hub.errors import Conflict
from hub.services import blackouts
from hub.services.blackouts import BlackoutRequest
from tests.conftest import FrozenClock
from tests.sync.echoing import blocked, clashes, closed, fetched, held, said, tells
from tests.sync.exporting import DOMAIN, NOW, Place, july

HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)


@pytest.fixture(autouse=True)
def _on_the_first_of_june(clock: FrozenClock) -> None:
    clock.at(NOW)


@pytest.fixture
def link(place: Place) -> UUID:
    """With a channel that reads and is read."""
    return place.link("two_way", unit_id=place.units[0])


@pytest.mark.parametrize(("reader", "standing"), [("a web browser", "external"), ("Airbnb", "echo")])
def test_that_a_person_looked_at_our_feed_makes_no_closure_ours(
    place: Place, link: UUID, clock: FrozenClock, reader: str, standing: str
) -> None:
    place.book(place.units[0], july(3, 7))
    fetched(place, link, reader)
    clock.advance(HOUR)

    tells(place, link, closed("x", july(3, 7)))

    assert [event.standing for event in held(place, link)] == [standing]
    assert clashes(place) == (standing == "external")


STAY = closed("s", july(20, 22), Nature.STAY)


@pytest.mark.parametrize("calendar", [[], [STAY]], ids=["empty", "without it"])
def test_a_calendar_that_is_empty_for_a_moment_dropped_nothing_of_ours(
    place: Place, link: UUID, clock: FrozenClock, calendar: list[RemoteEvent]
) -> None:
    ours = closed("x", july(3, 7))
    booked = place.book(place.units[0], july(3, 7))
    fetched(place, link)
    clock.advance(HOUR)
    tells(place, link, ours, STAY)
    place.cancel(booked)
    fetched(place, link)
    clock.advance(QUARTER)
    tells(place, link, ours, STAY)
    clock.advance(QUARTER)

    tells(place, link, *calendar)

    assert [row.drained_at is None for row in said(place, link)] == [not calendar]


def test_our_own_word_that_is_told_no_more_is_no_change(place: Place, link: UUID, clock: FrozenClock) -> None:
    """It took nothing: nothing is freed by it."""
    place.book(place.units[0], july(3, 7))
    fetched(place, link)
    clock.advance(HOUR)
    tells(place, link, closed("x", july(3, 7)), STAY)
    clock.advance(HOUR)

    applied = tells(place, link, STAY)

    assert (applied.changed, applied.counts["removed"], applied.summary) == (False, 0, ())
    assert len(held(place, link)) == 1


def test_a_muted_closure_that_moves_to_a_time_of_its_own_is_told(
    place: Place, link: UUID, clock: FrozenClock
) -> None:
    other, third = place.link("import", unit_id=place.units[0]), place.link(unit_id=place.units[0])
    booked = place.book(place.units[0], july(3, 7))
    fetched(place, link)
    clock.advance(HOUR)
    tells(place, other, closed("x", july(3, 7)))
    assert blocked(place, other) == [(3, 7, True)]
    place.cancel(booked)
    fetched(place, link)
    clock.advance(timedelta(days=8))

    for _ in range(2):
        clock.advance(QUARTER)
        tells(place, other, closed("x", july(12, 17)))

    assert blocked(place, other) == [(12, 17, False)]
    assert len(place.busy(third)) == 1


@pytest.mark.parametrize("nature", [Nature.UNKNOWN, Nature.BLOCK])
def test_what_a_channel_had_before_we_said_it_stays_its_own_in_whatever_closure_it_is(
    place: Place, link: UUID, clock: FrozenClock, nature: Nature
) -> None:
    tells(place, link, closed("x", july(4, 6), nature))
    clock.advance(HOUR)
    request = BlackoutRequest(place.units[0], july(3, 7), "maintenance")
    painters = place.do(lambda session: blackouts.add(session, request, DOMAIN).id)
    fetched(place, link)
    for _ in range(3):
        clock.advance(HOUR)
        tells(place, link, closed("y", july(3, 7), nature))
        fetched(place, link)
    place.do(lambda session: blackouts.remove(session, painters))
    fetched(place, link)
    clock.advance(HOUR)

    tells(place, link, closed("x", july(4, 6), nature))

    with pytest.raises(Conflict):
        place.book(place.units[0], july(4, 6))

"""Two organizations that read each other's feeds over the wire, as they are served."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from hub.domain.periods import Nights
from tests.conftest import FrozenClock
from tests.fakes.feed_server import Answer
from tests.sync.calendars import day
from tests.sync.echoing import looked
from tests.sync.exporting import Place
from tests.sync.importing import Importer

HOUR = timedelta(hours=1)


class Pair:
    """Each imports what the other exports, by a link for each way: only marks tell whose word it is."""

    def __init__(self, importer: Importer, other: Importer) -> None:
        self.sides = (importer, other)
        self.reads = tuple(side.link(feed=self._path(n)) for n, side in enumerate(self.sides))
        self.feeds = tuple(self._place(side).link(unit_id=side.units[0]) for side in self.sides)

    def round(self) -> None:
        for n, side in enumerate(self.sides):
            teller, feed = self._place(self.sides[1 - n]), self.feeds[1 - n]
            served = teller.feed(feed)
            looked(teller, feed, served.revision, "Channel Hub")
            side.answers(Answer(body=served.body), feed=self._path(n))
            side.pull(self.reads[n])

    def blocks(self) -> list[int]:
        return [len(side.blocks(link)) for side, link in zip(self.sides, self.reads, strict=True)]

    def standing(self, n: int) -> list[str]:
        return [event.standing for event in self.sides[n].events(self.reads[n])]

    def _place(self, side: Importer) -> Place:
        return Place(side.runtime, side.organization_id, side.property_id, side.unit_type_id, side.units)

    def _path(self, n: int) -> str:
        return f"/side-{n}.ics"


@pytest.fixture
def pair(importer: Importer) -> Pair:
    return Pair(importer, Importer.build(importer.runtime, importer.channel))


def test_a_booking_of_one_blocks_the_other_and_comes_back_as_an_echo(pair: Pair, clock: FrozenClock) -> None:
    here, _ = pair.sides
    here.book(Nights(day(20), day(23)), here.units[0])
    for _ in range(4):
        pair.round()
        clock.advance(HOUR)
    assert pair.blocks() == [0, 1]
    assert pair.standing(0) == ["echo"]
    assert here.conflicts() == []


def test_once_it_is_cancelled_it_is_free_on_both_sides_and_no_ghost_is_left(
    pair: Pair, clock: FrozenClock
) -> None:
    here, _ = pair.sides
    booked = here.book(Nights(day(20), day(23)), here.units[0])
    for _ in range(4):
        pair.round()
        clock.advance(HOUR)
    here.cancel(booked)
    for _ in range(8):
        pair.round()
        clock.advance(HOUR)
    assert pair.blocks() == [0, 0]
    assert [pair.standing(0), pair.standing(1)] == [[], []]


def test_both_may_sell_and_one_more_reading_adds_nothing(pair: Pair, clock: FrozenClock) -> None:
    for n, side in enumerate(pair.sides):
        side.book(Nights(day(20 + 5 * n), day(23 + 5 * n)), side.units[0])
    for _ in range(5):
        pair.round()
        clock.advance(HOUR)
    before: list[list[UUID]] = [
        [block.id for block in side.blocks(link)] for side, link in zip(pair.sides, pair.reads, strict=True)
    ]
    pair.round()
    assert pair.blocks() == [1, 1]
    assert before == [
        [block.id for block in side.blocks(link)] for side, link in zip(pair.sides, pair.reads, strict=True)
    ]

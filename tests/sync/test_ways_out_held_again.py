"""What undoing a sync held again, and its channel tells again: the blackout goes, not the guests."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from hub.domain.periods import Nights
from hub.models.bookings import Blackout
from hub.services import blackouts
from hub.services.blackouts import BlackoutRequest
from sync.planning.stakes import Action
from sync.relay import relay
from tests.conftest import FrozenClock
from tests.sync.calendars import day, nights
from tests.sync.importing import Importer
from tests.sync.standoffs import close, only, resolve, standing, ways
from tests.sync.undone import closed, free, undo


@pytest.fixture
def held_again(importer: Importer, clock: FrozenClock) -> Importer:
    """Three nights went from the calendar, and the sync that believed it was undone."""
    importer.says(nights("a", day(20), day(23)), nights("b", day(40), day(41)))
    link = importer.link()
    importer.pull(link)
    importer.says(nights("b", day(40), day(41)))
    undo(importer, importer.pull_until_agreed(link, clock).run_id)
    assert closed(importer) == [(day(20), day(23))]
    return importer


def told(importer: Importer, first: int, after: int) -> list[Action]:
    """What is offered once the channel tells these nights."""
    importer.says(nights("a", day(first), day(after)), nights("b", day(40), day(41)))
    (link,) = importer.run_sql("SELECT id FROM links").scalars()
    importer.pull(link)
    return [way.action for way in ways(importer, only(importer))]


@pytest.mark.parametrize("after", [23, 25])
def test_removing_it_is_offered_first_and_frees_nothing(held_again: Importer, after: int) -> None:
    before = free(held_again)

    offered = told(held_again, 20, after)
    resolve(held_again, only(held_again), offered[0])

    assert offered[:2] == [Action.REMOVE_BLACKOUT, Action.MOVE_BLACKOUT]
    room = held_again.units[0]
    assert free(held_again)[room] == before[room] - set(Nights(day(20), day(after)))
    assert closed(held_again) == []
    relay(held_again.runtime)
    assert standing(held_again) == []


def test_it_is_not_where_that_would_free_a_night(held_again: Importer) -> None:
    assert told(held_again, 20, 22)[0] is Action.MOVE_BLACKOUT


def test_nor_is_it_of_a_blackout_that_a_person_made(importer: Importer) -> None:
    importer.says()
    importer.link()
    close(importer, Nights(day(20), day(23)), importer.units[0], "closed")

    assert told(importer, 20, 23)[0] is Action.MOVE_BLACKOUT


def test_nor_of_one_that_a_person_made_their_own(held_again: Importer) -> None:
    """The nights are the same: what they are kept for is not."""
    (row,) = held_again.do(lambda session: list(session.scalars(select(Blackout))))
    mine = BlackoutRequest(row.unit_id, Nights(day(20), day(23)), "maintenance", "the boiler")
    held_again.do(lambda session: blackouts.change(session, row.id, mine))

    assert told(held_again, 20, 23)[0] is Action.MOVE_BLACKOUT

"""What is told of what waits on a link: since when, who agrees, when it is free, and the ways out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest

from hub import clock as hub_clock
from hub.domain.periods import Nights
from hub.queries import links as query
from hub.services import blackouts
from sync import guarded, linking
from sync.guarded import Held
from sync.guarding import Action
from sync.planning.guard import APART
from sync.runtime import Runtime
from tests.conftest import FrozenClock
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.sync.both_sides import BothSides, wired
from tests.sync.calendars import at, day, nights
from tests.sync.importing import Importer


@pytest.fixture
def noon(clock: FrozenClock) -> FrozenClock:
    """Hours pass in these tests, and never into another day."""
    clock.at(at(0, 12))
    return clock


@pytest.fixture
def link(importer: Importer, noon: FrozenClock) -> UUID:
    """Three stays are held, an hour after the last reading."""
    importer.says(*STAYS)
    link = importer.link()
    importer.pull(link)
    noon.advance(timedelta(hours=1))
    return link


STAYS = tuple(nights(f"s{n}", day(20 + 5 * n), day(23 + 5 * n)) for n in range(3))


def held(importer: Importer, link: UUID) -> Held:
    return importer.do(lambda session: guarded.of_link(session, query.one(session, link)))


def _check_nothing_waits(found: Held) -> None:
    assert (found.guard, found.events, found.ways, found.freed_at) == (None, (), (), None)


def test_of_a_link_that_lost_everything_each_stay_is_told_with_when_it_is_free(
    importer: Importer, link: UUID, noon: FrozenClock
) -> None:
    importer.says()
    importer.pull(link)

    found = held(importer, link)

    assert [(one.first, one.after) for one in found.events] == [
        (day(20 + 5 * n), day(23 + 5 * n)) for n in range(3)
    ]
    assert {one.unit_ids for one in found.events} == {(importer.units[0],)}
    assert {(one.missing_since, one.reads, one.needs) for one in found.events} == {(hub_clock.now(), 1, 3)}
    assert found.freed_at is not None
    assert timedelta(minutes=30) <= found.freed_at - hub_clock.now() <= timedelta(minutes=32)
    assert [way.action for way in found.ways] == [Action.RELEASE, Action.KEEP]


def test_it_is_free_when_it_was_said_to_be_and_not_before(
    importer: Importer, link: UUID, noon: FrozenClock
) -> None:
    importer.says()
    importer.pull(link)
    promised = held(importer, link).freed_at
    assert promised is not None

    while hub_clock.now() < promised:
        assert len(importer.blocks(link)) == 3
        noon.at(min(importer.state(link).next_pull_at, promised))
        importer.pull(link)
        later = held(importer, link).freed_at
        promised = later or promised

    assert importer.blocks(link) == []
    _check_nothing_waits(held(importer, link))


def test_what_waits_for_a_second_reading_alone_is_told_as_well(importer: Importer, link: UUID) -> None:
    importer.says(*STAYS[1:])
    importer.pull(link)

    (one,) = held(importer, link).events
    assert (one.first, one.reads, one.needs) == (day(20), 1, 2)
    assert importer.state(link).state == "active"
    assert len(importer.do(guarded.of_all)) == 1


def test_while_a_link_is_paused_nothing_is_freed_by_itself(importer: Importer, link: UUID) -> None:
    importer.says()
    importer.pull(link)
    importer.do(lambda session: linking.pause(session, link))

    found = held(importer, link)

    assert found.freed_at is None
    assert [one.freed_at for one in found.events] == [None] * 3


def test_where_nothing_waits_there_is_nothing_to_tell(importer: Importer, link: UUID) -> None:
    _check_nothing_waits(held(importer, link))
    assert importer.do(guarded.of_all) == []


# Calendars that are synced event by event


@pytest.fixture
def both(reaching: Runtime) -> Iterator[BothSides]:
    google = GoogleCalendar()
    with wired(google):
        made = BothSides.build(reaching, google)
        made.rest()
        yield made
    assert google.violations == []


def later(days: int, lasting: int = 2) -> Nights:
    today = hub_clock.now().date()
    return Nights(today + timedelta(days=days), today + timedelta(days=days + lasting))


def test_deletions_in_a_calendar_synced_by_event_are_told_theirs_and_ours(both: BothSides) -> None:
    for start in range(10, 25, 3):
        span = later(start, 1)
        both.person.creates("Painters", span.arrival, calendar=both.calendar)
    closed = both.close(later(40))
    both.rest()
    both.person.deletes_everything(both.calendar)
    both.rest()
    assert both.link().state == "guarded"

    found = both.do(lambda session: guarded.of_link(session, query.one(session, both.link_id)))

    assert [one.kind for one in found.events] == ["event"] * 5 + ["blackout"]
    ours = found.events[-1]
    assert (ours.event_id, ours.first, ours.unit_ids) == (None, later(40).arrival, (closed.unit_id,))
    assert {(one.reads, one.needs) for one in found.events} == {(0, 1)}
    assert all(one.unit_ids and one.event_id for one in found.events[:-1])
    assert found.freed_at is not None
    assert found.freed_at >= hub_clock.now() + APART - timedelta(minutes=1)
    assert [way.action for way in found.ways] == [Action.RELEASE, None]


def test_what_a_person_takes_away_here_waits_no_more_there(both: BothSides) -> None:
    """The control: what is ours and is gone here has nothing left that could be freed."""
    for start in range(10, 25, 3):
        both.person.creates("Painters", later(start).arrival, calendar=both.calendar)
    closed = both.close(later(40))
    both.rest()
    both.person.deletes_everything(both.calendar)
    both.rest()
    both.do(lambda session: blackouts.remove(session, closed.id))

    found = both.do(lambda session: guarded.of_link(session, query.one(session, both.link_id)))

    assert [one.kind for one in found.events] == ["event"] * 5

"""Calendars that tell of a stay only where it begins or ends, and events of which no unit is free for all."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest

from hub import clock as hub_clock
from hub.domain.periods import Nights
from hub.errors import Conflict
from hub.queries import links
from sync.refit import refit
from tests.conftest import FrozenClock
from tests.fakes.feed_server import Answer
from tests.sync.calendars import calendar, day, nights, noon
from tests.sync.importing import Importer
from tests.sync.refitting import add_whole

ONE = timedelta(days=1)
QUARTER = timedelta(minutes=15)
BERT = nights("bert", day(20), day(25), "Bert")


def tells(importer: Importer, *events: str) -> None:
    body = calendar(*events, BERT, title="Smoobu")
    importer.answers(Answer(body=body.replace(b"-//a channel//EN", b"-//Smoobu//EN")))


def arrives(on: date) -> str:
    return nights("in", on, on + ONE, "Check-in: Anna")


def departs(on: date) -> str:
    return nights("out", on, on + ONE, "Check-out: Anna")


@pytest.fixture
def anna(importer: Importer) -> UUID:
    """A link of which the guest arrives today, for five nights."""
    tells(importer, arrives(day(0)), departs(day(5)))
    link = importer.link()
    importer.pull(link)
    return link


def test_a_guest_departs_on_the_day_on_which_another_arrives(
    importer: Importer, anna: UUID, clock: FrozenClock
) -> None:
    departure = day(5)
    importer.book(Nights(departure, departure + 2 * ONE), importer.units[0])

    for _ in range(5):
        clock.advance(ONE)
        tells(importer, departs(departure))
        importer.pull(anna)

    assert importer.conflicts() == []


def test_a_guest_in_the_house_may_stay_longer(importer: Importer, anna: UUID, clock: FrozenClock) -> None:
    first, later = day(0), day(8)
    clock.advance(ONE)
    tells(importer, departs(later))

    for _ in range(3):
        clock.advance(QUARTER)
        importer.pull(anna)

    with pytest.raises(Conflict):
        importer.book(Nights(first + 2 * ONE, first + 3 * ONE), importer.units[0])
    with pytest.raises(Conflict):
        importer.book(Nights(later - ONE, later), importer.units[0])


def test_what_lacks_a_unit_in_two_places_is_one_conflict_of_all_of_it(importer: Importer) -> None:
    for unit in importer.units[:2]:
        importer.book(Nights(day(10), day(12)), unit)
        importer.book(Nights(day(15), day(17)), unit)
    importer.says(nights("a", day(9), day(18)))

    importer.pull(importer.link(unit_type_id=importer.unit_type_id))

    (conflict,) = importer.conflicts()
    assert (conflict.starts_at, conflict.ends_at) == (noon(10), noon(17))


def test_an_event_in_parts_does_not_come_to_take_the_whole_house(importer: Importer) -> None:
    one, other = importer.units[:2]
    add_whole(importer, (one, other))
    importer.book(Nights(day(14), day(17)), one)
    importer.book(Nights(day(17), day(19)), other)
    importer.says(nights("a", day(10), day(19)))
    link = importer.link(property_id=importer.property_id)
    importer.pull(link)
    taken = importer.blocks(link)

    changed = importer.do(lambda session: refit(session, links.locked(session, link), hub_clock.now()))

    assert changed == 0
    assert [block.unit_id for block in importer.blocks(link)] == [block.unit_id for block in taken]

"""Ways out of what has one side only: without a unit, read in part, or a calendar that lost much."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from hub.domain.periods import Nights
from hub.errors import Conflict
from sync.planning.stakes import Action
from sync.relay import relay
from tests.conftest import FrozenClock
from tests.sync.calendars import at, day, nights
from tests.sync.importing import Importer
from tests.sync.standoffs import again, only, resolve, standing, ways
from tests.sync.theirs import once, stay, synced, tells

STAYS = tuple(range(4))


@pytest.fixture(autouse=True)
def _noon(clock: FrozenClock) -> None:
    """Hours pass in these tests, and never into another day."""
    clock.at(at(0, 12))


@pytest.fixture
def guarded(importer: Importer, clock: FrozenClock) -> UUID:
    """Four stays were held, and the calendar is empty."""
    importer.says(*(nights(f"s{n}", day(20 + 5 * n), day(23 + 5 * n)) for n in STAYS))
    link = importer.link()
    importer.pull(link)
    clock.advance(timedelta(hours=1))
    importer.says()
    importer.pull(link)
    return link


def test_what_a_guarded_link_holds_back_is_freed(importer: Importer, guarded: UUID) -> None:
    conflict = only(importer)
    assert [way.action for way in ways(importer, conflict)] == [Action.KEEP, Action.RELEASE]

    settled = resolve(importer, conflict, Action.RELEASE)

    assert (settled.state, settled.resolution) == ("closed", "what the channel no longer tells was freed")
    assert importer.state(guarded).state == "active"
    importer.book(Nights(day(20), day(23)), importer.units[0])
    assert standing(importer) == []


def test_what_a_guarded_link_holds_back_is_kept(importer: Importer, guarded: UUID) -> None:
    settled = resolve(importer, only(importer), Action.KEEP)

    assert settled.resolution == "what the channel no longer tells was kept"
    assert importer.state(guarded).state == "active"
    with pytest.raises(Conflict, match="Seaside"):
        importer.book(Nights(day(20), day(23)), importer.units[0])
    assert standing(importer) == []


def test_a_guard_that_was_released_elsewhere_is_settled(importer: Importer, guarded: UUID) -> None:
    conflict = only(importer)
    importer.pull(guarded)
    resolve(importer, conflict, Action.RELEASE)

    with pytest.raises(Conflict, match="settled already"):
        resolve(importer, conflict, Action.KEEP)


def test_what_found_no_unit_can_be_left_out_where_one_event_can(importer: Importer) -> None:
    for unit in importer.units:
        importer.book(Nights(day(20), day(23)), unit)
    link = synced(importer, unit_type_id=importer.unit_type_id)
    tells(importer, link, once("a", stay(day(20), day(23))))
    conflict = only(importer)
    assert conflict.type == "UNPLACED"
    expected = [Action.IGNORE_EVENT, Action.ACCEPT, Action.IGNORE]
    assert [way.action for way in ways(importer, conflict)] == expected


def test_what_found_no_unit_is_accepted_until_one_is_free(importer: Importer) -> None:
    booked = [importer.book(Nights(day(20), day(23)), unit) for unit in importer.units]
    importer.says(nights("a", day(20), day(23)))
    link = importer.link(unit_type_id=importer.unit_type_id)
    importer.pull(link)
    conflict = only(importer)

    assert resolve(importer, conflict, Action.ACCEPT).state == "accepted"
    importer.cancel(booked[0])
    relay(importer.runtime)

    assert again(importer, conflict).state == "closed"
    assert importer.names(link) == ["Room 1"]


def test_what_was_read_in_part_is_accepted_or_put_aside(importer: Importer) -> None:
    importer.says(nights("a", day(20), day(23)).replace("END:VEVENT", "RRULE:FREQ=SOMETIMES\r\nEND:VEVENT"))
    importer.pull(importer.link())
    found = standing(importer)
    assert [conflict.type for conflict in found] == ["UNPARSEABLE"]
    offered = [way.action for way in ways(importer, found[0])]
    assert offered == [Action.IGNORE_EVENT, Action.ACCEPT, Action.IGNORE]

    assert resolve(importer, found[0], Action.IGNORE).state == "ignored"
    assert resolve(importer, found[0], Action.ACCEPT).state == "accepted"

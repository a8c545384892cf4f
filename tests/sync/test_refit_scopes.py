"""What channels' events take follows the units of which they speak; and what stays as it is."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

from hub.domain.periods import Nights
from hub.services import outbox, units
from hub.services.outbox import SHOWN_CHANGED
from sync.relay import relay
from tests import factories
from tests.sync.calendars import at, day, hours, nights
from tests.sync.importing import Importer
from tests.sync.refitting import (
    add_units,
    add_whole,
    changes_property,
    changes_type,
    facts,
    is_made_of,
    kinds,
    refits,
    settled,
)

# The units in scope


def test_events_leave_a_type_that_leaves_the_category_of_their_calendar(importer: Importer) -> None:
    kind, suite = add_units(importer, "Suite 1", name="Suite")
    for unit in importer.units:
        importer.book(Nights(day(20), day(22)), unit)
    importer.says(nights("a", day(20), day(22)))
    link = importer.link(property_id=importer.property_id, category="room")
    importer.pull(link)
    assert importer.names(link) == ["Suite 1"]

    changes_type(importer, kind, category="home")
    settled(importer)

    assert importer.names(link) == [None]
    assert [conflict.type for conflict in importer.conflicts()] == ["UNPLACED"]
    importer.book(Nights(day(20), day(22)), suite)


def test_events_wait_while_a_category_has_no_units_and_are_placed_when_one_joins(importer: Importer) -> None:
    importer.says(nights("a", day(20), day(22)))
    link = importer.link(property_id=importer.property_id, category="room")
    importer.pull(link)

    changes_type(importer, importer.unit_type_id, category="home")
    settled(importer)
    assert importer.names(link) == [None]

    changes_type(importer, importer.unit_type_id, category="room")
    settled(importer)
    assert importer.names(link) == ["Room 1"]
    assert importer.conflicts() == []
    assert len(importer.events(link)) == 1


def test_events_of_a_composite_take_its_new_parts(importer: Importer) -> None:
    _, third = add_units(importer, "Room 3", name="Third")
    kind, whole = add_whole(importer, importer.units)
    importer.says(nights("a", day(20), day(22)))
    link = importer.link(unit_type_id=kind)
    importer.pull(link)
    assert importer.names(link) == ["Room 1", "Room 2"]

    is_made_of(importer, whole, (importer.units[0], third))
    settled(importer)

    assert importer.names(link) == ["Room 1", "Room 3"]
    importer.book(Nights(day(20), day(22)), importer.units[1])


def test_an_event_stays_on_the_composite_whose_parts_change(importer: Importer) -> None:
    _, third, fourth, fifth = add_units(importer, "Room 3", "Room 4", "Room 5", name="More")
    kind, _ = add_whole(importer, importer.units)
    second = importer.do(lambda session: factories.a_unit(session, kind, "Whole 2", parts=(third, fourth)))
    booked = importer.book(Nights(day(20), day(22)), importer.units[0])
    importer.says(nights("a", day(20), day(22)))
    link = importer.link(unit_type_id=kind)
    importer.pull(link)
    importer.cancel(booked)
    assert importer.names(link) == ["Room 3", "Room 4"]

    is_made_of(importer, second.id, (third, fifth))
    settled(importer)

    assert importer.names(link) == ["Room 3", "Room 5"]
    importer.book(Nights(day(20), day(22)), fourth)


def test_events_leave_the_parts_of_a_composite_that_is_archived(importer: Importer) -> None:
    kind, whole = add_whole(importer, importer.units)
    importer.says(nights("a", day(20), day(22)))
    link = importer.link(unit_type_id=kind)
    importer.pull(link)

    importer.do(lambda session: units.archive(session, whole))
    settled(importer)

    assert importer.names(link) == [None]
    assert [conflict.type for conflict in importer.conflicts()] == ["UNPLACED"]


def test_a_unit_that_joins_a_property_may_be_what_an_event_speaks_of(importer: Importer) -> None:
    importer.says(hours("a", at(20, 11), at(20, 15)))
    link = importer.link(property_id=importer.property_id)
    importer.pull(link)
    assert importer.blocks(link) == []

    importer.add_car()
    relay(importer.runtime)

    assert importer.names(link) == ["Car 1"]


# What stays


def test_where_nothing_changed_nothing_is_written(importer: Importer) -> None:
    importer.says(
        nights("a", day(20), day(22)),
        nights("b", day(21), day(23)),
        nights("c", day(20), day(23)),
        hours("d", at(30, 11), at(30, 15)),
        hours("e", at(31, 11), at(31, 18)),
    )
    links = [
        importer.link(),
        importer.link(unit_type_id=importer.unit_type_id, name="Hillside"),
        importer.link(property_id=importer.property_id, name="Lakeside"),
    ]
    for link in links:
        importer.pull(link)
    settled(importer)
    held = [importer.held(link) for link in links]
    before = facts(importer)

    assert [refits(importer, link) for link in links] == [0, 0, 0]

    assert [importer.held(link) for link in links] == held
    assert facts(importer) == before


def test_an_edit_of_a_propertys_name_changes_only_what_is_shown(importer: Importer) -> None:
    before = kinds(importer)

    changes_property(importer, name="Casa Verde", check_in=time(15))
    changes_type(importer, importer.unit_type_id, name="Twin room")

    assert kinds(importer) == [*before, SHOWN_CHANGED]


def test_an_event_in_conflict_stays_where_it_is(importer: Importer) -> None:
    """Another unit is free, but nothing about the event's unit has changed."""
    importer.says(nights("a", day(20), day(22)))
    link = importer.link(unit_type_id=importer.unit_type_id)
    importer.pull(link)
    importer.says(nights("z", day(20), day(22)), feed="/first.ics")
    importer.pull(importer.link("/first.ics", name="Hillside"))
    assert importer.names(link) == ["Room 1"]

    changes_property(importer, check_in=time(13))
    settled(importer)

    assert importer.names(link) == ["Room 1"]


def test_what_is_over_stays_as_it_was(importer: Importer, clock: Any) -> None:
    importer.says(hours("a", at(1, 11), at(1, 15)), nights("b", day(3), day(5)))
    link = importer.link()
    importer.pull(link)
    clock.advance(timedelta(days=10))
    before = importer.held(link)

    changes_property(importer, check_in=time(13))
    changes_type(importer, importer.unit_type_id, turnaround=1)
    settled(importer)

    assert importer.held(link) == before


def test_no_change_loses_an_event(importer: Importer) -> None:
    kind, *_ = add_units(importer, "Suite 1", name="Suite")
    importer.says(
        nights("a", day(20), day(22)), nights("b", day(20), day(22)), hours("c", at(20, 11), at(20, 15))
    )
    link = importer.link(property_id=importer.property_id, category="room")
    importer.pull(link)
    events = {event.key for event in importer.events(link)}

    for change in ({"category": "home"}, {"turnaround": 3}, {"category": "room"}, {"turnaround": 0}):
        for each in (importer.unit_type_id, kind):
            changes_type(importer, each, **change)
            settled(importer)
            assert {event.key for event in importer.events(link)} == events
    changes_property(importer, check_in=time(12))
    settled(importer)

    assert {event.key for event in importer.events(link)} == events
    assert len(importer.blocks(link)) == 3
    assert None not in importer.names(link)


def test_a_fact_about_a_property_without_links_is_heard_all_the_same(importer: Importer) -> None:
    importer.do(lambda session: outbox.structure_changed(session, importer.property_id))

    settled(importer)

    assert set(facts(importer)) == {"done"}

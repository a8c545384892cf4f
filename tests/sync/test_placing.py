"""Calendars of many units: each event takes one that is free, and keeps it; or waits for one."""

from __future__ import annotations

import pytest

from hub.domain.periods import Nights
from hub.errors import Conflict
from sync.relay import relay
from tests import factories
from tests.sync.calendars import day, nights, noon
from tests.sync.importing import Importer


def test_an_event_of_a_type_takes_a_unit_that_is_free(importer: Importer) -> None:
    importer.book(Nights(day(20), day(23)), importer.units[0])
    importer.says(nights("a", day(20), day(23)))
    link = importer.link(unit_type_id=importer.unit_type_id)

    importer.pull(link)

    assert importer.names(link) == ["Room 2"]
    assert importer.conflicts() == []


def test_events_of_a_type_at_one_time_take_different_units(importer: Importer) -> None:
    importer.says(nights("a", day(20), day(23)), nights("b", day(21), day(24)))
    link = importer.link(unit_type_id=importer.unit_type_id)

    importer.pull(link)

    assert sorted(map(str, importer.names(link))) == ["Room 1", "Room 2"]


def test_an_event_keeps_its_unit_while_that_is_free_for_it(importer: Importer) -> None:
    booked = importer.book(Nights(day(20), day(23)), importer.units[0])
    importer.says(nights("a", day(20), day(23)))
    link = importer.link(unit_type_id=importer.unit_type_id)
    importer.pull(link)
    importer.cancel(booked)

    importer.says(nights("a", day(20), day(24)))
    importer.pull(link)

    assert importer.names(link) == ["Room 2"]


def test_an_event_that_grows_into_a_booking_takes_another_unit(importer: Importer) -> None:
    importer.says(nights("a", day(20), day(22)))
    link = importer.link(unit_type_id=importer.unit_type_id)
    importer.pull(link)
    (had,) = importer.blocks(link)
    assert had.unit_id is not None
    importer.book(Nights(day(22), day(24)), had.unit_id)

    importer.says(nights("a", day(20), day(23)))
    importer.pull(link)

    (has,) = importer.blocks(link)
    assert has.unit_id not in (None, had.unit_id)
    assert importer.conflicts() == []


def test_an_event_for_which_no_unit_is_free_opens_a_conflict(importer: Importer) -> None:
    for unit in importer.units:
        importer.book(Nights(day(20), day(23)), unit)
    importer.says(nights("a", day(20), day(23)))
    link = importer.link(unit_type_id=importer.unit_type_id)

    outcome = importer.pull(link)

    assert importer.names(link) == [None]
    (conflict,) = importer.conflicts()
    assert (conflict.type, conflict.booking_id, conflict.local) == ("UNPLACED", None, {})
    assert outcome.summary == (f"+ {day(20)} to {day(23)} on no unit",)


def test_an_event_without_a_unit_is_placed_when_a_booking_is_cancelled(importer: Importer) -> None:
    booked = [importer.book(Nights(day(20), day(23)), unit) for unit in importer.units]
    importer.says(nights("a", day(20), day(23)))
    link = importer.link(unit_type_id=importer.unit_type_id)
    importer.pull(link)

    importer.cancel(booked[1])
    relay(importer.runtime)

    assert importer.names(link) == ["Room 2"]
    assert importer.conflicts() == []
    assert len(importer.conflicts("closed")) == 1
    with pytest.raises(Conflict, match=f"{day(20)}"):
        importer.book(Nights(day(20), day(21)), importer.units[1])


def test_the_nights_of_an_event_that_are_free_on_some_unit_are_not_sold_and_its_conflict_stays(
    importer: Importer,
) -> None:
    one, other = importer.units
    in_its_way = importer.book(Nights(day(20), day(22)), one)
    importer.book(Nights(day(24), day(28)), other)
    event = nights("a", day(20), day(26))
    importer.says(event)
    link = importer.link(unit_type_id=importer.unit_type_id)

    importer.pull(link)

    taken = {
        (name, *period) for name, period in zip(importer.names(link), importer.periods(link), strict=True)
    }
    assert taken == {
        ("Room 1", noon(22), noon(26)),
        ("Room 2", noon(20), noon(22)),
        (None, noon(20), noon(22)),
    }
    assert [conflict.type for conflict in importer.conflicts()] == ["UNPLACED"]
    for first in (20, 24):
        with pytest.raises(Conflict):
            importer.book(Nights(day(first), day(first + 1)))
    assert importer.pull(link).state == "unchanged"

    importer.cancel(in_its_way)
    relay(importer.runtime)

    assert set(importer.names(link)) == {"Room 1"}
    assert importer.conflicts() == []
    importer.book(Nights(day(20), day(24)), other)


def test_an_event_without_a_unit_is_placed_by_the_next_pull_that_brings_news(importer: Importer) -> None:
    booked = [importer.book(Nights(day(20), day(23)), unit) for unit in importer.units]
    event = nights("a", day(20), day(23))
    importer.says(event)
    link = importer.link(unit_type_id=importer.unit_type_id)
    importer.pull(link)
    importer.cancel(booked[0])

    importer.says(event, nights("b", day(40), day(41)))
    importer.pull(link)

    assert importer.names(link)[0] == "Room 1"
    assert importer.conflicts() == []


def test_the_calendar_of_another_channel_is_in_the_way_of_a_types(importer: Importer) -> None:
    importer.says(nights("a", day(20), day(23)), feed="/first.ics")
    importer.says(nights("b", day(20), day(23)))
    importer.pull(importer.link("/first.ics"))
    link = importer.link(unit_type_id=importer.unit_type_id)

    importer.pull(link)

    assert importer.names(link) == ["Room 2"]


def test_a_calendar_of_a_category_speaks_of_its_units_alone(importer: Importer) -> None:
    car = importer.add_car()
    importer.says(nights("a", day(20), day(21)), nights("b", day(20), day(21)))
    link = importer.link(property_id=importer.property_id, category="car")

    importer.pull(link)

    assert {block.unit_id for block in importer.blocks(link)} == {car}


def test_events_of_a_type_without_units_wait_for_its_first_one(importer: Importer) -> None:
    kind = importer.do(lambda session: factories.a_unit_type(session, importer.property_id, name="Suite"))
    importer.says(nights("a", day(20), day(23)))
    link = importer.link(unit_type_id=kind.id)
    importer.pull(link)
    assert [conflict.type for conflict in importer.conflicts()] == ["UNPLACED"]

    suite = importer.do(lambda session: factories.a_unit(session, kind.id, "Suite 1"))
    relay(importer.runtime)

    assert importer.names(link) == ["Suite 1"]
    assert importer.conflicts() == []
    with pytest.raises(Conflict):
        importer.book(Nights(day(21), day(22)), suite.id)

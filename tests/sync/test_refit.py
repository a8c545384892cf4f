"""What channels' events take follows the terms on which units are let."""

from __future__ import annotations

from datetime import time

import pytest

from hub.domain.periods import Hours, Nights
from hub.errors import Conflict
from sync.relay import relay
from tests.sync.calendars import at, day, hours, nights, noon
from tests.sync.importing import Importer
from tests.sync.refitting import (
    add_units,
    add_whole,
    changes_property,
    changes_type,
    free_at,
    settled,
)

# The terms of the property


def test_an_event_that_check_in_comes_to_meet_takes_its_night(importer: Importer) -> None:
    importer.says(hours("a", at(20, 11), at(20, 15)))
    link = importer.link()
    importer.pull(link)
    assert importer.blocks(link) == []

    changes_property(importer, check_in=time(13))
    relay(importer.runtime)

    assert importer.periods(link) == [(noon(20), noon(21))]
    told = "SELECT after->'takes' FROM changes WHERE action = 'refitted'"
    assert [one["unit_id"] for one in importer.run_sql(told).scalar_one()] == [str(importer.units[0])]
    with pytest.raises(Conflict, match=f"{day(20)}"):
        importer.book(Nights(day(20), day(21)), importer.units[0])


def test_a_night_that_was_sold_before_the_event_took_it_is_a_conflict(importer: Importer) -> None:
    importer.says(hours("a", at(20, 11), at(20, 15)))
    link = importer.link()
    importer.pull(link)
    changes_property(importer, check_in=time(13))

    booked = importer.book(Nights(day(20), day(21)), importer.units[0])
    settled(importer)

    (conflict,) = importer.conflicts()
    assert (conflict.type, conflict.booking_id) == ("EXTERNAL_OVERLAP", booked.booking.id)
    assert importer.periods(link) == [(noon(20), noon(21))]


def test_an_event_that_check_in_leaves_behind_frees_its_night(importer: Importer) -> None:
    importer.book(Nights(day(20), day(21)), importer.units[0])
    changes_property(importer, check_in=time(13))
    importer.says(hours("a", at(20, 11), at(20, 15)))
    link = importer.link()
    importer.pull(link)
    assert len(importer.conflicts()) == 1

    changes_property(importer, check_in=time(15))
    settled(importer)

    assert importer.blocks(link) == []
    assert len(importer.events(link)) == 1
    assert importer.conflicts() == []


def test_an_earlier_check_out_frees_the_night_before(importer: Importer) -> None:
    importer.says(hours("a", at(21, 10), at(21, 12)))
    link = importer.link()
    importer.pull(link)
    assert importer.periods(link) == [(noon(20), noon(21))]

    changes_property(importer, check_out=time(10))
    relay(importer.runtime)

    assert importer.blocks(link) == []


def test_an_event_that_comes_to_take_a_night_takes_it_where_it_is_free(importer: Importer) -> None:
    importer.says(hours("a", at(20, 11), at(20, 15)))
    link = importer.link(unit_type_id=importer.unit_type_id)
    importer.pull(link)
    changes_property(importer, check_in=time(13))

    importer.book(Nights(day(20), day(21)), importer.units[0])
    settled(importer)

    assert importer.names(link) == ["Room 2"]
    assert importer.conflicts() == []


def test_a_paused_link_is_fitted_too(importer: Importer) -> None:
    importer.says(hours("a", at(20, 11), at(20, 15)))
    link = importer.link()
    importer.pull(link)
    importer.run_sql("UPDATE links SET state = 'paused' WHERE id = :link", link=link)

    changes_property(importer, check_in=time(13))
    relay(importer.runtime)

    assert len(importer.blocks(link)) == 1


def test_whole_days_that_wait_for_a_unit_are_those_of_the_new_time_zone(importer: Importer) -> None:
    kind, *_ = add_units(importer, name="Suite")
    importer.says(nights("a", day(20), day(21)))
    link = importer.link(unit_type_id=kind)
    importer.pull(link)
    assert importer.events(link)[0].starts_at == at(20, 0)

    changes_property(importer, time_zone="Europe/Lisbon")
    relay(importer.runtime)

    assert importer.events(link)[0].starts_at == at(20, 1)
    assert importer.periods(link) == [(at(20, 1), at(21, 1))]
    assert importer.names(link) == [None]


# The terms of the type


def test_a_new_turnaround_counts_after_what_a_channel_sold(importer: Importer) -> None:
    importer.says(nights("a", day(20), day(22)))
    link = importer.link()
    importer.pull(link)
    assert free_at(importer, link) == {noon(22)}

    changes_type(importer, importer.unit_type_id, turnaround=2)
    relay(importer.runtime)

    assert free_at(importer, link) == {noon(24)}
    assert importer.periods(link) == [(noon(20), noon(22))]


def test_a_new_turnaround_in_hours_counts_after_what_a_channel_rented_out(importer: Importer) -> None:
    kind, car = add_units(importer, "Car 1", name="Car", category="car", let_by="hour")
    importer.says(hours("a", at(20, 9), at(20, 12)))
    link = importer.link(unit_id=car)
    importer.pull(link)
    assert free_at(importer, link) == {at(20, 14)}

    changes_type(importer, kind, turnaround=5)
    relay(importer.runtime)

    assert free_at(importer, link) == {at(20, 17)}


def test_what_came_through_a_composite_is_free_after_the_composites_turnaround(importer: Importer) -> None:
    kind, whole = add_whole(importer, importer.units, turnaround=1)
    importer.says(nights("a", day(20), day(22)))
    link = importer.link(unit_id=whole)
    importer.pull(link)

    changes_type(importer, importer.unit_type_id, turnaround=3)
    relay(importer.runtime)
    assert free_at(importer, link) == {noon(23)}

    changes_type(importer, kind, turnaround=2)
    relay(importer.runtime)
    assert free_at(importer, link) == {noon(24)}
    assert len(importer.blocks(link)) == 2


def test_a_longer_turnaround_drives_no_event_from_its_unit(importer: Importer) -> None:
    """They follow each other at once on both units: no unit would be free for the later ones."""
    importer.says(*(nights(f"{first}{n}", day(first), day(first + 2)) for first in (20, 22) for n in (1, 2)))
    link = importer.link(unit_type_id=importer.unit_type_id)
    importer.pull(link)
    before = importer.names(link)

    changes_type(importer, importer.unit_type_id, turnaround=1)
    settled(importer)

    assert importer.names(link) == before == ["Room 1", "Room 2", "Room 1", "Room 2"]
    assert importer.conflicts() == []
    assert free_at(importer, link) == {noon(23), noon(25)}


def test_a_type_let_by_the_hour_from_now_on_is_taken_by_the_hour(importer: Importer) -> None:
    importer.says(hours("a", at(20, 11), at(20, 15)))
    link = importer.link()
    importer.pull(link)
    assert importer.blocks(link) == []

    changes_type(importer, importer.unit_type_id, let_by="hour", turnaround=1)
    relay(importer.runtime)

    assert importer.periods(link) == [(at(20, 11), at(20, 15))]
    with pytest.raises(Conflict):
        importer.book(Hours(at(20, 14), at(20, 16)), importer.units[0])

"""Our feeds: what other channels told, and what is said of a composite, a type, a category, a property."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sync.runtime import Runtime
from tests import factories
from tests.conftest import FrozenClock
from tests.sync.exporting import DOMAIN, NOW, Place, dates, events, july


@pytest.fixture(autouse=True)
def _on_the_first_of_june(clock: FrozenClock) -> None:
    clock.at(NOW)


def test_a_feed_never_holds_what_came_from_its_own_link_and_all_that_came_from_others(place: Place) -> None:
    airbnb, booking = (place.link("two_way", unit_id=place.units[0]) for _ in range(2))
    place.told(airbnb, july(3, 7))
    place.told(booking, july(10, 12))
    assert place.busy(airbnb) == dates(july(10, 12))
    assert place.busy(booking) == dates(july(3, 7))


def test_a_relayed_event_has_one_uid_in_all_feeds_and_names_its_origin(place: Place) -> None:
    told = place.link("import", unit_id=place.units[0])
    place.told(told, july(3, 7))
    uids = set()
    for link in (place.link(unit_id=place.units[0]), place.link(unit_id=place.units[0])):
        (event,) = events(place.feed(link).body)
        assert event["X-CHANNEL-HUB-ORIGIN"] == event["UID"]
        assert event["SUMMARY"] == "Not available"
        uids.add(str(event["UID"]))
    (uid,) = uids
    assert not uid.endswith("elsewhere.example")


def test_our_turnaround_is_not_added_to_what_is_relayed(runtime: Runtime) -> None:
    place = Place.build(runtime, 1, turnaround=2)
    place.told(place.link("import", unit_id=place.units[0]), july(3, 7))
    assert place.busy(place.link(unit_id=place.units[0])) == dates(july(3, 7))
    assert place.busy(place.link(unit_type_id=place.unit_type_id)) == dates(july(3, 7))


# A composite, a type, a category, a property


def test_a_composite_is_busy_where_any_of_its_parts_is_and_its_own_stay_is_said_once(place: Place) -> None:
    whole = place.do(
        lambda session: factories.a_unit(session, place.unit_type_id, "Both rooms", parts=place.units)
    )
    link = place.link(unit_id=whole.id)
    place.book(place.units[0], july(3, 5))
    place.book(place.units[1], july(4, 7))
    own = place.book(whole.id, july(20, 22)).items[0]
    assert place.busy(link) == dates(july(3, 5), july(4, 7), july(20, 22))
    assert events(place.feed(link).body)[-1]["UID"] == own.uid
    assert place.busy(place.link(unit_id=place.units[0])) == dates(july(3, 5), july(20, 22))


@pytest.mark.parametrize("scope", ["type", "category", "property"])
def test_many_units_are_busy_only_where_none_of_them_can_be_sold(place: Place, scope: str) -> None:
    scopes: dict[str, dict[str, Any]] = {
        "type": {"unit_type_id": place.unit_type_id},
        "category": {"category": "room"},
        "property": {},
    }
    link = place.link(**scopes[scope])
    place.book(place.units[0], july(3, 9))
    assert place.busy(link) == []
    place.told(place.link("import", unit_id=place.units[1]), july(5, 12))
    assert place.busy(link) == dates(july(5, 9))


def test_a_type_feed_leaves_out_what_its_own_link_told(place: Place) -> None:
    link = place.link("two_way", unit_type_id=place.unit_type_id)
    place.told(link, july(3, 7), july(3, 7))
    assert place.busy(link) == []
    assert place.busy(place.link(unit_type_id=place.unit_type_id)) == dates(july(3, 7))


def test_the_span_of_a_type_keeps_its_uid_while_it_overlaps_what_it_was(
    place: Place, clock: FrozenClock
) -> None:
    link = place.link(unit_type_id=place.unit_type_id)
    place.book(place.units[0], july(3, 20))
    early, _late = place.book(place.units[1], july(3, 7)), place.book(place.units[1], july(7, 9))
    (before,) = events(place.feed(link).body)
    clock.advance(timedelta(hours=1))
    place.cancel(early)
    (after,) = events(place.feed(link).body)
    assert (after.start, after.end) == dates(july(7, 9))[0]
    assert (after["UID"], after["SEQUENCE"]) == (before["UID"], 1)
    assert str(after["UID"]).endswith(f"@{DOMAIN}")


def test_where_there_is_nothing_to_sell_the_feed_is_closed(place: Place) -> None:
    link = place.link(category="car")
    assert place.busy(link) == [(NOW.replace(month=1).date(), NOW.replace(month=1, year=2029).date())]

"""GET bookings/{id}/channels: which feeds speak of which bookings, and whose calendars were read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from hub.services import units
from hub.services.units import NewUnit
from tests import factories
from tests.api.houses import House, day
from tests.api.linked import linked, pulled, says
from tests.api.seen.fetching import Reader, booked, channels, exported, only
from tests.conftest import FrozenClock
from tests.fakes.feed_server import FeedServer

HOUR = timedelta(hours=1)


def test_feeds_of_many_units_name_no_bookings_and_say_so(house: House, airbnb: Reader) -> None:
    of_type = exported(house, "Agoda", unit_type_id=house.unit_type_id)
    exported(house, "Everything", property_id=house.property_id)
    exported(house, "Cars", unit_type_id=house.car_type_id)
    booking = booked(house)
    airbnb.fetch(of_type)
    said = channels(house, booking)
    assert [(one["channel"], one["state"], one["item_id"]) for one in said["exports"]] == [
        ("Agoda", "not_named", None),
        ("Everything", "not_named", None),
    ]
    assert said["exports"][0]["words"].startswith("not named there")
    assert said["summary"] == "no feed names it"


def test_the_feed_of_a_villa_names_what_takes_one_of_its_rooms(house: House, airbnb: Reader) -> None:
    def build(session: Any) -> str:
        kind = factories.a_unit_type(session, UUID(house.property_id), name="Villa", capacity=6)
        parts = tuple(UUID(room) for room in house.rooms[:2])
        return str(units.create(session, NewUnit(kind.id, "Villa", parts=parts)).id)

    villa = house.work(build)
    link = exported(house, "Vrbo", unit_id=villa)
    exported(house, "Elsewhere", unit_id=house.rooms[2])
    room = booked(house)
    airbnb.fetch(link)
    assert (only(house, room)["scope"], only(house, room)["state"]) == ("Villa", "seen")

    whole = house.book(20, 22, unit_id=villa)
    airbnb.fetch(link)
    assert only(house, whole)["state"] == "seen"


def test_each_item_is_looked_at_by_itself(house: House, airbnb: Reader) -> None:
    links = [exported(house, f"Room {n}", unit_id=room) for n, room in enumerate(house.rooms[:2], 1)]
    stay = {"arrival": day(10), "departure": day(12)}
    items = [{"unit_id": room, **stay} for room in house.rooms[:2]]
    booking = house.post("/bookings", {"property_id": house.property_id, "items": items}).json()
    airbnb.fetch(links[0])
    said = channels(house, booking)
    assert [(one["channel"], one["item_id"], one["state"]) for one in said["exports"]] == [
        ("Room 1", booking["items"][0]["id"], "seen"),
        ("Room 2", booking["items"][1]["id"], "waiting"),
    ]
    assert said["summary"] == "seen by 1 of 2; Room 2 has never fetched its feed"


def test_rentals_by_the_hour_are_followed_to_the_second(house: House, airbnb: Reader) -> None:
    link = exported(house, "Turo", unit_id=house.cars[0])
    item = {
        "unit_id": house.cars[0],
        "starts_at": "2026-06-10T09:00:00.25Z",
        "ends_at": "2026-06-10T17:30:00.75Z",
    }
    booking = house.post("/bookings", {"property_id": house.property_id, "items": [item]}).json()
    airbnb.fetch(link)
    assert only(house, booking)["state"] == "seen"


def test_long_after_its_end_a_booking_is_in_no_feed_and_nothing_is_missing(
    house: House, link: dict[str, Any], airbnb: Reader, clock: FrozenClock
) -> None:
    booking = booked(house)
    airbnb.fetch(link)
    clock.advance(60 * 24 * HOUR)
    airbnb.fetch(link)
    found = only(house, booking)
    assert (found["state"], found["words"]) == ("withdrawn", "no longer in the feed: it is over")
    assert channels(house, booking)["summary"] == "no feed names it"


def test_the_calendars_of_its_units_are_the_evidence_that_nothing_stood_against_it(
    house: House, channel: FeedServer, clock: FrozenClock
) -> None:
    says(channel)
    first = linked(house, channel, direction="two_way")
    linked(house, channel, unit_id=house.rooms[1])
    booking = booked(house)
    (before,) = channels(house, booking)["imports"]
    assert (before["verified_at"], before["words"]) == (None, "never read yet")
    pulled(house, first)
    clock.advance(timedelta(minutes=4))
    (after,) = channels(house, booking)["imports"]
    assert (after["link_id"], after["verified_at"]) == (first["id"], "2026-06-01T08:00:00Z")
    assert (after["state"], after["words"]) == ("active", "verified 4 min ago")
    assert [one["link_id"] for one in channels(house, booking)["exports"]] == [first["id"]]

"""GET bookings/{id}/channels: who has really seen a booking, through real feeds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.api.houses import House, check_problem
from tests.api.seen.fetching import Reader, booked, cancelled, channels, exported, knows, moved, only
from tests.conftest import FrozenClock

HOUR = timedelta(hours=1)


def test_a_booking_is_followed_from_its_making_to_its_end_by_what_each_consumer_fetched(
    house: House, link: dict[str, Any], airbnb: Reader, google: Reader, clock: FrozenClock
) -> None:
    google.fetch(link)
    clock.advance(HOUR)
    booking = booked(house)
    found = only(house, booking)
    assert (found["state"], found["exported_at"], found["revision"]) == ("waiting", None, None)
    assert found["words"].startswith("not in the feed yet")
    assert knows(found) == {"Google Calendar": ("nothing", None)}
    assert (found["channel"], found["scope"]) == ("Airbnb", "Room 1")
    assert found["item_id"] == booking["items"][0]["id"]

    clock.advance(HOUR)
    assert airbnb.fetch(link) == 200
    found = only(house, booking)
    assert (found["state"], found["exported_at"], found["revision"]) == ("seen", "2026-06-01T10:00:00Z", 2)
    assert knows(found) == {
        "Airbnb": ("current", "2026-06-01T10:00:00Z"),
        "Google Calendar": ("nothing", None),
    }

    clock.advance(24 * HOUR)
    assert airbnb.fetch(link) == 304
    assert knows(only(house, booking))["Airbnb"] == ("current", "2026-06-01T10:00:00Z")
    assert only(house, booking)["words"] == (
        "put into the feed 24 h ago; seen by Airbnb 24 h ago; "
        "Google Calendar does not have it, and last fetched 26 h ago"
    )

    moved(house, booking, 20, 22)
    found = only(house, booking)
    assert (found["state"], knows(found)["Airbnb"][0]) == ("waiting", "former")
    assert "still has the former dates" in found["words"]

    clock.advance(HOUR)
    google.fetch(link)
    found = only(house, booking)
    assert (found["state"], found["revision"]) == ("seen", 3)
    assert knows(found) == {
        "Google Calendar": ("current", "2026-06-02T11:00:00Z"),
        "Airbnb": ("former", "2026-06-01T10:00:00Z"),
    }

    cancelled(house, booking)
    found = only(house, booking)
    assert (found["state"], found["withdrawn_at"]) == ("waiting", None)
    assert {name: what for name, (what, _) in knows(found).items()} == dict.fromkeys(knows(found), "former")

    clock.advance(HOUR)
    google.fetch(link)
    found = only(house, booking)
    assert (found["state"], found["withdrawn_at"]) == ("withdrawn", "2026-06-02T12:00:00Z")
    assert knows(found) == {
        "Google Calendar": ("withdrawn", "2026-06-02T12:00:00Z"),
        "Airbnb": ("former", "2026-06-01T10:00:00Z"),
    }
    assert channels(house, booking)["summary"] == (
        "that it is gone was seen by 0 of 1; Airbnb last fetched 2 h ago"
    )

    clock.advance(HOUR)
    airbnb.fetch(link)
    assert knows(only(house, booking))["Airbnb"] == ("withdrawn", "2026-06-02T13:00:00Z")
    assert channels(house, booking)["summary"] == "that it is gone was seen by 1 of 1"


def test_the_summary_names_the_channel_that_has_not_come(
    house: House, airbnb: Reader, google: Reader, clock: FrozenClock
) -> None:
    links = [exported(house, name) for name in ("Airbnb", "Google", "Outlook", "Vrbo")]
    outlook = Reader(house, "Microsoft.Exchange/15.20", "203.0.113.5")
    outlook.fetch(links[2])
    clock.advance(20 * HOUR)
    booking = booked(house)
    clock.advance(6 * HOUR)
    airbnb.fetch(links[0])
    google.fetch(links[1])
    said = channels(house, booking)
    assert said["summary"] == "seen by 2 of 4; Outlook last fetched 26 h ago; Vrbo has never fetched its feed"
    assert [one["state"] for one in said["exports"]] == ["seen", "seen", "waiting", "waiting"]


def test_somebody_with_a_browser_is_no_channel(house: House, link: dict[str, Any], airbnb: Reader) -> None:
    booking = booked(house)
    browser = Reader(house, "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Firefox/150.0", "192.0.2.1")
    browser.fetch(link)
    found = only(house, booking)
    assert (found["state"], found["seen_by"][0]["kind"]) == ("exported", "person")
    assert found["seen_by"][0]["knows"] == "current"
    assert "looked at by hand alone" in found["words"]
    assert channels(house, booking)["summary"] == "seen by 0 of 1; Airbnb has never fetched its feed"

    airbnb.fetch(link)
    assert only(house, booking)["state"] == "seen"


def test_who_never_fetched_while_it_was_there_never_had_it(
    house: House, link: dict[str, Any], airbnb: Reader, google: Reader, clock: FrozenClock
) -> None:
    google.fetch(link)
    booking = booked(house)
    clock.advance(HOUR)
    airbnb.fetch(link)
    cancelled(house, booking)
    clock.advance(HOUR)
    for reader in (airbnb, google):
        reader.fetch(link)
    found = only(house, booking)
    assert {name: what for name, (what, _) in knows(found).items()} == {
        "Airbnb": "withdrawn",
        "Google Calendar": "nothing",
    }
    assert "Google Calendar never had it" in found["words"]


def test_a_hold_that_ends_before_anybody_fetched_never_was_in_the_feed(
    house: House, link: dict[str, Any], airbnb: Reader, clock: FrozenClock
) -> None:
    booking = house.book(unit_id=house.rooms[0], status="held", hold_minutes=5)
    assert only(house, booking)["state"] == "waiting"
    clock.advance(HOUR)
    airbnb.fetch(link)
    assert only(house, booking)["state"] == "never"
    assert channels(house, booking)["summary"] == "no feed names it"


def test_a_booking_that_moves_to_another_unit_leaves_one_feed_and_enters_the_other(
    house: House, airbnb: Reader, clock: FrozenClock
) -> None:
    links = [exported(house, "Airbnb", unit_id=room) for room in house.rooms[:2]]
    booking = booked(house)
    for link in links:
        airbnb.fetch(link)
    moved(house, booking, 10, 12, unit_id=house.rooms[1])
    said = channels(house, booking)
    assert [(one["scope"], one["state"]) for one in said["exports"]] == [
        ("Room 1", "waiting"),
        ("Room 2", "waiting"),
    ]
    clock.advance(HOUR)
    airbnb.fetch(links[1])
    assert channels(house, booking)["summary"] == (
        "seen by 1 of 1; that it is gone was seen by 0 of 1; Airbnb, Room 1 last fetched 60 min ago"
    )
    airbnb.fetch(links[0])
    said = channels(house, booking)
    assert [one["state"] for one in said["exports"]] == ["withdrawn", "seen"]


def test_guests_see_nothing_of_it(house: House) -> None:
    guest = house.colleague("guest")
    check_problem(guest.get(f"/bookings/{booked(house)['id']}/channels"), 403, "role")


def test_one_sentence_says_who_has_seen_it_and_who_is_late(
    house: House, link: dict[str, Any], airbnb: Reader, google: Reader, clock: FrozenClock
) -> None:
    other = exported(house, name="Booking.com")
    google.fetch(other)
    clock.advance(2 * HOUR)
    booking = booked(house)
    airbnb.fetch(link)
    clock.advance(24 * HOUR)

    late = "seen by 1 of 2 channels, the second (Booking.com) last fetched 26 h ago"
    assert channels(house, booking)["seen"] == late
    google.fetch(other)
    assert channels(house, booking)["seen"] == "seen by 2 of 2 channels"

    cancelled(house, booking)
    airbnb.fetch(link)
    assert channels(house, booking)["seen"] == (
        "that it is gone was seen by 1 of 2 channels, the second (Booking.com) last fetched just now"
    )
    google.fetch(other)
    assert channels(house, booking)["seen"] == "that it is gone was seen by 2 of 2 channels"

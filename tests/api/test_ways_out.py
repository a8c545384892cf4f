"""GET conflicts with what can be done, conflicts/summary, POST conflicts/{id}/resolve."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.houses import House, check_problem, day
from tests.api.linked import linked, pulled, says
from tests.api.machines import a_key, ask
from tests.api.test_limited_staff import another_property, limit
from tests.fakes.feed_server import FeedServer
from tests.sync.calendars import day as date_of
from tests.sync.calendars import nights


@pytest.fixture
def booking(house: House, channel: FeedServer) -> dict[str, Any]:
    """A stay in Room 1 that a channel sold too."""
    booked = house.book(10, 13, unit_id=house.rooms[0])
    says(channel, nights("a", date_of(10), date_of(12)))
    pulled(house, linked(house, channel))
    return booked


def only(house: House) -> dict[str, Any]:
    """The one that stands."""
    (found,) = house.get("/conflicts", state=["open", "ignored", "accepted"]).json()["items"]
    told: dict[str, Any] = found
    return told


def resolve(house: House, conflict: dict[str, Any], action: str, **said: Any) -> Any:
    return house.post(f"/conflicts/{conflict['id']}/resolve", {"action": action, **said})


def test_a_conflict_tells_in_words_what_it_is_and_what_can_be_done(
    house: House, booking: dict[str, Any]
) -> None:
    listed = only(house)
    reference = booking["reference"]

    assert listed == house.get(f"/conflicts/{listed['id']}").json()
    assert listed["words"] == (
        f"Room 1 is claimed twice: by Seaside Rentals from {day(10)} to {day(12)},"
        f" and by confirmed booking {reference} from {day(10)} to {day(13)}"
    )
    best = listed["ways_out"][0]
    assert best == {
        "action": "move_booking",
        "words": f"move {reference} to Room 2, which is free for all of it",
        "parameters": {"unit_id": house.rooms[1]},
        "recommended": True,
    }
    assert [way["recommended"] for way in listed["ways_out"]].count(True) == 1
    assert {"same_stay", "cancel_booking", "accept", "ignore"} < {way["action"] for way in listed["ways_out"]}
    assert listed["remote"]["last_seen_at"]
    assert (listed["local"]["source"], listed["remote"]["source"]) == ("direct", "Seaside Rentals")


def test_a_way_out_is_sent_back_as_it_was_offered(house: House, booking: dict[str, Any]) -> None:
    conflict = only(house)
    best = conflict["ways_out"][0]

    answer = resolve(house, conflict, best["action"], seen=conflict["fingerprint"], **best["parameters"])

    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["state"], told["ways_out"]) == ("closed", [])
    assert told["resolution"] == f"{booking['reference']} was moved to Room 2"
    moved = house.get(f"/bookings/{booking['id']}").json()
    assert moved["items"][0]["unit_id"] == house.rooms[1]
    assert house.get("/conflicts", state="open").json()["items"] == []
    assert resolve(house, conflict, best["action"], **best["parameters"]).json() == told


def test_the_world_that_moved_on_is_told_with_what_is_in_the_way(
    house: House, booking: dict[str, Any]
) -> None:
    conflict = only(house)
    other = house.book(11, 12, unit_id=house.rooms[1])

    problem = check_problem(
        resolve(house, conflict, "move_booking", unit_id=house.rooms[1]), 409, "taken", "unit_id"
    )

    expected = f"Room 2 was taken meanwhile by booking {other['reference']}, {day(11)} to {day(12)}"
    assert problem["detail"] == expected
    check_problem(resolve(house, conflict, "cancel_booking", seen="x"), 409, "changed", "seen")
    assert house.get(f"/bookings/{booking['id']}").json()["status"] == "confirmed"


def test_what_is_no_way_out_of_it_is_refused_with_those_there_are(
    house: House, booking: dict[str, Any]
) -> None:
    problem = check_problem(resolve(house, only(house), "release"), 422, "no_way_out", "action")

    assert "move_booking" in problem["errors"][0]["has"]
    check_problem(resolve(house, only(house), "give_up"), 422, "enum", "action")
    check_problem(resolve(house, only(house), "move_booking"), 422, "required", "unit_id")


def test_filters_narrow_the_list(house: House, booking: dict[str, Any]) -> None:
    conflict = only(house)

    def number(**params: Any) -> int:
        return len(house.get("/conflicts", **params).json()["items"])

    nothing = conflict["id"]
    for name in ("link_id", "unit_id", "booking_id"):
        assert (number(**{name: conflict[name]}), number(**{name: nothing})) == (1, 0), name
    assert number(type="EXTERNAL_OVERLAP") == number(type=["UNPLACED", "EXTERNAL_OVERLAP"]) == 1
    assert number(type="UNPLACED") == number(state=["closed", "accepted"]) == 0
    assert resolve(house, conflict, "accept").json()["state"] == "accepted"
    assert number(state=["closed", "accepted"]) == 1


def test_the_summary_counts_what_stands(house: House, booking: dict[str, Any]) -> None:
    row = {"property_id": house.property_id, "type": "EXTERNAL_OVERLAP", "state": "open", "number": 1}
    assert house.get("/conflicts/summary").json() == {"open": 1, "items": [row]}

    resolve(house, only(house), "ignore")
    ignored = {"open": 0, "items": [row | {"state": "ignored"}]}
    assert house.get("/conflicts/summary", property_id=house.property_id).json() == ignored
    resolve(house, only(house), "cancel_booking")
    assert house.get("/conflicts/summary").json() == {"open": 0, "items": []}


def test_a_way_out_asks_for_the_right_that_doing_it_elsewhere_asks_for(
    house: House, booking: dict[str, Any]
) -> None:
    """A key for syncing sells nothing, and cancels nothing; with both it may."""
    conflict = only(house)
    path = f"/conflicts/{conflict['id']}/resolve"
    syncs, both = a_key(house, "sync").secret, a_key(house, "sync", "bookings").secret

    seen = ask(house, syncs, "GET", f"/conflicts/{conflict['id']}").json()
    assert {way["action"] for way in seen["ways_out"]} == {"same_stay", "ignore_event", "accept", "ignore"}
    check_problem(ask(house, syncs, "POST", path, json={"action": "cancel_booking"}), 403, "scope")
    assert house.get(f"/bookings/{booking['id']}").json()["status"] == "confirmed"

    sells = a_key(house, "bookings").secret
    check_problem(ask(house, sells, "POST", path, json={"action": "cancel_booking"}), 403, "scope")
    assert ask(house, both, "POST", path, json={"action": "cancel_booking"}).status_code == 200


def test_a_guard_is_for_managers(house: House, channel: FeedServer) -> None:
    says(channel, *(nights(f"s{n}", date_of(20 + 5 * n), date_of(23 + 5 * n)) for n in range(4)))
    link = linked(house, channel)
    pulled(house, link)
    says(channel)
    pulled(house, link)
    conflict = only(house)
    staff = house.colleague("staff")

    assert only(staff)["ways_out"] == []
    check_problem(resolve(staff, conflict, "release"), 403, "role")
    assert resolve(house.colleague("manager"), conflict, "release").json()["state"] == "closed"


def test_who_is_limited_to_another_property_meets_no_conflict_of_this_one(
    house: House, booking: dict[str, Any]
) -> None:
    elsewhere = another_property(house)
    staff = house.colleague("staff")
    limit(house, staff.member_id, elsewhere.property_id)
    conflict = only(house)

    assert staff.get("/conflicts").json()["items"] == []
    assert staff.get("/conflicts/summary").json() == {"open": 0, "items": []}
    check_problem(resolve(staff, conflict, "cancel_booking"), 404, "not_found")
    assert house.get(f"/bookings/{booking['id']}").json()["status"] == "confirmed"

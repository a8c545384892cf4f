"""POST bookings/{id}/confirm|cancel|move|check-in|check-out|no-show."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.api.houses import House, check_problem, day, instant
from tests.conftest import FrozenClock


def _step(house: House, booked: dict[str, Any], action: str, body: Any = None) -> Any:
    return house.post(f"/bookings/{booked['id']}/{action}", body)


def test_a_hold_is_confirmed(house: House) -> None:
    held = house.book(status="held")

    answer = _step(house, held, "confirm")

    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["hold_until"]) == ("confirmed", None)
    assert answer.headers["etag"] == f'"{answer.json()["version"]}"'


def test_a_hold_that_ran_out_cannot_be_confirmed_and_its_unit_can_be_sold(
    house: House, clock: FrozenClock
) -> None:
    held = house.book(unit_id=house.rooms[0], status="held", hold_minutes=5)
    clock.advance(timedelta(minutes=5))

    check_problem(_step(house, held, "confirm"), 409, "hold_lapsed")
    house.book(unit_id=house.rooms[0])


def test_a_cancelled_booking_gives_its_unit_back(house: House) -> None:
    booked = house.book(unit_id=house.rooms[0])

    answer = _step(house, booked, "cancel", {"reason": "fell ill"})

    assert (answer.json()["status"], answer.json()["cancel_reason"]) == ("cancelled", "fell ill")
    assert answer.json()["cancelled_at"].endswith("Z")
    house.book(unit_id=house.rooms[0])


def test_cancelling_needs_no_reason_and_may_be_repeated(house: House) -> None:
    booked = house.book()

    first, second = _step(house, booked, "cancel"), _step(house, booked, "cancel")

    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()


def test_a_stay_is_checked_in_and_out(house: House) -> None:
    booked = house.book(0, 2)

    assert _step(house, booked, "check-in").json()["status"] == "checked_in"
    assert _step(house, booked, "check-out").json()["status"] == "checked_out"


def test_a_no_show_gives_the_unit_back(house: House) -> None:
    booked = house.book(0, 2, unit_id=house.rooms[0])

    assert _step(house, booked, "no-show").json()["status"] == "no_show"
    house.book(0, 2, unit_id=house.rooms[0])


@pytest.mark.parametrize("action", ["check-in", "no-show"])
def test_nobody_comes_or_fails_to_come_before_the_day_of_arrival(
    house: House, clock: FrozenClock, action: str
) -> None:
    booked = house.book(1, 3, unit_id=house.rooms[0])

    check_problem(_step(house, booked, action), 409, "too_early")
    assert house.get(f"/bookings/{booked['id']}").json()["status"] == "confirmed"

    clock.advance(timedelta(days=1))
    assert _step(house, booked, action).status_code == 200


@pytest.mark.parametrize("action", ["check-out", "confirm", "check-in", "no-show"])
def test_a_step_out_of_order_is_refused_with_the_status(house: House, action: str) -> None:
    booked = house.book()
    _step(house, booked, "cancel")

    said = check_problem(_step(house, booked, action), 409, "wrong_status", "status")
    assert said["errors"][0]["status"] == "cancelled"


def test_a_booking_moves_to_another_room_and_other_nights(house: House) -> None:
    booked = house.book(unit_id=house.rooms[0])
    item = {
        "item_id": booked["items"][0]["id"],
        "unit_id": house.rooms[1],
        "arrival": day(11),
        "departure": day(14),
    }

    answer = _step(house, booked, "move", {"items": [item]})

    assert answer.status_code == 200
    (moved,) = answer.json()["items"]
    assert (moved["unit_id"], moved["arrival"], moved["departure"]) == (house.rooms[1], day(11), day(14))
    house.book(unit_id=house.rooms[0])


def test_a_rental_by_the_hour_moves_to_other_hours(house: House) -> None:
    item = {"unit_id": house.cars[0], "starts_at": instant(30), "ends_at": instant(33)}
    booked = house.post("/bookings", {"property_id": house.property_id, "items": [item]}).json()
    move = {"item_id": booked["items"][0]["id"], "starts_at": instant(40), "ends_at": instant(41)}

    (moved,) = _step(house, booked, "move", {"items": [move]}).json()["items"]

    assert (moved["starts_at"], moved["ends_at"]) == (instant(40), instant(41))


def test_a_move_to_a_taken_room_is_refused_and_changes_nothing(house: House) -> None:
    booked = house.book(unit_id=house.rooms[0])
    house.book(unit_id=house.rooms[1])
    item = {"item_id": booked["items"][0]["id"], "unit_id": house.rooms[1]}

    answer = _step(house, booked, "move", {"items": [item]})

    check_problem(answer, 409, "sold_out", "items[0]")
    assert house.get(f"/bookings/{booked['id']}").json() == booked


def test_two_bookings_swap_their_rooms(house: House) -> None:
    mine = house.book(10, 12, unit_id=house.rooms[0])
    theirs = house.book(10, 14, unit_id=house.rooms[1])

    answer = _step(house, mine, "move", {"swap_with": theirs["id"]})

    assert answer.status_code == 200
    assert answer.json()["items"][0]["unit_id"] == house.rooms[1]
    other = house.get(f"/bookings/{theirs['id']}").json()["items"][0]
    assert (other["unit_id"], other["departure"]) == (house.rooms[0], day(14))


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"departure": day(8)}, "required", "items[0].arrival"),
        ({"arrival": day(9), "departure": day(8)}, "no_nights", "items[0].departure"),
        ({"arrival": day(-9), "departure": day(8)}, "in_the_past", "items[0].arrival"),
        ({"unit_id": str(uuid4())}, "unknown", "items[0].unit_id"),
        ({"unit_type_id": str(uuid4())}, "unknown", "items[0].unit_type_id"),
        ({"item_id": str(uuid4())}, "unknown", "items[0].item_id"),
        ({"room": 4}, "extra_forbidden", "items[0].room"),
    ],
)
def test_a_bad_move_is_refused_with_the_field_named(
    house: House, change: dict[str, Any], code: str, field: str
) -> None:
    booked = house.book()
    item = {"item_id": booked["items"][0]["id"], **change}

    check_problem(_step(house, booked, "move", {"items": [item]}), 422, code, field)


@pytest.mark.parametrize("body", [{}, {"items": []}, {"swap_with": str(uuid4()), "items": [{"item_id": 1}]}])
def test_a_move_says_either_items_or_a_swap(house: House, body: dict[str, Any]) -> None:
    booked = house.book()
    if body.get("items"):
        body = {**body, "items": [{"item_id": booked["items"][0]["id"]}]}

    check_problem(_step(house, booked, "move", body), 422, "one_of", "items")


def test_a_swap_with_an_unknown_booking_is_not_found(house: House) -> None:
    check_problem(
        _step(house, house.book(), "move", {"swap_with": str(uuid4())}), 422, "unknown", "swap_with"
    )

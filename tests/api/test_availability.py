"""GET availability, calendar."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.api.houses import House, check_problem, day, instant


def _ask(house: House, **params: Any) -> Any:
    usual = {"property_id": house.property_id, "arrival": day(10), "departure": day(12)}
    return house.get("/availability", **{name: v for name, v in (usual | params).items() if v is not None})


def test_the_free_rooms_of_each_type_are_counted(house: House) -> None:
    house.book(10, 11, unit_id=house.rooms[1])

    answer = _ask(house, guests=2)

    assert answer.status_code == 200
    (rooms,) = answer.json()["items"]
    assert (rooms["name"], rooms["let_by"], rooms["free"], rooms["reasons"]) == (
        "Double room",
        "night",
        2,
        [],
    )
    assert [unit["id"] for unit in rooms["units"]] == [house.rooms[0], house.rooms[2]]


def test_the_reason_is_told_when_none_is_free(house: House) -> None:
    for room in house.rooms:
        house.book(11, 13, unit_id=room)

    (rooms,) = _ask(house).json()["items"]

    assert (rooms["free"], rooms["units"]) == (0, [])
    assert rooms["reasons"][0]["code"] == "sold_out"
    assert rooms["reasons"][0]["message"] == f"sold out on {day(11)}"
    assert rooms["reasons"][0]["facts"] == {"night": day(11)}


def test_cars_are_asked_for_by_the_hour(house: House) -> None:
    answer = _ask(house, arrival=None, departure=None, starts_at=instant(30), ends_at=instant(32))

    (cars,) = answer.json()["items"]
    assert (cars["name"], cars["let_by"], cars["free"]) == ("Car", "hour", 2)
    assert (answer.json()["starts_at"], answer.json()["arrival"]) == (instant(30), None)


def test_one_type_alone_may_be_asked_for(house: House) -> None:
    answer = _ask(house, unit_type_id=house.unit_type_id)

    assert [row["unit_type_id"] for row in answer.json()["items"]] == [house.unit_type_id]


@pytest.mark.parametrize(
    ("params", "status", "code", "field"),
    [
        ({"departure": None}, 422, "required", "departure"),
        ({"arrival": None, "departure": None}, 422, "required", "arrival"),
        ({"departure": day(10)}, 422, "no_nights", "departure"),
        ({"departure": "soon"}, 422, "invalid_date", "departure"),
        ({"departure": day(1000)}, 422, "too_long", "departure"),
        ({"arrival": "0001-01-01"}, 422, "beyond_calendar", "arrival"),
        ({"guests": 0}, 422, "greater_than_equal", "guests"),
        ({"rooms": 2}, 422, "extra_forbidden", "rooms"),
        ({"starts_at": "2027-01-01T10:00:00Z"}, 422, "nights_or_hours", "starts_at"),
        ({"property_id": None}, 422, "missing", "property_id"),
        ({"property_id": str(uuid4())}, 404, "not_found", "property_id"),
        ({"unit_type_id": str(uuid4())}, 404, "unknown", "unit_type_id"),
    ],
)
def test_a_bad_question_is_refused_with_the_field_named(
    house: House, params: dict[str, Any], status: int, code: str, field: str
) -> None:
    check_problem(_ask(house, **params), status, code, field)


def test_the_calendar_shows_what_takes_each_unit(house: House) -> None:
    booked = house.book(10, 12, unit_id=house.rooms[0])
    held = house.book(11, 13, unit_id=house.rooms[1], status="held")

    answer = house.get("/calendar", **{"property_id": house.property_id, "from": day(9), "to": day(12)})

    assert answer.status_code == 200
    assert (answer.json()["from"], answer.json()["to"]) == (day(9), day(12))
    busy = {unit["unit_id"]: unit["busy"] for unit in answer.json()["items"]}
    assert set(busy) == {*house.rooms, *house.cars}
    assert busy[house.rooms[0]] == [
        {"first": day(10), "after": day(12), "cause": "booking", "reference": booked["id"]}
    ]
    assert busy[house.rooms[1]] == [
        {"first": day(11), "after": day(12), "cause": "hold", "reference": held["id"]}
    ]
    assert busy[house.rooms[2]] == []


@pytest.mark.parametrize(
    ("params", "status", "code", "field"),
    [
        ({"to": day(9)}, 422, "no_days", "to"),
        ({"to": day(9 + 401)}, 422, "too_long", "to"),
        ({"to": None}, 422, "missing", "to"),
        ({"from": "1"}, 422, "invalid_date", "from"),
        ({"from": "0001-01-01", "to": "0001-02-01"}, 422, "beyond_calendar", "from"),
        ({"from": "9000-12-01", "to": "9001-01-01"}, 422, "beyond_calendar", "to"),
        ({"property_id": str(uuid4())}, 404, "not_found", "property_id"),
    ],
)
def test_a_bad_calendar_is_refused_with_the_field_named(
    house: House, params: dict[str, Any], status: int, code: str, field: str
) -> None:
    usual = {"property_id": house.property_id, "from": day(9), "to": day(12)}
    asked = {name: value for name, value in (usual | params).items() if value is not None}

    check_problem(house.get("/calendar", **asked), status, code, field)


@pytest.mark.parametrize("path", ["/calendar", "/bookings", "/audit"])
def test_who_looks_too_far_is_told_how_far_there_is_something(house: House, path: str) -> None:
    far = {"from": "0001-01-01", "to": "0001-02-01", "property_id": house.property_id}
    if path == "/audit":
        far = {"from": "0001-01-01T00:00:00Z"}

    said = check_problem(house.get(path, **far), 422, "beyond_calendar", "from")

    assert said["detail"].endswith("far away: ask for 1970-01-01 to 9000-12-31")

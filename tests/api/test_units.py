"""Units over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from hub.ids import new_id
from tests.api.houses import V1, House, check_problem


def a_type(house: House, **more: Any) -> str:
    body = {"property_id": house.property_id, "name": "Villa", "category": "home", "let_by": "night"}
    made: str = house.post("/unit-types", body | {"capacity": 8} | more).json()["id"]
    return made


def a_villa(house: House, *parts: str) -> dict[str, Any]:
    body = {"unit_type_id": a_type(house), "name": "Villa", "parts": parts or house.rooms[:2]}
    added = house.post("/units", body)
    assert added.status_code == 201, added.text
    made: dict[str, Any] = added.json()
    return made


def test_a_unit_is_added_and_read_back(house: House) -> None:
    added = house.post(
        "/units", {"unit_type_id": house.unit_type_id, "name": "Attic", "description": "Steep"}
    )
    assert added.status_code == 201
    unit = added.json()
    assert (unit["property_id"], unit["status"], unit["parts"]) == (house.property_id, "ready", [])
    assert added.headers["location"] == f"{V1}/units/{unit['id']}"
    assert house.get(f"/units/{unit['id']}").json() == unit


def test_a_dorm_of_twelve_beds_is_one_call_and_one_key_makes_it_once(house: House) -> None:
    dorm = a_type(house, name="Dorm", category="dorm_bed", capacity=1)
    body = {"unit_type_id": dorm, "name": "Bed {n}", "count": 12}
    answers = [house.post("/units", body, Idempotency_Key="dorm") for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 201]
    names = [unit["name"] for unit in answers[0].json()["items"]]
    assert names == [f"Bed {number}" for number in range(1, 13)]
    assert [unit["name"] for unit in house.get("/units", unit_type_id=dorm).json()["items"]] == names


@pytest.mark.parametrize(
    ("more", "code", "field"),
    [
        ({"unit_type_id": str(new_id())}, "unknown", "unit_type_id"),
        ({"name": "Room 1"}, "taken", "name"),
        ({"name": "Bed", "count": 2}, "no_number", "name"),
        ({"count": 0}, "greater_than_equal", "count"),
        ({"name": "Bed {n}", "count": 501}, "less_than_equal", "count"),
        ({"status": "on fire"}, "enum", "status"),
        ({"parts": ["room"]}, "uuid_parsing", "parts[0]"),
        ({"parts": [str(new_id()), str(new_id())]}, "unknown_part", "parts[0]"),
        ({"name": "Bed {n}", "count": 2, "parts": [str(new_id())]}, "not_together", "parts"),
    ],
)
def test_a_unit_that_cannot_be_is_refused_with_the_field_named(
    house: House, more: dict[str, Any], code: str, field: str
) -> None:
    body = {"unit_type_id": house.unit_type_id, "name": "Attic"} | more
    check_problem(house.post("/units", body), 422, code, field)
    assert len(house.get("/units").json()["items"]) == 5


def test_a_composite_names_the_part_that_does_not_fit(house: House) -> None:
    villa = a_villa(house)
    assert sorted(villa["parts"]) == sorted(house.rooms[:2])
    body = {"unit_type_id": villa["unit_type_id"], "name": "Wing"}
    for parts, code, field in (
        ([house.rooms[2], villa["id"]], "part_is_composite", "parts[1]"),
        ([house.rooms[2], house.cars[0]], "part_let_otherwise", "parts[1]"),
        ([house.rooms[2], house.rooms[2]], "duplicate_part", "parts[1]"),
        ([house.rooms[2]], "too_few_parts", "parts"),
    ):
        check_problem(house.post("/units", body | {"parts": parts}), 422, code, field)


def test_overlapping_composites_are_never_sold_together(house: House) -> None:
    first = a_villa(house, *house.rooms[:2])
    body = {"unit_type_id": first["unit_type_id"], "name": "Wing", "parts": house.rooms[1:]}
    second = house.post("/units", body).json()
    house.book(10, 12, unit_id=first["id"])
    answer = house.post("/bookings", house.stay(11, 13, unit_id=second["id"]))
    check_problem(answer, 409, "sold_out", "items[0]")


def test_the_parts_of_what_is_sold_stay(house: House) -> None:
    villa = a_villa(house)
    path = f"/units/{villa['id']}"
    assert house.ask("PATCH", path, json={"parts": house.rooms}).json()["version"] == 2
    house.book(10, 12, unit_id=villa["id"])
    check_problem(house.ask("PATCH", path, json={"parts": house.rooms[:2]}), 409, "in_use", "parts")
    check_problem(
        house.ask("PATCH", f"/units/{house.rooms[0]}", json={"parts": house.rooms[1:]}),
        422,
        "whole_is_part",
        "parts",
    )


def test_the_status_of_a_room_is_set_and_logged(house: House) -> None:
    path = f"/units/{house.rooms[0]}"
    assert house.ask("PATCH", path, json={"status": "cleaning"}).json()["status"] == "cleaning"
    logged = house.get("/audit", entity="unit", entity_id=house.rooms[0]).json()["items"]
    assert [(row["action"], row["after"].get("status")) for row in logged][:1] == [("updated", "cleaning")]


def test_units_are_listed_by_property_and_type_in_pages(house: House) -> None:
    assert len(house.get("/units", property_id=house.property_id).json()["items"]) == 5
    assert house.get("/units", property_id=str(new_id())).json()["items"] == []
    first = house.get("/units", unit_type_id=house.unit_type_id, limit=2).json()
    rest = house.get("/units", unit_type_id=house.unit_type_id, limit=2, cursor=first["next_cursor"]).json()
    assert {unit["id"] for unit in first["items"] + rest["items"]} == set(house.rooms)


def test_an_archived_unit_is_sold_no_more(house: House) -> None:
    assert house.ask("DELETE", f"/units/{house.rooms[0]}").status_code == 204
    answer = house.post("/bookings", house.stay(unit_id=house.rooms[0]))
    check_problem(answer, 422, "unknown", "items[0].unit_id")
    assert len(house.get("/units", unit_type_id=house.unit_type_id).json()["items"]) == 2

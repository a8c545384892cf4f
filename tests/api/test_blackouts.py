"""CRUD blackouts."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.api.houses import House, check_problem, day, instant


def _body(house: House, **fields: Any) -> dict[str, Any]:
    usual = {"unit_id": house.rooms[0], "kind": "maintenance", "arrival": day(10), "departure": day(12)}
    return usual | fields


def _add(house: House, **fields: Any) -> dict[str, Any]:
    answer = house.post("/blackouts", _body(house, **fields))
    assert answer.status_code == 201, answer.text
    added: dict[str, Any] = answer.json()
    return added


def test_a_blackout_takes_the_unit_off_the_market(house: House) -> None:
    answer = house.post("/blackouts", _body(house, note="new boiler"))

    assert answer.status_code == 201
    added = answer.json()
    assert answer.headers["location"] == f"/api/v1/blackouts/{added['id']}"
    assert (added["kind"], added["note"], added["property_id"]) == (
        "maintenance",
        "new boiler",
        house.property_id,
    )
    assert house.get(f"/blackouts/{added['id']}").json() == added
    check_problem(house.post("/bookings", house.stay(unit_id=house.rooms[0])), 409, "sold_out", "items[0]")


def test_a_car_is_taken_off_the_market_by_the_hour(house: House) -> None:
    body = {"unit_id": house.cars[0], "kind": "closed", "starts_at": instant(30), "ends_at": instant(31)}

    added = house.post("/blackouts", body).json()

    assert (added["starts_at"], added["arrival"]) == (instant(30), None)


def test_a_blackout_never_lies_over_a_booking(house: House) -> None:
    house.book(11, 13, unit_id=house.rooms[0])

    check_problem(house.post("/blackouts", _body(house)), 409, "sold_out", "unit_id")
    assert house.get("/blackouts").json()["items"] == []


@pytest.mark.parametrize(
    ("fields", "status", "code", "field"),
    [
        ({"kind": "party"}, 422, "enum", "kind"),
        ({"departure": day(10)}, 422, "no_nights", "departure"),
        ({"departure": None}, 422, "required", "departure"),
        ({"arrival": 1}, 422, "invalid_date", "arrival"),
        ({"arrival": "0001-01-01"}, 422, "beyond_calendar", "arrival"),
        ({"unit_id": str(uuid4())}, 422, "unknown", "unit_id"),
        ({"unit_id": 7}, 422, "uuid_type", "unit_id"),
        ({"colour": "red"}, 422, "extra_forbidden", "colour"),
        ({"note": "\x07"}, 422, "control_character", "note"),
    ],
)
def test_a_bad_blackout_is_refused_with_the_field_named(
    house: House, fields: dict[str, Any], status: int, code: str, field: str
) -> None:
    check_problem(house.post("/blackouts", _body(house, **fields)), status, code, field)
    assert house.get("/blackouts").json()["items"] == []


def test_a_blackout_of_a_room_needs_nights(house: House) -> None:
    body = {"unit_id": house.rooms[0], "kind": "closed", "starts_at": instant(30), "ends_at": instant(31)}

    check_problem(house.post("/blackouts", body), 422, "let_by", "starts_at")


def test_blackouts_are_listed_in_order_and_by_what_is_asked(house: House) -> None:
    later = _add(house, arrival=day(20), departure=day(21))
    first = _add(house, unit_id=house.rooms[1])

    def ids(**params: Any) -> list[str]:
        return [row["id"] for row in house.get("/blackouts", **params).json()["items"]]

    assert ids() == [first["id"], later["id"]]
    assert ids(unit_id=house.rooms[1]) == [first["id"]]
    assert ids(property_id=house.property_id) == [first["id"], later["id"]]
    assert ids(**{"from": f"{day(15)}T00:00:00Z"}) == [later["id"]]
    assert ids(to=f"{day(15)}T00:00:00Z") == [first["id"]]
    page = house.get("/blackouts", limit=1).json()
    assert (
        house.get("/blackouts", limit=1, cursor=page["next_cursor"]).json()["items"][0]["id"] == later["id"]
    )


@pytest.mark.parametrize(
    ("params", "code", "field"),
    [
        ({"from": "2027-01-01T00:00:00"}, "no_offset", "from"),
        ({"to": "now"}, "invalid_instant", "to"),
        ({"cursor": "\u2603"}, "invalid_cursor", "cursor"),
    ],
)
def test_a_bad_filter_is_refused_with_its_name(
    house: House, params: dict[str, Any], code: str, field: str
) -> None:
    check_problem(house.get("/blackouts", **params), 422, code, field)


def test_an_edit_keeps_what_it_does_not_say(house: House) -> None:
    added = _add(house, note="new boiler")
    path = f"/blackouts/{added['id']}"

    moved = house.ask("PATCH", path, json={"arrival": day(14), "departure": day(16)})
    kept = house.ask("PATCH", path, json={"kind": "owner_stay", "unit_id": house.rooms[1]})
    emptied = house.ask("PATCH", path, json={"note": None})

    assert (moved.json()["arrival"], moved.json()["note"]) == (day(14), "new boiler")
    assert (kept.json()["kind"], kept.json()["departure"]) == ("owner_stay", day(16))
    assert (emptied.json()["note"], emptied.json()["unit_id"]) == (None, house.rooms[1])
    assert emptied.headers["etag"] == f'"{emptied.json()["version"]}"'
    house.book(10, 16, unit_id=house.rooms[0])


def test_an_edit_of_a_version_that_is_gone_fails(house: House) -> None:
    path = f"/blackouts/{_add(house)['id']}"
    seen = house.get(path).headers["etag"]
    assert house.ask("PATCH", path, json={"kind": "closed"}, headers={"If-Match": seen}).status_code == 200

    second = house.ask("PATCH", path, json={"kind": "owner_stay"}, headers={"If-Match": seen})

    check_problem(second, 412, "changed", "If-Match")
    assert house.get(path).json()["kind"] == "closed"


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({"departure": day(20)}, 422, "required", "arrival"),
        ({"kind": ""}, 422, "enum", "kind"),
        ({"unit_id": str(uuid4())}, 422, "unknown", "unit_id"),
        ({"arrival": day(30), "departure": day(32)}, 409, "sold_out", "unit_id"),
    ],
)
def test_a_bad_edit_is_refused_with_the_field_named(
    house: House, body: dict[str, Any], status: int, code: str, field: str
) -> None:
    added = _add(house)
    house.book(31, 33, unit_id=house.rooms[0])

    check_problem(house.ask("PATCH", f"/blackouts/{added['id']}", json=body), status, code, field)
    assert house.get(f"/blackouts/{added['id']}").json() == added


def test_a_removed_blackout_is_gone_and_the_unit_back(house: House) -> None:
    path = f"/blackouts/{_add(house)['id']}"

    answer = house.ask("DELETE", path)

    assert (answer.status_code, answer.content) == (204, b"")
    check_problem(house.get(path), 404, "not_found")
    check_problem(house.ask("DELETE", path), 404, "not_found")
    house.book(unit_id=house.rooms[0])

"""Properties and unit types over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from hub.ids import new_id
from tests.api.houses import V1, House, check_problem, day

NEW = {"name": "Villa Verde", "time_zone": "Europe/Lisbon"}
FULL = NEW | {
    "check_in": "16:00",
    "check_out": "10:30:00",
    "hold_minutes": 30,
    "description": "By the sea\nand quiet",
    "address": {"line1": "Rua 1", "city": "Faro", "country": "PT", "latitude": 37.0194},
    "amenities": ["pool", "wifi"],
}


def unit_type(house: House, **more: Any) -> dict[str, Any]:
    usual = {"property_id": house.property_id, "name": "Suite", "category": "room", "let_by": "night"}
    return usual | {"capacity": 4} | more


def test_a_property_is_added_with_all_its_content_and_read_back(house: House) -> None:
    slug = f"villa-{new_id().hex}"
    added = house.post("/properties", FULL | {"slug": slug})
    assert added.status_code == 201
    said = added.json()
    assert {key: said[key] for key in FULL} == FULL | {"check_in": "16:00:00"}
    assert (said["slug"], said["archived_at"]) == (slug, None)
    assert added.headers["location"] == f"{V1}/properties/{said['id']}"
    shown = house.get(f"/properties/{said['id']}")
    assert shown.json() == said
    assert shown.headers["etag"] == added.headers["etag"] == '"1"'


@pytest.mark.parametrize(
    ("more", "code", "field"),
    [
        ({"time_zone": "Europe/Nowhere"}, "unknown_time_zone", "time_zone"),
        ({"name": " "}, "string_too_short", "name"),
        ({"check_in": "25:00"}, "time_parsing", "check_in"),
        ({"check_in": "15:00+02:00"}, "invalid_time", "check_in"),
        ({"check_in": 54000}, "invalid_time", "check_in"),
        ({"check_in": "10:00", "check_out": "12:00"}, "check_out_after_check_in", "check_out"),
        ({"hold_minutes": 1441}, "less_than_equal", "hold_minutes"),
        ({"slug": "No Slug"}, "invalid_slug", "slug"),
        ({"address": {"country": "Portugal"}}, "string_pattern_mismatch", "address.country"),
        ({"address": {"planet": "Earth"}}, "extra_forbidden", "address.planet"),
        ({"amenities": ["wifi", ""]}, "string_too_short", "amenities[1]"),
        ({"description": "a\x00b"}, "control_character", "description"),
        ({"colour": "blue"}, "extra_forbidden", "colour"),
    ],
)
def test_a_property_that_cannot_be_is_refused_with_the_field_named(
    house: House, more: dict[str, Any], code: str, field: str
) -> None:
    check_problem(house.post("/properties", NEW | more), 422, code, field)
    assert len(house.get("/properties").json()["items"]) == 1
    check_problem(house.ask("PATCH", f"/properties/{house.property_id}", json=more), 422, code, field)


def test_an_unknown_zone_is_named(house: House) -> None:
    said = check_problem(
        house.post("/properties", NEW | {"time_zone": "Europe/Nowhere"}),
        422,
        "unknown_time_zone",
        "time_zone",
    )
    assert said["detail"] == "Europe/Nowhere is no time zone"


@pytest.mark.parametrize("path", ["properties", "unit-types", "units"])
def test_of_two_edits_of_one_version_the_second_fails(house: House, path: str) -> None:
    target = {"properties": house.property_id, "unit-types": house.unit_type_id, "units": house.rooms[0]}[
        path
    ]
    seen = house.get(f"/{path}/{target}").headers["etag"]
    answers = [
        house.ask("PATCH", f"/{path}/{target}", json={"name": name}, headers={"If-Match": seen})
        for name in ("First", "Second")
    ]
    assert answers[0].status_code == 200
    assert answers[0].headers["etag"] != seen
    check_problem(answers[1], 412, "changed", "If-Match")
    check_problem(
        house.ask("DELETE", f"/{path}/{target}", headers={"If-Match": seen}), 412, "changed", "If-Match"
    )
    assert house.get(f"/{path}/{target}").json()["name"] == "First"


@pytest.mark.parametrize("path", ["properties", "unit-types", "units"])
def test_staff_read_the_inventory_and_managers_shape_it(house: House, path: str) -> None:
    target = {"properties": house.property_id, "unit-types": house.unit_type_id, "units": house.rooms[0]}[
        path
    ]
    staff, manager = house.colleague("staff"), house.colleague("manager")
    for url in (f"/{path}", f"/{path}/{target}"):
        assert staff.get(url).status_code == 200
    check_problem(staff.ask("PATCH", f"/{path}/{target}", json={"name": "Mine"}), 403, "role")
    check_problem(staff.ask("DELETE", f"/{path}/{target}"), 403, "role")
    assert manager.ask("PATCH", f"/{path}/{target}", json={"name": "Ours"}).status_code == 200


def test_properties_page_the_oldest_first(house: House) -> None:
    ids = [house.property_id] + [house.post("/properties", NEW).json()["id"] for _ in range(2)]
    first = house.get("/properties", limit=2).json()
    rest = house.get("/properties", limit=2, cursor=first["next_cursor"]).json()
    assert [one["id"] for one in first["items"] + rest["items"]] == ids
    assert rest["next_cursor"] is None


def test_archiving_hides_from_lists_and_keeps_for_the_books(house: House) -> None:
    made = house.post("/properties", NEW).json()
    path = f"/properties/{made['id']}"
    assert house.ask("DELETE", path).status_code == 204
    assert house.ask("DELETE", path).status_code == 204
    assert [one["id"] for one in house.get("/properties").json()["items"]] == [house.property_id]
    assert house.get(path).json()["archived_at"] is not None
    check_problem(house.ask("PATCH", path, json={"name": "Again"}), 409, "archived")


def test_what_a_guest_will_come_to_is_not_archived(house: House) -> None:
    booked = house.book(10, 12, unit_id=house.rooms[0])
    for path in (
        f"/units/{house.rooms[0]}",
        f"/unit-types/{house.unit_type_id}",
        f"/properties/{house.property_id}",
    ):
        said = check_problem(house.ask("DELETE", path), 409, "in_use")
        assert said["errors"][0]["reference"] == booked["reference"]
        assert said["errors"][0]["first"] == day(10)


@pytest.mark.parametrize(
    ("category", "let_by", "turnaround"), [("room", "night", 0), ("jet", "hour", 6), ("home", "hour", 12)]
)
def test_a_unit_type_has_the_usual_turnaround(
    house: House, category: str, let_by: str, turnaround: int
) -> None:
    added = house.post("/unit-types", unit_type(house, category=category, let_by=let_by))
    assert added.status_code == 201
    assert added.json()["turnaround"] == turnaround


@pytest.mark.parametrize(
    ("more", "code", "field"),
    [
        ({"property_id": str(new_id())}, "unknown", "property_id"),
        ({"property_id": "casa"}, "uuid_parsing", "property_id"),
        ({"category": "castle"}, "enum", "category"),
        ({"let_by": "week"}, "enum", "let_by"),
        ({"capacity": 0}, "greater_than_equal", "capacity"),
        ({"capacity": "2"}, "int_type", "capacity"),
        ({"turnaround": 200}, "less_than_equal", "turnaround"),
        ({"name": "Double room"}, "taken", "name"),
    ],
)
def test_a_unit_type_that_cannot_be_is_refused_with_the_field_named(
    house: House, more: dict[str, Any], code: str, field: str
) -> None:
    check_problem(house.post("/unit-types", unit_type(house, **more)), 422, code, field)


def test_unit_types_are_listed_by_property_and_changed(house: House) -> None:
    elsewhere = house.post("/properties", NEW).json()["id"]
    suite = house.post("/unit-types", unit_type(house, property_id=elsewhere)).json()
    listed = house.get("/unit-types", property_id=elsewhere).json()["items"]
    assert listed == [suite]
    changed = house.ask("PATCH", f"/unit-types/{suite['id']}", json={"capacity": 5, "let_by": "hour"}).json()
    assert (changed["capacity"], changed["let_by"], changed["turnaround"]) == (5, "hour", 12)


def test_how_a_sold_type_is_let_stays(house: House) -> None:
    house.book(10, 12, unit_id=house.rooms[0])
    answer = house.ask("PATCH", f"/unit-types/{house.unit_type_id}", json={"let_by": "hour"})
    check_problem(answer, 409, "in_use", "let_by")

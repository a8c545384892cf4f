"""Members of an organization over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.api.houses import House, check_problem

PATH = "/organization/members"


def joined(house: House, role: str = "staff") -> str:
    """The path of a new member."""
    return f"{PATH}/{house.colleague(role).member_id}"


def test_a_member_is_shown_changed_and_deactivated(house: House) -> None:
    path = joined(house)
    member = house.get(path).json()
    assert (member["name"], member["role"], member["property_ids"]) == ("Sam Staff", "staff", [])
    assert house.ask("PATCH", path, json={"role": "manager"}).json()["role"] == "manager"
    for _ in range(2):
        assert house.ask("DELETE", path).status_code == 204
    assert house.get(path).json()["deactivated_at"] is not None
    listed = [one["id"] for one in house.get(PATH).json()["items"]]
    assert listed == [str(house.member_id)]
    assert len(house.get(PATH, deactivated="true").json()["items"]) == 2
    check_problem(house.ask("PATCH", path, json={"role": "staff"}), 409, "deactivated")


def test_staff_are_limited_to_properties_and_managers_are_not(house: House) -> None:
    path, limited = joined(house), [house.property_id]
    assert house.ask("PATCH", path, json={"property_ids": limited}).json()["property_ids"] == limited
    assert house.get(path).json()["property_ids"] == limited
    assert house.get(PATH).json()["items"][1]["property_ids"] == limited
    assert house.ask("PATCH", path, json={"role": "manager"}).json()["property_ids"] == []
    answer = house.ask("PATCH", path, json={"property_ids": limited})
    check_problem(answer, 422, "only_staff", "property_ids")
    answer = house.ask("PATCH", path, json={"role": "staff", "property_ids": limited})
    assert answer.json()["property_ids"] == limited
    assert house.ask("PATCH", path, json={"property_ids": []}).json()["property_ids"] == []


def test_a_property_of_others_is_as_unknown_as_one_that_is_not(house: House, neighbours: House) -> None:
    path = joined(house)
    answers = [
        house.ask(
            "PATCH",
            path,
            json={"property_ids": [house.property_id, other]},
            headers={"X-Request-ID": "same"},
        )
        for other in (neighbours.property_id, str(uuid4()))
    ]
    check_problem(answers[0], 422, "unknown", "property_ids[1]")
    assert answers[0].content == answers[1].content
    assert house.get(path).json()["property_ids"] == []


def test_guests_are_listed_only_for_who_asks_for_them(house: House) -> None:
    guest = str(house.colleague("guest").member_id)
    assert guest not in house.get(PATH).text
    assert guest in house.get(PATH, guests="true").text


def test_nobody_is_made_a_member_without_having_been_invited(house: House) -> None:
    body = {"email": "sam@example.com", "name": "Sam", "role": "staff", "password": "long enough"}
    assert house.post(PATH, body).status_code == 405


@pytest.mark.parametrize("role", ["staff", "manager"])
def test_only_admins_see_and_choose_members(house: House, role: str) -> None:
    colleague = house.colleague(role)
    for method, path in (("GET", PATH), ("PATCH", joined(house)), ("DELETE", joined(house))):
        answer = colleague.ask(method, path, json={"role": "admin"} if method == "PATCH" else None)
        check_problem(answer, 403, "role")


def test_a_dismissed_member_is_nobody_at_the_next_request(house: House) -> None:
    colleague = house.colleague("manager")
    assert colleague.get("/properties").status_code == 200
    house.ask("DELETE", f"{PATH}/{colleague.member_id}")
    check_problem(colleague.get("/properties"), 401, "not_a_member")


def test_a_demotion_counts_at_the_next_request(house: House) -> None:
    colleague = house.colleague("manager")
    assert colleague.get("/units").status_code == 200
    house.ask("PATCH", f"{PATH}/{colleague.member_id}", json={"role": "staff"})
    check_problem(
        colleague.ask("PATCH", f"/units/{house.rooms[0]}", json={"status": "cleaning"}), 403, "role"
    )


def test_the_last_admin_stays(house: House) -> None:
    path = f"{PATH}/{house.member_id}"
    check_problem(house.ask("DELETE", path), 409, "last_admin")
    check_problem(house.ask("PATCH", path, json={"role": "staff"}), 409, "last_admin")


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"role": "super_admin"}, "enum", "role"),
        ({"role": "guest"}, "enum", "role"),
        ({"property_ids": ["x"]}, "uuid_parsing", "property_ids[0]"),
        ({"organization_id": "x"}, "extra_forbidden", "organization_id"),
        ({"account_id": "x"}, "extra_forbidden", "account_id"),
    ],
)
def test_what_a_member_cannot_become_is_refused_with_the_field_named(
    house: House, wrong: dict[str, Any], code: str, field: str
) -> None:
    path = joined(house)
    before = house.get(path).json()
    check_problem(house.ask("PATCH", path, json=wrong), 422, code, field)
    assert house.get(path).json() == before


def test_members_page(house: House) -> None:
    ids = [str(house.member_id)] + [joined(house).rpartition("/")[2] for _ in range(2)]
    first = house.get(PATH, limit=2).json()
    rest = house.get(PATH, limit=2, cursor=first["next_cursor"]).json()
    assert [one["id"] for one in first["items"] + rest["items"]] == ids

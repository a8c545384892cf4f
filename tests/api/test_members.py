"""Members of an organization over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests import factories
from tests.api.houses import V1, House, check_problem
from tests.factories import PASSWORD

PATH = "/organization/members"


def body(**more: Any) -> dict[str, Any]:
    return {"email": factories.an_email(), "name": "Sam", "role": "staff", "password": PASSWORD} | more


def test_a_member_is_added_shown_changed_and_deactivated(house: House) -> None:
    new = body()
    added = house.post(PATH, new)
    assert added.status_code == 201
    member = added.json()
    assert (member["email"], member["name"], member["role"]) == (new["email"], "Sam", "staff")
    assert added.headers["location"] == f"{V1}{PATH}/{member['id']}"
    assert "password" not in added.text

    path = f"{PATH}/{member['id']}"
    assert house.get(path).json() == member
    assert house.ask("PATCH", path, json={"role": "manager"}).json()["role"] == "manager"
    for _ in range(2):
        assert house.ask("DELETE", path).status_code == 204
    assert house.get(path).json()["deactivated_at"] is not None
    listed = [one["id"] for one in house.get(PATH).json()["items"]]
    assert listed == [str(house.member_id)]
    assert len(house.get(PATH, deactivated="true").json()["items"]) == 2
    check_problem(house.ask("PATCH", path, json={"role": "staff"}), 409, "deactivated")


@pytest.mark.parametrize("role", ["staff", "manager"])
def test_only_admins_see_and_choose_members(house: House, role: str) -> None:
    colleague = house.colleague(role)
    for method, path in (("GET", PATH), ("POST", PATH), ("DELETE", f"{PATH}/{house.member_id}")):
        answer = colleague.ask(method, path, json=body() if method == "POST" else None)
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
    ("more", "code", "field"),
    [
        ({"email": "sam"}, "invalid_email", "email"),
        ({"name": ""}, "string_too_short", "name"),
        ({"role": "super_admin"}, "enum", "role"),
        ({"role": "guest"}, "enum", "role"),
        ({"password": "short"}, "too_short", "password"),
        ({"password": None}, "required", "password"),
        ({"organization_id": "x"}, "extra_forbidden", "organization_id"),
    ],
)
def test_a_member_who_cannot_be_is_refused_with_the_field_named(
    house: House, more: dict[str, Any], code: str, field: str
) -> None:
    check_problem(house.post(PATH, body(**more)), 422, code, field)
    assert len(house.get(PATH).json()["items"]) == 1


def test_a_member_of_another_organization_joins_without_a_password(house: House, neighbours: House) -> None:
    new = body()
    neighbours.post(PATH, new)
    check_problem(house.post(PATH, new), 422, "has_account", "password")
    joined = house.post(PATH, new | {"password": None})
    assert joined.status_code == 201
    check_problem(house.post(PATH, new | {"password": None}), 422, "already_a_member", "email")


def test_members_page(house: House) -> None:
    ids = [str(house.member_id)] + [house.post(PATH, body()).json()["id"] for _ in range(2)]
    first = house.get(PATH, limit=2).json()
    rest = house.get(PATH, limit=2, cursor=first["next_cursor"]).json()
    assert [one["id"] for one in first["items"] + rest["items"]] == ids


def test_a_member_is_added_once_by_one_key(house: House) -> None:
    new = body()
    answers = [house.post(PATH, new, Idempotency_Key="sam") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content

"""Invitations over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests import factories
from tests.api.houses import V1, House, check_problem
from tests.conftest import FrozenClock
from tests.factories import PASSWORD

PATH = "/organization/invitations"


def body(**more: Any) -> dict[str, Any]:
    return {"email": factories.an_email(), "name": "Sam", "role": "staff"} | more


def accept(client: TestClient, link: str, **more: Any) -> Any:
    said = {"token": link.rpartition("/")[2]} | more
    return client.post(f"{V1}/invitations/accept", json=said, headers={"X-Request-ID": "same"})


def test_somebody_is_invited_accepts_and_signs_in(house: House) -> None:
    new = body(property_ids=[house.property_id])
    answer = house.post(PATH, new)
    assert answer.status_code == 201
    made = answer.json()
    assert {name: made[name] for name in new} == new
    assert made["link"].startswith("https://hub.example.com/invitations/")
    listed = house.get(PATH).json()["items"]
    assert listed == [{name: value for name, value in made.items() if name != "link"}]

    assert accept(house.client, made["link"], password=PASSWORD).status_code == 204
    said = {"email": new["email"], "password": PASSWORD}
    signed_in = house.client.post(f"{V1}/auth/login", json=said).json()
    assert (signed_in["role"], signed_in["organization_id"]) == ("staff", str(house.organization_id))
    assert house.get(f"/organization/members/{signed_in['member_id']}").json()["property_ids"] == [
        house.property_id
    ]
    assert house.get(PATH).json()["items"] == []
    assert house.get(PATH, closed="true").json()["items"][0]["accepted_at"] is not None


def test_the_answers_are_the_same_bytes_whoever_had_an_account(house: House, neighbours: House) -> None:
    known, unknown = factories.an_email(), factories.an_email()
    made = neighbours.post(PATH, body(email=known)).json()
    assert accept(house.client, made["link"], password=PASSWORD).status_code == 204
    invited, accepted = [], []
    for email in (known, unknown):
        made = house.post(PATH, body(email=email)).json()
        invited.append(sorted(made))
        answer = accept(house.client, made["link"], name="Sam", password="another password")
        accepted.append((answer.status_code, answer.content, sorted(answer.headers)))
    assert invited[0] == invited[1]
    assert accepted[0] == accepted[1]


def test_tokens_that_are_good_for_nothing_get_the_same_bytes(house: House, clock: FrozenClock) -> None:
    used = house.post(PATH, body()).json()
    accept(house.client, used["link"])
    revoked = house.post(PATH, body()).json()
    assert house.ask("DELETE", f"{PATH}/{revoked['id']}").status_code == 204
    answers = [accept(house.client, link) for link in (used["link"], revoked["link"], "/no-such-token")]
    check_problem(answers[0], 422, "invalid_token", "token")
    assert answers[0].content == answers[1].content == answers[2].content
    check_problem(house.ask("DELETE", f"{PATH}/{used['id']}"), 409, "accepted")


def test_one_key_invites_once(house: House) -> None:
    new = body()
    answers = [house.post(PATH, new, Idempotency_Key="sam") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    assert len(house.get(PATH).json()["items"]) == 1


@pytest.mark.parametrize("role", ["guest", "staff", "manager"])
def test_only_admins_invite(house: House, role: str) -> None:
    made = house.post(PATH, body()).json()
    colleague = house.colleague(role)
    for method, path in (("GET", PATH), ("POST", PATH), ("DELETE", f"{PATH}/{made['id']}")):
        answer = colleague.ask(method, path, json=body() if method == "POST" else None)
        check_problem(answer, 403, "role")


@pytest.mark.parametrize(
    ("more", "code", "field"),
    [
        ({"email": "sam"}, "invalid_email", "email"),
        ({"name": ""}, "string_too_short", "name"),
        ({"role": "super_admin"}, "enum", "role"),
        ({"role": "guest"}, "enum", "role"),
        ({"invited_by": "x"}, "extra_forbidden", "invited_by"),
        ({"organization_id": "x"}, "extra_forbidden", "organization_id"),
    ],
)
def test_who_cannot_be_invited_is_refused_with_the_field_named(
    house: House, more: dict[str, Any], code: str, field: str
) -> None:
    check_problem(house.post(PATH, body(**more)), 422, code, field)
    assert house.get(PATH).json()["items"] == []


def test_neighbours_neither_see_nor_revoke_an_invitation(house: House, neighbours: House) -> None:
    made = house.post(PATH, body()).json()
    assert neighbours.get(PATH).json()["items"] == []
    check_problem(neighbours.ask("DELETE", f"{PATH}/{made['id']}"), 404, "not_found")
    assert len(house.get(PATH).json()["items"]) == 1


def test_invitations_page(house: House) -> None:
    ids = [house.post(PATH, body()).json()["id"] for _ in range(3)]
    first = house.get(PATH, limit=2).json()
    rest = house.get(PATH, limit=2, cursor=first["next_cursor"]).json()
    assert [one["id"] for one in first["items"] + rest["items"]] == ids


def test_an_account_made_in_anothers_name_is_not_told_where_the_other_was_invited(
    house: House, neighbours: House
) -> None:
    new = body()
    made = neighbours.post(PATH, new).json()
    assert accept(house.client, made["link"], password=PASSWORD).status_code == 204
    made = house.post(PATH, new).json()
    assert accept(house.client, made["link"], password=PASSWORD).status_code == 204
    said = {"email": new["email"], "password": PASSWORD}
    token = house.client.post(f"{V1}/auth/login", json=said).json()["access_token"]
    me = house.client.get(f"{V1}/auth/me", headers={"Authorization": f"Bearer {token}"}).json()
    assert [one["id"] for one in me["organizations"]] == [str(neighbours.organization_id)]
    answer = house.client.post(
        f"{V1}/auth/login", json=said | {"organization_id": str(house.organization_id)}
    )
    check_problem(answer, 422, "unknown", "organization_id")

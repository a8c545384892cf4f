"""Password resets and registrations over HTTP: what is asked is answered alike, for whomever."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from sync.runtime import Runtime
from tests import factories
from tests.api.houses import V1, House, check_problem
from tests.factories import PASSWORD
from tests.hub.services.entering import token_for

NEW = "the new password of tests"
CONSENT = {"purpose": "account", "text_version": "2026-11"}


def post(client: TestClient, path: str, body: dict[str, Any]) -> Any:
    return client.post(f"{V1}/auth{path}", json=body, headers={"X-Request-ID": "same"})


def slug(house: House) -> str:
    return str(house.get(f"/properties/{house.property_id}").json()["slug"])


def test_a_forgotten_password_is_replaced(client: TestClient, runtime: Runtime) -> None:
    email = factories.an_email()
    admin = factories.an_organization(runtime.database, email=email)
    assert post(client, "/password-reset", {"email": email}).status_code == 202
    token = token_for(runtime.database, admin.organization_id, email)
    said = {"token": token, "password": NEW}
    assert post(client, "/password-reset/confirm", said).status_code == 204
    check_problem(post(client, "/login", {"email": email, "password": PASSWORD}), 401, "invalid_credentials")
    assert post(client, "/login", {"email": email, "password": NEW}).status_code == 200
    check_problem(post(client, "/password-reset/confirm", said), 422, "invalid_token", "token")


def test_asking_says_the_same_of_a_known_and_an_unknown_address(client: TestClient, runtime: Runtime) -> None:
    known = factories.an_email()
    factories.an_organization(runtime.database, email=known)
    answers = [
        post(client, "/password-reset", {"email": email})
        for email in (known, factories.an_email(), "no address at all")
    ]
    assert {answer.status_code for answer in answers} == {202}
    assert answers[0].content == answers[1].content == answers[2].content


def test_a_guest_registers_proves_the_address_and_sees_their_own_bookings_alone(
    house: House, neighbours: House
) -> None:
    email = factories.an_email()
    guest = {"name": "Grace", "email": email.upper(), "phone": None, "note": "a word of staff"}
    mine = house.book(guest=guest)
    house.book(20, 22, guest={"name": "Ada", "email": factories.an_email()})
    neighbours.book(guest=guest)

    body = {
        "property_slug": slug(house),
        "email": email,
        "name": "Grace",
        "password": NEW,
        "consent": CONSENT,
    }
    assert post(house.client, "/register", body).status_code == 202
    token = token_for(house.runtime.database, house.organization_id, email)
    wrong = post(house.client, "/register/confirm", {"token": token, "password": PASSWORD})
    check_problem(wrong, 422, "wrong_password", "password")
    check_problem(post(house.client, "/register/confirm", {"token": token}), 422, "missing", "password")
    assert post(house.client, "/register/confirm", {"token": token, "password": NEW}).status_code == 204
    signed_in = post(house.client, "/login", {"email": email, "password": NEW}).json()
    assert (signed_in["role"], signed_in["organization_id"]) == ("guest", str(house.organization_id))

    bearer = {"Authorization": f"Bearer {signed_in['access_token']}"}
    answer = house.client.get(f"{V1}/my/bookings", headers=bearer)
    assert [one["reference"] for one in answer.json()["items"]] == [mine["reference"]]
    assert "a word of staff" not in answer.text
    for path in ("/bookings", f"/bookings/{mine['id']}", "/properties", "/availability", "/audit"):
        check_problem(house.client.get(f"{V1}{path}", headers=bearer), 403, "role")


def test_registering_says_the_same_of_a_known_and_an_unknown_address(house: House) -> None:
    known = factories.an_email()
    factories.an_organization(house.runtime.database, email=known)
    answers = [
        post(
            house.client,
            "/register",
            {"property_slug": slug(house), "email": email, "name": "G", "password": NEW, "consent": CONSENT},
        )
        for email in (known, factories.an_email())
    ]
    assert {answer.status_code for answer in answers} == {202}
    assert answers[0].content == answers[1].content


@pytest.mark.parametrize(
    ("more", "status", "code", "field"),
    [
        ({"property_slug": "no-such-house"}, 404, "not_found", "property_slug"),
        ({"email": "grace"}, 422, "invalid_email", "email"),
        ({"password": "short"}, 422, "too_short", "password"),
        ({"role": "admin"}, 422, "extra_forbidden", "role"),
        ({"consent": None}, 422, "model_attributes_type", "consent"),
    ],
)
def test_who_cannot_register_so_is_refused_with_the_field_named(
    house: House, more: dict[str, Any], status: int, code: str, field: str
) -> None:
    body = {
        "property_slug": slug(house),
        "email": factories.an_email(),
        "name": "Grace",
        "password": NEW,
        "consent": CONSENT,
    }
    check_problem(post(house.client, "/register", body | more), status, code, field)


def test_my_bookings_and_my_data_are_of_an_address_that_is_proved(house: House, client: TestClient) -> None:
    """An invitation's link is shown to who invites: it proves nothing of the address."""
    email = factories.an_email()
    body = {"email": email, "name": "Sam", "role": "staff"}
    link = house.post("/organization/invitations", body).json()["link"]
    said = {"token": link.rpartition("/")[2], "password": NEW}
    assert client.post(f"{V1}/invitations/accept", json=said).status_code == 204
    signed_in = post(client, "/login", {"email": email, "password": NEW}).json()
    bearer = {"Authorization": f"Bearer {signed_in['access_token']}"}
    for path in ("/my/bookings", "/auth/me/export"):
        check_problem(client.get(f"{V1}{path}", headers=bearer), 403, "unproven")


def test_my_bookings_page(house: House) -> None:
    email = factories.an_email()
    guest = {"name": "Sam", "email": email}
    references = [house.book(10 + n, 11 + n, guest=guest)["reference"] for n in range(3)]

    me = replace(house, member_id=house.work(lambda session: factories.a_member(session, email=email)).id)
    first = replace(me, role="staff").get("/my/bookings", limit=2).json()
    rest = replace(me, role="staff").get("/my/bookings", limit=2, cursor=first["next_cursor"]).json()
    assert [one["reference"] for one in first["items"] + rest["items"]] == references

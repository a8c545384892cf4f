"""Signing in over HTTP."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from hub.queries import accounts as query
from hub.services import accounts, tokens
from sync.runtime import Runtime
from tests import factories
from tests.api.houses import V1, House, check_problem
from tests.conftest import FrozenClock
from tests.factories import PASSWORD


class Person:
    """Somebody at the door, with the tokens that they were last given."""

    def __init__(self, client: TestClient, email: str) -> None:
        self.client = client
        self.email = email
        self.tokens: dict[str, Any] = {}

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self.client.post(f"{V1}/auth{path}", json=body)

    def login(self, **more: Any) -> dict[str, Any]:
        answer = self.post("/login", {"email": self.email, "password": PASSWORD} | more)
        assert answer.status_code == 200, answer.text
        self.tokens = answer.json()
        return self.tokens

    def me(self, method: str = "GET", body: dict[str, Any] | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self.tokens['access_token']}"}
        return self.client.request(method, f"{V1}/auth/me", headers=headers, json=body)


@pytest.fixture
def ada(client: TestClient, runtime: Runtime) -> Person:
    """The admin of a new organization."""
    email = factories.an_email()
    factories.an_organization(runtime.database, name="Casa Azul", email=email)
    return Person(client, email)


def test_who_signs_in_is_told_who_they_are_and_for_how_long(ada: Person) -> None:
    said = ada.login()
    assert said["token_type"] == "Bearer"
    assert (said["expires_in"], said["refresh_expires_in"]) == (900, 30 * 24 * 3600)
    me = ada.me().json()
    assert (me["email"], me["name"], me["role"]) == (ada.email, "Ada Admin", "admin")
    assert (me["member_id"], me["organization_id"]) == (said["member_id"], said["organization_id"])
    assert [one["name"] for one in me["organizations"]] == ["Casa Azul"]


def test_a_wrong_password_and_an_unknown_address_get_the_same_bytes(ada: Person) -> None:
    answers = [
        ada.client.post(f"{V1}/auth/login", json=body, headers={"X-Request-ID": "same"})
        for body in (
            {"email": ada.email, "password": "wrong password"},
            {"email": factories.an_email(), "password": PASSWORD},
            {"email": "nobody", "password": PASSWORD},
        )
    ]
    check_problem(answers[0], 401, "invalid_credentials")
    assert answers[0].content == answers[1].content == answers[2].content


@pytest.mark.parametrize("text", ["\ud800", "a\x00b@example.com", "x" * 320])
def test_odd_text_is_nobodys_address_and_no_defect(client: TestClient, text: str) -> None:
    body = json.dumps({"email": text, "password": text})
    answer = client.post(f"{V1}/auth/login", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (401, 422), answer.text


def test_tokens_are_refreshed_once_each_and_a_second_use_ends_them_all(ada: Person) -> None:
    first = ada.login()["refresh_token"]
    answer = ada.post("/refresh", {"refresh_token": first})
    second = answer.json()["refresh_token"]
    assert answer.status_code == 200
    ada.tokens = answer.json()
    assert ada.me().status_code == 200
    for token in (first, second):
        check_problem(ada.post("/refresh", {"refresh_token": token}), 401, "invalid_refresh_token")


def test_signing_out_ends_the_refresh_token_and_says_so_of_any(ada: Person) -> None:
    token = ada.login()["refresh_token"]
    for said in (token, token, "never given"):
        assert ada.post("/logout", {"refresh_token": said}).status_code == 204
    check_problem(ada.post("/refresh", {"refresh_token": token}), 401, "invalid_refresh_token")


def test_an_access_token_lasts_a_quarter_of_an_hour(ada: Person, clock: FrozenClock) -> None:
    ada.login()
    clock.advance(tokens.LIFETIME - timedelta(seconds=1))
    assert ada.me().status_code == 200
    clock.advance(timedelta(seconds=1))
    check_problem(ada.me(), 401, "token_expired")


def test_one_may_choose_the_organization_to_sign_in_to(ada: Person, house: House) -> None:
    body = {"email": ada.email, "name": "Ignored", "role": "manager"}
    invitation = house.post("/organization/invitations", body).json()
    token = invitation["link"].rpartition("/")[2]
    assert (
        ada.client.post(f"{V1}/invitations/accept", json={"token": token, "password": PASSWORD}).status_code
        == 204
    )
    there = ada.login(organization_id=str(house.organization_id))
    assert there["role"] == "manager"
    assert ada.me().json()["name"] == "Ada Admin"
    assert len(ada.me().json()["organizations"]) == 2
    answer = ada.post(
        "/login", {"email": ada.email, "password": PASSWORD, "organization_id": invitation["id"]}
    )
    check_problem(answer, 422, "unknown", "organization_id")


def test_a_name_is_changed_without_a_password(ada: Person) -> None:
    ada.login()
    assert ada.me("PATCH", {"name": "Ada King"}).json()["name"] == "Ada King"
    assert ada.me().json()["name"] == "Ada King"


def test_a_new_password_needs_the_present_one_and_ends_every_sign_in(ada: Person) -> None:
    token = ada.login()["refresh_token"]
    new = "an even better one"
    check_problem(ada.me("PATCH", {"password": new}), 422, "required", "current_password")
    wrong = {"password": new, "current_password": "not it at all"}
    check_problem(ada.me("PATCH", wrong), 422, "wrong_password", "current_password")
    short = {"password": "short", "current_password": PASSWORD}
    check_problem(ada.me("PATCH", short), 422, "too_short", "password")
    assert ada.me("PATCH", {"password": new, "current_password": PASSWORD}).status_code == 200
    check_problem(ada.post("/refresh", {"refresh_token": token}), 401, "invalid_refresh_token")
    ada.login(password=new)


def test_a_disabled_account_cannot_refresh(ada: Person, runtime: Runtime) -> None:
    said = ada.login()
    with runtime.database.unit_of_work(None) as session:
        known = accounts.find(session, ada.email)
    assert known is not None
    with runtime.database.unit_of_work(said["organization_id"]) as session:
        account = query.account(session, known.account_id)
        account.disabled_at = account.created_at
    check_problem(
        ada.post("/refresh", {"refresh_token": said["refresh_token"]}), 401, "invalid_refresh_token"
    )


def test_preferences_are_chosen_one_by_one_and_taken_back(ada: Person) -> None:
    ada.login()
    nothing = dict.fromkeys(("locale", "time_zone", "theme", "week_starts_on", "clock"))
    assert ada.me().json()["preferences"] == nothing
    ada.me("PATCH", {"preferences": {"locale": "es-ES", "theme": "dark"}})
    said = ada.me("PATCH", {"preferences": {"theme": None, "time_zone": "Europe/Madrid"}}).json()
    assert said["preferences"] == nothing | {"locale": "es-ES", "time_zone": "Europe/Madrid"}
    assert ada.me().json()["preferences"] == said["preferences"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"locale": "spanish"},
        {"time_zone": "Europe/Atlantis"},
        {"theme": "pink"},
        {"clock": "48h"},
        {"role": "admin"},
    ],
)
def test_a_preference_that_is_none_is_refused_by_name(ada: Person, wrong: dict[str, Any]) -> None:
    ada.login()
    answer = ada.me("PATCH", {"preferences": wrong})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == f"preferences.{next(iter(wrong))}"


@pytest.mark.parametrize("known", [True, False])
def test_who_failed_too_often_is_told_when_to_come_back(ada: Person, known: bool) -> None:
    body = {"email": ada.email if known else factories.an_email(), "password": "wrong password"}
    for _ in range(5):
        check_problem(ada.post("/login", body), 401, "invalid_credentials")
    answer = ada.post("/login", body | {"password": PASSWORD})
    check_problem(answer, 429, "too_many_tries")
    assert 1 <= int(answer.headers["retry-after"]) <= 60


def test_changing_addresses_in_a_header_opens_nothing(ada: Person) -> None:
    answers = [
        ada.client.post(
            f"{V1}/auth/login",
            json={"email": ada.email, "password": "wrong password"},
            headers={"X-Forwarded-For": f"198.51.100.{n}"},
        ).status_code
        for n in range(30)
    ]
    assert answers == [401] * 5 + [429] * 25

"""Signing in an account for a connection: begun here, consented to there, and back in the same browser."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from api.app import Door
from connectors import registry
from connectors.errors import Rejected, Unavailable
from connectors.owners import SignInBeginning
from connectors.sandbox.connector import SandboxConnector
from connectors.transport import Network
from hub.database import vault_of
from hub.ids import new_token
from hub.models.organizations import Member
from hub.models.sign_ins import ConnectionSignIn
from hub.queries import links as query
from tests.api.houses import V1, House, check_problem
from tests.api.synced import synced
from tests.conftest import FrozenClock
from tests.connectors.sandbox.playing import KEY, SandboxHarness, playing

CALLBACK = f"{V1}/connections/sign-in/callback"
BACK = f"https://hub.example.com{CALLBACK}"


class SigningConnector(SandboxConnector):
    """The sandbox's calendars, with a key that its owner gives by signing in."""

    slug = "signing"
    title = "Signing calendar"
    scopes: Mapping[str, str] = {"events": "to read and write events"}

    def begin_sign_in(
        self, settings: Mapping[str, object], redirect_uri: str, network: Network
    ) -> SignInBeginning:
        assert isinstance(network, Network)
        state = new_token()
        address = f"https://channel.example.com/consent?state={state}&back={redirect_uri}"
        return SignInBeginning(address, state, f"verifier of {settings['url']}")

    def finish_sign_in(
        self,
        settings: Mapping[str, object],
        code: str,
        verifier: str,
        redirect_uri: str,
        network: Network,
    ) -> Mapping[str, object]:
        assert isinstance(network, Network)
        assert (verifier, redirect_uri) == (f"verifier of {settings['url']}", BACK)
        if code == "down":
            raise Unavailable("channel.example.com does not answer")
        if code != "good":
            raise Rejected("the channel does not know this sign-in", code="channel_refused")
        return {**settings, "key": KEY}


@pytest.fixture
def calendars() -> Iterator[SandboxHarness]:
    with playing() as harness:
        yield harness


@pytest.fixture(autouse=True)
def signing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Installed as a package of somebody's would be."""
    installed = {**registry.connectors(), "signing": SigningConnector()}
    monkeypatch.setattr(registry, "connectors", lambda: installed)


@pytest.fixture
def connection(house: House, calendars: SandboxHarness) -> dict[str, Any]:
    """Made without an account."""
    said = {"connector": "signing", "name": "Front desk", "settings": {"url": calendars.proxy.url}}
    answer = house.post("/connections", said)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


@pytest.fixture
def browser(house: House, door: Door) -> House:
    """The house, asked from a browser of its own, with its cookies. The door has been opened already."""
    return replace(house, client=TestClient(door, base_url="https://hub.example.com"))


def begun(browser: House, connection: dict[str, Any]) -> str:
    """The state that the channel is given."""
    answer = browser.post(f"/connections/{connection['id']}/sign-in")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["scopes"] == {"events": "to read and write events"}
    asked = parse_qs(urlsplit(told["url"]).query)
    assert asked["back"] == [BACK]
    state: str = asked["state"][0]
    return state


def back(browser: House, **said: str) -> Any:
    return browser.client.get(CALLBACK, params=said)


def key_of(house: House, connection: dict[str, Any]) -> str | None:
    def work(session: Any) -> str | None:
        row = query.connection(session, UUID(connection["id"]))
        found: dict[str, str] = vault_of(session).open(row.settings_sealed)
        return found.get("key")

    return house.work(work)


def test_an_account_is_connected_and_its_links_are_asked_afresh(
    browser: House, connection: dict[str, Any], calendars: SandboxHarness
) -> None:
    link = synced(browser, calendars, connection_id=connection["id"], settings=_whole(calendars))
    browser.work(
        lambda session: query.note(session, UUID(link["id"]), state="needs_auth", state_reason="sign in")
    )

    answer = back(browser, state=begun(browser, connection), code="good")

    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["connection_id"], told["connector"], told["links"]) == (connection["id"], "signing", 1)
    assert KEY not in answer.text
    assert key_of(browser, connection) == KEY
    assert browser.get(f"/links/{link['id']}").json()["state"] == "active"
    logged = browser.get("/audit", limit=200).text
    assert "signed_in" in logged
    assert KEY not in logged


def _whole(calendars: SandboxHarness) -> dict[str, str]:
    return {"calendar": calendars.agenda.name, "key": KEY}


def test_a_state_is_good_once(browser: House, connection: dict[str, Any]) -> None:
    state = begun(browser, connection)
    cookie = browser.client.cookies["hub_channel"]
    assert back(browser, state=state, code="good").status_code == 200

    browser.client.cookies.set("hub_channel", cookie)

    check_problem(back(browser, state=state, code="good"), 422, "sign_in_over", "state")


def test_a_state_is_good_for_minutes(browser: House, connection: dict[str, Any], clock: FrozenClock) -> None:
    early = begun(browser, connection)
    clock.advance(timedelta(minutes=9))
    assert back(browser, state=early, code="good").status_code == 200
    late = begun(browser, connection)
    clock.advance(timedelta(minutes=11))
    check_problem(back(browser, state=late, code="good"), 422, "sign_in_over", "state")


def test_another_browser_gives_nothing_away(browser: House, door: Door, connection: dict[str, Any]) -> None:
    """Somebody sends a stranger the address at which they consented to give their own account."""
    state = begun(browser, connection)
    stranger = TestClient(door, base_url="https://hub.example.com")

    for _ in range(2):
        check_problem(
            stranger.get(CALLBACK, params={"state": state, "code": "good"}), 422, "sign_in_over", "state"
        )
    assert key_of(browser, connection) is None
    assert back(browser, state=state, code="good").status_code == 200


def test_a_state_that_nobody_was_given_is_worth_nothing(browser: House) -> None:
    for state in ("", "x", new_token()):
        check_problem(back(browser, state=state, code="good"), 422, "sign_in_over", "state")


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({"error": "access_denied"}, 422, "access_denied"),
        ({"error": "server_error"}, 422, "sign_in_refused"),
        ({}, 422, "sign_in_refused"),
        ({"code": "bad"}, 422, "channel_refused"),
        ({"code": "down"}, 502, "unavailable"),
    ],
)
def test_who_is_refused_is_told_and_nothing_changes(
    browser: House, connection: dict[str, Any], said: dict[str, str], status: int, code: str
) -> None:
    state = begun(browser, connection)

    answer = back(browser, state=state, **said)

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code), answer.text
    assert key_of(browser, connection) is None
    check_problem(back(browser, state=state, code="good"), 422, "sign_in_over", "state")


def test_what_is_kept_meanwhile_is_sealed_or_hashed(browser: House, connection: dict[str, Any]) -> None:
    state = begun(browser, connection)

    (row,) = browser.work(lambda session: session.query(ConnectionSignIn).all())

    assert state.encode() not in row.state_hash + row.sealed
    assert b"verifier" not in row.sealed


def test_who_lost_their_role_meanwhile_finishes_nothing(browser: House, connection: dict[str, Any]) -> None:
    state = begun(browser, connection)

    def demote(session: Any) -> None:
        session.get_one(Member, (browser.organization_id, browser.member_id)).role = "staff"

    browser.work(demote)

    check_problem(back(browser, state=state, code="good"), 403, "role")
    assert key_of(browser, connection) is None


def test_a_connection_that_was_changed_meanwhile_is_not_overwritten(
    browser: House, connection: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    state, path = begun(browser, connection), f"/connections/{connection['id']}"
    finish = SigningConnector.finish_sign_in

    def meanwhile(self: SigningConnector, *args: Any) -> Mapping[str, object]:
        changed = browser.ask("PATCH", path, json={"settings": {"url": "http://127.0.0.1:9/other"}})
        assert changed.status_code == 200, changed.text
        return finish(self, *args)

    monkeypatch.setattr(SigningConnector, "finish_sign_in", meanwhile)

    check_problem(back(browser, state=state, code="good"), 409, "changed")
    assert key_of(browser, connection) is None


def test_a_connection_goes_with_the_sign_ins_that_were_begun(
    browser: House, connection: dict[str, Any]
) -> None:
    state = begun(browser, connection)

    assert browser.ask("DELETE", f"/connections/{connection['id']}").status_code == 204

    check_problem(back(browser, state=state, code="good"), 422, "sign_in_over", "state")


def test_nobody_signs_in_where_there_is_no_sign_in(house: House) -> None:
    made = house.post("/connections", {"connector": "ical", "name": "Seaside"}).json()

    check_problem(house.post(f"/connections/{made['id']}/sign-in"), 409, "no_sign_in")


def test_managers_sign_in_and_staff_and_keys_do_not(
    house: House, neighbours: House, connection: dict[str, Any]
) -> None:
    path = f"/connections/{connection['id']}/sign-in"

    assert house.colleague("manager").post(path).status_code == 200
    check_problem(house.colleague("staff").post(path), 403, "role")
    check_problem(neighbours.post(path), 404, "not_found")
    key = house.post("/api-keys", {"name": "A machine", "scopes": ["admin"]}).json()["key"]
    answer = house.client.post(f"{V1}{path}", headers={"Authorization": f"Bearer {key}"})
    check_problem(answer, 403, "scope")

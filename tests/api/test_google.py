"""Signing in with Google, at a Google on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import OctKey
from pydantic import SecretStr
from starlette.testclient import TestClient

from api.app import create
from hub.services import organizations, sign_in
from hub.services.accounts import Person
from hub.services.organizations import NewMember
from sync.runtime import Runtime
from tests import factories
from tests.api.houses import V1, House, check_problem
from tests.conftest import FrozenClock
from tests.factories import PASSWORD
from tests.fakes.google import CLIENT_ID, CLIENT_SECRET, FORGED, FakeGoogle

PATH = f"{V1}/auth/google"


@pytest.fixture(scope="module")
def google() -> Iterator[FakeGoogle]:
    with FakeGoogle() as served:
        yield served


@pytest.fixture(scope="module")
def hub_with_google(runtime: Runtime, google: FakeGoogle) -> Runtime:
    settings = runtime.settings.model_copy(
        update={
            "google_client_id": CLIENT_ID,
            "google_client_secret": SecretStr(CLIENT_SECRET),
            "google_api_root": google.root,
        }
    )
    return Runtime(settings, runtime.database, runtime.network)


@pytest.fixture
def browser(hub_with_google: Runtime) -> Iterator[TestClient]:
    """A new one, without cookies."""
    with TestClient(
        create(runtime=hub_with_google), base_url="https://hub.example.com", follow_redirects=False
    ) as browser:
        yield browser


@pytest.fixture
def email(runtime: Runtime) -> str:
    """Of an admin."""
    email = factories.an_email()
    factories.an_organization(runtime.database, email=email)
    return email


def begin(browser: TestClient, **params: str) -> str:
    answer = browser.get(PATH, params=params)
    assert answer.status_code == 302
    return str(answer.headers["location"])


def state_of(url: str) -> str:
    return parse_qs(urlsplit(url).query)["state"][0]


def back(browser: TestClient, code: str, state: str) -> Any:
    return browser.get(f"{PATH}/callback", params={"code": code, "state": state})


def through(browser: TestClient, google: FakeGoogle, **claims: Any) -> Any:
    url = begin(browser)
    return back(browser, google.approve(url, **claims), state_of(url))


def test_the_browser_is_sent_to_google_with_all_that_it_must_bring_back(browser: TestClient) -> None:
    answer = browser.get(PATH)
    asked = parse_qs(urlsplit(answer.headers["location"]).query)
    assert asked["redirect_uri"] == ["https://hub.example.com/api/v1/auth/google/callback"]
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["state"][0]) >= 32
    assert len(asked["nonce"][0]) >= 32
    cookie = answer.headers["set-cookie"].lower()
    for part in ("httponly", "secure", "samesite=lax", "max-age=600", "path=/api/v1/auth/google"):
        assert part in cookie
    for secret in (asked["state"][0], asked["nonce"][0]):
        assert secret.lower() not in cookie, "sealed"
    again = parse_qs(urlsplit(begin(browser)).query)
    assert all(again[name] != asked[name] for name in ("state", "nonce", "code_challenge"))


def test_a_member_comes_in_by_a_verified_address_and_later_by_googles_own_name(
    browser: TestClient, google: FakeGoogle, email: str
) -> None:
    subject = factories.an_email()
    first = through(browser, google, sub=subject, email=email.upper())
    assert first.status_code == 200, first.text
    assert first.json()["role"] == "admin"
    assert "max-age=0" in first.headers["set-cookie"].lower()
    later = through(browser, google, sub=subject, email=factories.an_email())
    assert later.json()["member_id"] == first.json()["member_id"]
    bearer = {"Authorization": f"Bearer {later.json()['access_token']}"}
    assert browser.get(f"{V1}/auth/me", headers=bearer).json()["email"] == email


def test_one_may_choose_the_organization(
    browser: TestClient, google: FakeGoogle, email: str, house: House
) -> None:
    def enter() -> Any:
        url = begin(browser, organization_id=str(house.organization_id))
        return back(browser, google.approve(url, sub="of " + email, email=email), state_of(url))

    check_problem(enter(), 422, "unknown", "organization_id")
    known = NewMember(Person(email, "Ada"), "staff", None)
    member = house.work(lambda session: organizations.add(session, known))
    assert enter().json()["member_id"] == str(member.id)


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "of another beginning"},
        {"nonce": None},
        {"aud": "somebody-else.apps.googleusercontent.com"},
        {"aud": None},
        {"azp": "somebody-else.apps.googleusercontent.com"},
        {"iss": "https://accounts.example.com"},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": None},
        {"email": None},
        {"email": ["ada@example.com"]},
        {"sub": None},
        {"sub": 7},
    ],
    ids=str,
)
def test_a_token_that_is_not_for_this_sign_in_is_refused(
    browser: TestClient, google: FakeGoogle, email: str, claims: dict[str, Any]
) -> None:
    answer = through(browser, google, **{"sub": factories.an_email(), "email": email, **claims})
    check_problem(answer, 401, "google_refused")


def test_a_token_that_another_signed_is_refused(
    browser: TestClient, google: FakeGoogle, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(google, "key", FORGED)
    check_problem(through(browser, google, sub="1", email=email), 401, "google_refused")


def test_a_code_is_good_once(browser: TestClient, google: FakeGoogle, email: str) -> None:
    url = begin(browser)
    cookies = dict(browser.cookies)
    code = google.approve(url, sub=factories.an_email(), email=email)
    assert back(browser, code, state_of(url)).status_code == 200
    assert dict(browser.cookies) == {}
    browser.cookies.update(cookies)
    check_problem(back(browser, code, state_of(url)), 401, "google_refused")


@pytest.mark.parametrize("what", ["state", "no state", "no cookie", "forged cookie", "no code", "late"])
def test_who_did_not_begin_here_and_now_is_refused_before_google_is_asked(
    browser: TestClient, google: FakeGoogle, email: str, clock: FrozenClock, what: str
) -> None:
    url = begin(browser)
    code = google.approve(url, sub=factories.an_email(), email=email)
    state = state_of(url)
    if what == "state":
        state = state_of(begin(TestClient(browser.app, follow_redirects=False)))
    elif what == "no state":
        state = ""
    elif what == "no cookie":
        browser.cookies.clear()
    elif what == "forged cookie":
        browser.cookies.clear()
        browser.cookies.set("hub_google", "forged", path="/api/v1/auth/google")
    elif what == "no code":
        code = ""
    else:
        clock.advance(timedelta(minutes=10))
    before = google.asked
    check_problem(back(browser, code, state), 401, "google_refused")
    assert google.asked == before


def test_a_code_of_another_beginning_does_not_fit_this_ones_verifier(
    browser: TestClient, google: FakeGoogle, email: str
) -> None:
    """What an attacker does who slips a victim a code of his own."""
    theirs = google.approve(begin(browser), sub="1", email=email)
    url = begin(browser)
    check_problem(back(browser, theirs, state_of(url)), 401, "google_refused")


def test_a_stranger_stays_one(browser: TestClient, google: FakeGoogle) -> None:
    answer = through(browser, google, sub=factories.an_email(), email=factories.an_email())
    check_problem(answer, 401, "no_membership")


def test_a_dismissed_member_is_a_stranger(
    browser: TestClient, google: FakeGoogle, email: str, house: House
) -> None:
    sam, subject = factories.an_email(), factories.an_email()
    member = house.work(lambda session: factories.a_member(session, email=sam))
    assert through(browser, google, sub=subject, email=sam).status_code == 200
    house.ask("DELETE", f"/organization/members/{member.id}")
    check_problem(through(browser, google, sub=subject, email=sam), 401, "no_membership")


def test_whoever_proves_an_address_by_google_takes_it_from_who_chose_its_password(
    browser: TestClient, google: FakeGoogle, house: House
) -> None:
    sam = factories.an_email()
    body = {"email": sam, "name": "Sam", "role": "staff"}
    link = house.post("/organization/invitations", body).json()["link"]
    said = {"token": link.rpartition("/")[2], "password": PASSWORD}
    assert browser.post(f"{V1}/invitations/accept", json=said).status_code == 204
    stolen = sign_in.login(house.runtime.database, sam, PASSWORD).refresh_token

    assert through(browser, google, sub=factories.an_email(), email=sam).status_code == 200

    again = browser.post(f"{V1}/auth/refresh", json={"refresh_token": stolen})
    check_problem(again, 401, "invalid_refresh_token")
    again = browser.post(f"{V1}/auth/login", json={"email": sam, "password": PASSWORD})
    check_problem(again, 401, "invalid_credentials")


def test_a_google_that_does_not_answer_is_no_defect_of_ours(
    runtime: Runtime, hub_with_google: Runtime, google: FakeGoogle
) -> None:
    settings = hub_with_google.settings.model_copy(update={"google_api_root": "http://127.0.0.1:1"})
    away = Runtime(settings, runtime.database, runtime.network)
    with TestClient(
        create(runtime=away), base_url="https://hub.example.com", follow_redirects=False
    ) as browser:
        url = begin(browser)
        check_problem(back(browser, "code", state_of(url)), 502, "unavailable")


def test_a_hub_without_a_client_at_google_does_not_offer_it(client: TestClient) -> None:
    check_problem(client.get(PATH), 404, "not_offered")
    check_problem(client.get(f"{PATH}/callback"), 404, "not_offered")


def test_a_symmetric_signature_by_what_is_public_is_refused(
    browser: TestClient, google: FakeGoogle, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signed with the client's id as the key, by an algorithm of the forger's choice."""
    monkeypatch.setattr(google, "key", OctKey.import_key(CLIENT_ID))
    monkeypatch.setattr(google, "algorithm", "HS256")
    check_problem(through(browser, google, sub="1", email=email), 401, "google_refused")

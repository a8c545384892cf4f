"""Consent and its end: codes, tokens, revocation, and service accounts that act for others."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from google.auth.exceptions import RefreshError
from google.oauth2 import service_account
from google_auth_httplib2 import Request

from tests.fakes.google_account import CLIENT_ID, CLIENT_SECRET, challenge
from tests.fakes.google_calendar import GoogleCalendar, InProcess, Person
from tests.fakes.google_calendar_facts.client import ADA, HttpxHttp

LIST = "/calendar/v3/calendars/primary/events"
READING = "https://www.googleapis.com/auth/calendar.readonly"
OWN = "https://www.googleapis.com/auth/calendar.app.created"
BACK = "https://hub.example.com/back"


def _client(google: GoogleCalendar) -> httpx.Client:
    return httpx.Client(transport=InProcess(google), base_url="https://www.googleapis.com")


def _status(google: GoogleCalendar, token: str) -> int:
    """What a listing answers with this token."""
    return _client(google).get(LIST, headers={"Authorization": f"Bearer {token}"}).status_code


def _beginning(google: GoogleCalendar, **more: str) -> str:
    asked = {
        "client_id": CLIENT_ID,
        "response_type": "code",
        "redirect_uri": BACK,
        "state": "s",
        "scope": f"{OWN} {READING}",
        "code_challenge": challenge("v"),
        "code_challenge_method": "S256",
        "access_type": "offline",
    }
    return f"{google.root}/o/oauth2/v2/auth?{urlencode(asked | more)}"


def _exchange(google: GoogleCalendar, **form: str) -> tuple[int, dict[str, Any]]:
    own = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "redirect_uri": BACK}
    answer = _client(google).post("/token", data=own | form)
    return answer.status_code, answer.json()


def test_consent_becomes_tokens_and_a_code_is_good_once(google: GoogleCalendar, ada: Person) -> None:
    code = google.oauth.approve(_beginning(google), ADA, [READING])
    form = {"grant_type": "authorization_code", "code": code, "code_verifier": "v"}
    status, told = _exchange(google, **form)
    assert (status, told["scope"], told["token_type"]) == (200, READING, "Bearer")
    assert _status(google, told["access_token"]) == 200
    assert _exchange(google, **form)[1]["error"] == "invalid_grant"
    refresh = {"grant_type": "refresh_token", "refresh_token": told["refresh_token"]}
    google.oauth.expire_access_tokens()
    assert _status(google, told["access_token"]) == 401
    assert _status(google, _exchange(google, **refresh)[1]["access_token"]) == 200
    google.oauth.revoke(ADA)
    assert _exchange(google, **refresh)[1]["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"code_verifier": "another"}, "invalid_grant"),
        ({"redirect_uri": "https://evil.example.com"}, "redirect_uri_mismatch"),
        ({"client_secret": "guessed"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_a_code_is_for_who_began(
    google: GoogleCalendar, ada: Person, wrong: dict[str, str], error: str
) -> None:
    code = google.oauth.approve(_beginning(google), ADA)
    form = {"grant_type": "authorization_code", "code": code, "code_verifier": "v"} | wrong
    assert _exchange(google, **form)[1]["error"] == error


def test_a_refresh_token_comes_with_the_first_consent_or_when_asked_for(
    google: GoogleCalendar, ada: Person
) -> None:
    def again(**more: str) -> bool:
        code = google.oauth.approve(_beginning(google, **more), ADA)
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": "v"}
        return "refresh_token" in _exchange(google, **form)[1]

    assert [again(), again(), again(prompt="consent"), again(access_type="online")] == [
        *(True, False),
        *(True, False),
    ]


def test_a_browser_comes_back_with_a_code_or_a_no(google: GoogleCalendar, ada: Person) -> None:
    google.oauth.browser = ADA
    answer = _client(google).get(_beginning(google))
    back = parse_qs(urlsplit(answer.headers["location"]).query)
    assert (answer.status_code, back["state"], "code" in back) == (302, ["s"], True)
    google.oauth.browser = None
    back = parse_qs(urlsplit(_client(google).get(_beginning(google)).headers["location"]).query)
    assert back["error"] == ["access_denied"]


def test_a_program_revokes_its_own_token(google: GoogleCalendar, ada: Person) -> None:
    token = google.oauth.refresh_token(ADA)
    assert _client(google).post("/revoke", data={"token": token}).status_code == 200
    assert _exchange(google, grant_type="refresh_token", refresh_token=token)[0] == 400
    assert _client(google).post("/revoke", data={"token": token}).json()["error"] == "invalid_token"


def test_a_service_account_acts_for_whom_it_may(google: GoogleCalendar, ada: Person) -> None:
    made = service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
        json.loads(google.oauth.service_account()), scopes=[READING], subject=ADA
    )
    request = Request(HttpxHttp(_client(google)))
    with pytest.raises(RefreshError, match="unauthorized_client"):
        made.refresh(request)
    google.oauth.delegated.add("example.com")
    made.refresh(request)
    assert _status(google, made.token) == 200

"""Access tokens are fetched once, renewed in time, and given up when Google says so."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from connectors.applications import Application
from connectors.errors import ConnectorError, NeedsReconnect, RateLimited, Rejected, Unavailable
from connectors.google_calendar import client
from connectors.google_calendar.connector import GoogleCalendarConnector
from connectors.google_calendar.settings import GoogleCalendarSettings
from connectors.google_calendar.tokens import Tokens
from connectors.transport import Network
from tests.conftest import FrozenClock
from tests.connectors.google_calendar.scripted import (
    CALENDAR,
    CUT,
    TOKEN_PATH,
    Answer,
    Asked,
    Scripted,
    refused,
    settings,
)

LISTED = Answer(200, {"items": [], "nextSyncToken": "s"})
KEY = RSAKey.generate_key(2048)
SERVICE_ACCOUNT = json.dumps(
    {
        "type": "service_account",
        "client_email": "robot@project.iam.gserviceaccount.com",
        "private_key": KEY.as_pem(private=True).decode(),
        "private_key_id": "1",
        "token_uri": "https://oauth2.googleapis.com/token",
    }
)


@pytest.fixture(autouse=True)
def _listed(google: Scripted) -> None:
    google.answers = [LISTED]


def test_a_token_is_fetched_once_for_many_calls(
    google: Scripted, network: Network, connector: GoogleCalendarConnector
) -> None:
    for _ in range(3):
        connector.changes(settings(), None, None, network)

    assert google.tokens == 1
    assert {asked.headers["authorization"] for asked in google.calls} == {"Bearer token-1"}
    assert google.asked[0].form == {
        "grant_type": "refresh_token",
        "refresh_token": "1//refresh",
        "client_id": "id",
        "client_secret": "secret",
    }


def test_threads_that_find_no_token_ask_for_one(
    google: Scripted, network: Network, connector: GoogleCalendarConnector
) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: connector.changes(settings(), None, None, network), range(8)))

    assert google.tokens == 1


def test_threads_do_not_wait_for_a_silent_google_one_after_the_other(
    google: Scripted, connector: GoogleCalendarConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "TOKENS", Tokens(patience=timedelta(seconds=0.2)))
    asked, ends = threading.Semaphore(0), threading.Event()

    def silent(_: Asked) -> Answer:
        asked.release()
        ends.wait(10)
        return Answer(503)

    google.token = silent
    with ThreadPoolExecutor(1) as first:
        waits = first.submit(connector.changes, settings(), None, None, google.network())
        assert asked.acquire(timeout=10)
        for _ in range(3):
            with pytest.raises(Unavailable, match="in time"):
                connector.changes(settings(), None, None, google.network())
        assert not waits.done()
        ends.set()
        assert isinstance(waits.exception(10), Unavailable)

    assert len(google.asked) == 1


def test_accounts_do_not_share_tokens(
    google: Scripted, network: Network, connector: GoogleCalendarConnector
) -> None:
    connector.changes(settings(), None, None, network)
    connector.changes(settings(refresh_token="1//another"), None, None, network)

    assert [asked.headers["authorization"] for asked in google.calls] == ["Bearer token-1", "Bearer token-2"]


def test_a_token_is_renewed_before_it_ends(
    google: Scripted, network: Network, connector: GoogleCalendarConnector, clock: FrozenClock
) -> None:
    connector.changes(settings(), None, None, network)
    clock.instant += timedelta(minutes=57)
    connector.changes(settings(), None, None, network)
    assert google.tokens == 1

    clock.instant += timedelta(minutes=2)
    connector.changes(settings(), None, None, network)
    assert google.tokens == 2


def test_a_refused_token_is_renewed_and_the_request_sent_again_once(
    google: Scripted, network: Network, connector: GoogleCalendarConnector
) -> None:
    google.answers = [refused(401, "authError"), LISTED]

    connector.changes(settings(), None, None, network)

    assert [asked.headers["authorization"] for asked in google.calls] == ["Bearer token-1", "Bearer token-2"]


def test_a_new_token_that_is_refused_too_needs_a_person(
    google: Scripted, network: Network, connector: GoogleCalendarConnector
) -> None:
    google.answers = [refused(401, "authError")]

    with pytest.raises(NeedsReconnect, match="sign in to Google again"):
        connector.changes(settings(), None, None, network)

    assert len(google.calls) == 2


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (Answer(400, {"error": "invalid_grant"}), NeedsReconnect, "signed_out"),
        (
            Answer(400, {"error": "invalid_grant", "error_subtype": "rapt"}),
            NeedsReconnect,
            "signed_out",
        ),
        (Answer(400, {"error": "admin_policy_enforced"}), NeedsReconnect, "signed_out"),
        (Answer(401, {"error": "invalid_client"}), NeedsReconnect, "not_registered"),
        (Answer(401, {"error": "unauthorized_client"}), NeedsReconnect, "access_refused"),
        (Answer(429, {"error": "rate"}), RateLimited, "rate_limited"),
        (Answer(400, b"<html>"), Unavailable, "remote_error"),
        (Answer(403, {"error": "rate_limit_exceeded"}), RateLimited, "rate_limited"),
        (Answer(503, {"error": "invalid_grant"}), Unavailable, "remote_error"),
        (Answer(400, {"error": "internal_failure"}), Unavailable, "remote_error"),
        (Answer(401, {"error": "temporarily_unavailable"}), Unavailable, "remote_error"),
        (Answer(200, {}), Unavailable, "unreadable"),
        (Answer(200, b"token"), Unavailable, "unreadable"),
        (Answer(200, {"access_token": 7}), Unavailable, "unreadable"),
        (CUT, Unavailable, "unreachable"),
    ],
)
def test_a_token_that_is_not_given_says_what_to_do(
    google: Scripted,
    network: Network,
    connector: GoogleCalendarConnector,
    answer: Answer,
    kind: type[ConnectorError],
    code: str,
) -> None:
    google.token = lambda _: answer

    with pytest.raises(ConnectorError) as failed:
        connector.changes(settings(), None, None, network)

    assert (type(failed.value), failed.value.code) == (kind, code)
    assert "1//refresh" not in str(failed.value)
    assert google.calls == []


def test_a_hub_that_google_does_not_know_says_who_must_do_what(
    google: Scripted, connector: GoogleCalendarConnector
) -> None:
    network = Network(applications={"google_calendar": Application(google.root)})

    with pytest.raises(NeedsReconnect, match="HUB_GOOGLE_CLIENT_ID"):
        connector.changes(settings(), None, None, network)

    assert google.asked == []


def test_no_account_at_all_needs_a_sign_in(google: Scripted, connector: GoogleCalendarConnector) -> None:
    with pytest.raises(NeedsReconnect, match="sign in"):
        connector.changes(settings(refresh_token=""), None, None, google.network())


def _on_behalf(**more: Any) -> GoogleCalendarSettings:
    return settings(refresh_token="", subject="ada@example.com", **more)


def test_a_service_account_acts_for_a_person(google: Scripted, connector: GoogleCalendarConnector) -> None:
    connector.changes(_on_behalf(), None, None, google.network(service_account=SERVICE_ACCOUNT))

    asked = google.asked[0]
    claims = jwt.decode(asked.form["assertion"], KEY, algorithms=["RS256"]).claims
    assert asked.path == TOKEN_PATH
    assert asked.form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    assert claims["sub"] == "ada@example.com"
    assert "https://www.googleapis.com/auth/calendar.events" in claims["scope"].split()
    assert google.calls[0].headers["authorization"] == "Bearer token-1"


def test_a_service_account_alone_acts_for_itself(
    google: Scripted, connector: GoogleCalendarConnector
) -> None:
    network = google.network(service_account=SERVICE_ACCOUNT)

    connector.changes(settings(refresh_token=""), None, None, network)

    claims = jwt.decode(google.asked[0].form["assertion"], KEY, algorithms=["RS256"]).claims
    assert "sub" not in claims


def test_a_service_account_creates_no_calendar_of_its_own(
    google: Scripted, connector: GoogleCalendarConnector
) -> None:
    with pytest.raises(Rejected, match="for good"):
        connector.make_calendar({}, "Boats", "UTC", google.network(service_account=SERVICE_ACCOUNT))

    assert google.asked == []


@pytest.mark.parametrize("error", ["unauthorized_client", "invalid_grant"])
def test_a_person_for_whom_we_may_not_act_needs_an_administrator(
    google: Scripted, connector: GoogleCalendarConnector, error: str
) -> None:
    google.token = lambda _: Answer(401, {"error": error})

    with pytest.raises(NeedsReconnect, match="administrator"):
        connector.changes(_on_behalf(), None, None, google.network(service_account=SERVICE_ACCOUNT))


def test_a_service_account_is_not_asked_for_twice_where_google_is_unwell(
    google: Scripted, connector: GoogleCalendarConnector
) -> None:
    asked: list[Asked] = []

    def unwell(question: Asked) -> Answer:
        asked.append(question)
        return Answer(503, {"error": "internal_failure"})

    google.token = unwell
    with pytest.raises(Unavailable):
        connector.changes(_on_behalf(), None, None, google.network(service_account=SERVICE_ACCOUNT))

    assert len(asked) == 1


@pytest.mark.parametrize("key", ["no JSON", "{}", "[]", '{"client_email": "x", "private_key": "y"}'])
def test_a_key_that_cannot_be_read_is_said_to_be(
    google: Scripted, connector: GoogleCalendarConnector, key: str
) -> None:
    with pytest.raises(NeedsReconnect, match="cannot be read"):
        connector.changes(_on_behalf(), None, None, google.network(service_account=key))


def test_the_calendar_of_a_setting_is_the_one_that_is_asked(
    google: Scripted, network: Network, connector: GoogleCalendarConnector
) -> None:
    connector.changes(settings(), None, None, network)

    assert google.calls[0].path.endswith("/calendars/" + CALENDAR.replace("@", "%40") + "/events")

"""The owner's consent: what is asked for and why, and what comes of it."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from connectors.applications import Application
from connectors.errors import ConnectorError, NeedsReconnect, Rejected, Unavailable
from connectors.google_calendar.connector import GoogleCalendarConnector
from connectors.google_calendar.scopes import CREATED, EVENTS, FREE_BUSY, LIST
from connectors.owners import SignsIn
from connectors.transport import Network
from tests.connectors.google_calendar.scripted import CUT, Answer, Scripted

BACK = "https://hub.example.com/callback"
GIVEN = {"access_token": "a", "refresh_token": "1//new", "expires_in": 3599}


def _query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def test_the_browser_is_sent_with_state_and_pkce(
    google: Scripted, network: Network, connector: GoogleCalendarConnector
) -> None:
    beginning = connector.begin_sign_in({}, BACK, network)

    asked = _query(beginning.url)
    digest = hashlib.sha256(beginning.verifier.encode()).digest()
    assert beginning.url.startswith(f"{google.root}/o/oauth2/v2/auth?")
    assert asked["state"] == beginning.state
    assert asked["code_challenge"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert (asked["code_challenge_method"], asked["response_type"]) == ("S256", "code")
    assert (asked["access_type"], asked["redirect_uri"]) == ("offline", BACK)
    assert "consent" in asked["prompt"]
    assert beginning.verifier not in beginning.url
    assert len(beginning.state) >= 32
    assert 43 <= len(beginning.verifier) <= 128


def test_every_beginning_is_another(network: Network, connector: GoogleCalendarConnector) -> None:
    one, other = (connector.begin_sign_in({}, BACK, network) for _ in range(2))

    assert one.state != other.state
    assert one.verifier != other.verifier


def test_at_google_the_browser_is_sent_to_google(connector: GoogleCalendarConnector) -> None:
    network = Network(applications={"google_calendar": Application(None, "id", "secret")})

    url = connector.begin_sign_in({}, BACK, network).url

    assert url.startswith("https://accounts.google.com/o/oauth2/v2/auth?")


@pytest.mark.parametrize(
    ("settings", "scopes"),
    [({}, {EVENTS, LIST, FREE_BUSY, CREATED}), ({"reach": "created"}, {CREATED})],
)
def test_no_more_is_asked_for_than_is_wanted_and_all_of_it_is_explained(
    network: Network, connector: GoogleCalendarConnector, settings: dict[str, Any], scopes: set[str]
) -> None:
    asked = _query(connector.begin_sign_in(settings, BACK, network).url)

    assert set(asked["scope"].split()) == scopes
    assert scopes <= connector.scopes.keys()
    assert all(len(words) > 40 for words in connector.scopes.values())
    assert isinstance(connector, SignsIn)


def test_what_comes_back_becomes_the_connections_settings(
    google: Scripted, network: Network, connector: GoogleCalendarConnector
) -> None:
    google.token = lambda _: Answer(200, GIVEN)
    before = {"refresh_token": "1//old", "subject": "ada@example.com", "tells": "busy"}

    after = connector.finish_sign_in(before, "code", "verifier", BACK, network)

    assert after == {"refresh_token": "1//new", "tells": "busy"}
    assert google.asked[0].form == {
        "grant_type": "authorization_code",
        "code": "code",
        "code_verifier": "verifier",
        "redirect_uri": BACK,
        "client_id": "id",
        "client_secret": "secret",
    }


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (Answer(400, {"error": "invalid_grant"}), Rejected, "google_refused"),
        (Answer(401, {"error": "invalid_client"}), NeedsReconnect, "not_registered"),
        (Answer(200, {"access_token": "a"}), Rejected, "no_refresh_token"),
        (Answer(200, {**GIVEN, "scope": f"{EVENTS} {LIST}"}), Rejected, "scope_missing"),
        (Answer(500, {}), Unavailable, "remote_error"),
        (CUT, Unavailable, "unreachable"),
    ],
)
def test_a_sign_in_that_gave_less_says_so(
    google: Scripted,
    network: Network,
    connector: GoogleCalendarConnector,
    answer: Answer,
    kind: type[ConnectorError],
    code: str,
) -> None:
    google.token = lambda _: answer

    with pytest.raises(ConnectorError) as failed:
        connector.finish_sign_in({}, "code", "verifier", BACK, network)

    assert (type(failed.value), failed.value.code) == (kind, code)


def test_a_box_that_was_unticked_is_named_by_what_it_is_for(
    google: Scripted, network: Network, connector: GoogleCalendarConnector
) -> None:
    google.token = lambda _: Answer(200, {**GIVEN, "scope": f"{EVENTS} {CREATED} {FREE_BUSY}"})

    with pytest.raises(Rejected, match="To show you a list of your calendars"):
        connector.finish_sign_in({}, "code", "verifier", BACK, network)


def test_a_hub_that_is_not_registered_sends_nobody_anywhere(connector: GoogleCalendarConnector) -> None:
    with pytest.raises(Rejected, match="HUB_GOOGLE_CLIENT_ID"):
        connector.begin_sign_in({}, BACK, Network())

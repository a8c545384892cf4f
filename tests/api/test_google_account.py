"""A Google account is connected, one of its calendars is linked and watched; at a Google on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from api.app import create
from connectors.applications import Application
from connectors.transport import Network
from hub import clock
from hub.queries import watches as query
from sync import watches
from tests.api.houses import House, check_problem
from tests.fakes.google_account import CLIENT_ID, CLIENT_SECRET
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.fakes.google_calendar.server import Serving

ADA = "ada@example.com"


@pytest.fixture
def google() -> Iterator[GoogleCalendar]:
    double = GoogleCalendar()
    with Serving(double):
        yield double
    assert double.violations == []


@pytest.fixture
def browser(house: House, google: GoogleCalendar) -> Iterator[House]:
    """The house at a hub that Google is to be found at, asked from a browser of its own."""
    application = Application(google.root, CLIENT_ID, CLIENT_SECRET)
    network = Network([urlsplit(google.root).netloc], applications={"google_calendar": application})
    runtime = replace(house.runtime, network=network)
    google.person(ADA, "Europe/Madrid")
    with TestClient(create(runtime=runtime), base_url="https://hub.example.com") as client:
        yield replace(house, client=client, runtime=runtime)


def connected(browser: House, google: GoogleCalendar, account: str | None = ADA) -> tuple[str, Any]:
    """A connection, and what came of its sign-in."""
    made = browser.post("/connections", {"connector": "google_calendar", "name": "Front desk"})
    assert made.status_code == 201, made.text
    begun = browser.post(f"/connections/{made.json()['id']}/sign-in")
    assert begun.status_code == 200, begun.text
    assert all(begun.json()["scopes"].values())
    address = urlsplit(google.oauth.consent(begun.json()["url"], account))
    return made.json()["id"], browser.client.get(f"{address.path}?{address.query}")


def test_an_account_is_connected_and_a_calendar_of_it_linked(browser: House, google: GoogleCalendar) -> None:
    connection, answer = connected(browser, google)

    assert answer.status_code == 200, answer.text
    assert answer.json()["account"] == ADA
    shown = browser.get(f"/connections/{connection}").json()
    assert shown["settings"]["refresh_token"] == "***"
    made = browser.post(f"/connections/{connection}/calendars", {"name": "Room 1"})
    assert made.status_code == 201, made.text
    found = browser.get(f"/connections/{connection}/calendars").json()["items"]
    assert {one["name"] for one in found} >= {"Room 1"}
    assert [one["id"] for one in found if one["primary"]] == [ADA]
    body = {
        "connection_id": connection,
        "unit_id": browser.rooms[0],
        "direction": "two_way",
        "settings": made.json()["settings"],
    }
    link = browser.post("/links", body)
    assert link.status_code == 201, link.text
    check_problem(browser.post("/links", body), 409, "calendar_linked", "settings")
    found = browser.get(f"/connections/{connection}/calendars").json()["items"]
    assert [one["link_id"] for one in found if one["name"] == "Room 1"] == [link.json()["id"]]


def test_who_does_not_consent_is_not_connected(browser: House, google: GoogleCalendar) -> None:
    connection, answer = connected(browser, google, None)

    check_problem(answer, 422, "access_denied", "error")
    assert browser.get(f"/connections/{connection}/calendars").status_code == 422


def test_when_it_is_busy_is_imported_for_one_unit(browser: House, google: GoogleCalendar) -> None:
    connection, _ = connected(browser, google)
    usual = {
        "connection_id": connection,
        "unit_id": browser.rooms[0],
        "direction": "import",
        "settings": {"calendar_id": ADA, "access": "free_busy"},
    }
    of_type = {name: value for name, value in usual.items() if name != "unit_id"}
    of_type["unit_type_id"] = browser.unit_type_id

    check_problem(browser.post("/links", usual | {"direction": "two_way"}), 422, "free_busy", "direction")
    check_problem(browser.post("/links", usual | {"direction": "export"}), 422, "free_busy", "direction")
    check_problem(browser.post("/links", of_type), 422, "free_busy", "unit_id")
    made = browser.post("/links", usual)

    assert made.status_code == 201, made.text
    assert (made.json()["by_event"], made.json()["feed_url"]) == (False, None)


@pytest.mark.parametrize("role", ["reader", "writer"])
def test_a_calendar_that_may_only_be_read_is_linked_as_an_import_alone(
    browser: House, google: GoogleCalendar, role: str
) -> None:
    connection, _ = connected(browser, google)
    bob = google.person("bob@example.com")
    shared = bob.makes_calendar("Boats")
    bob.shares(shared, ADA, role)
    usual = {
        "connection_id": connection,
        "unit_id": browser.rooms[0],
        "settings": {"calendar_id": shared},
    }

    if role == "reader":
        for direction in ("two_way", "export"):
            refused = browser.post("/links", usual | {"direction": direction})
            said = check_problem(refused, 422, "read_only", "direction")
            assert "only read" in said["errors"][0]["message"]
        assert browser.get("/links").json()["items"] == []
    direction = "import" if role == "reader" else "two_way"
    assert browser.post("/links", usual | {"direction": direction}).status_code == 201


def test_a_calendar_is_watched_until_its_link_is_removed(browser: House, google: GoogleCalendar) -> None:
    connection, _ = connected(browser, google)
    body = {
        "connection_id": connection,
        "unit_id": browser.rooms[0],
        "direction": "import",
        "settings": {"calendar_id": ADA},
    }
    link = browser.post("/links", body).json()

    watches.tend(browser.runtime, browser.organization_id, UUID(link["id"]))

    told = browser.get(f"/links/{link['id']}").json()
    assert told["watched_until"] is not None
    (kept,) = browser.work(lambda session: query.of_link(session, UUID(link["id"])))
    assert kept.resource
    assert kept.expires_at > clock.now()
    forged = {
        "X-Goog-Channel-ID": str(kept.id),
        "X-Goog-Channel-Token": "forged",
        "X-Goog-Resource-ID": kept.resource,
        "X-Goog-Resource-State": "exists",
        "X-Goog-Message-Number": "7",
    }
    check_problem(browser.client.post("/webhooks/google_calendar", headers=forged), 404, "not_found")

    assert browser.ask("DELETE", f"/links/{link['id']}").status_code == 204
    assert len(google.requests("channels.stop")) == 1

"""The hub's service account is for the organizations that the operator named, wherever it would be used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from api.app import create
from connectors.applications import EVERYBODY, Application
from connectors.transport import Network
from hub.config import Settings
from hub.database import Database
from sync.planning.schedule import REFUSALS_BEFORE_GIVING_UP
from sync.pull import pull
from sync.runtime import Runtime, applications
from tests import factories
from tests.api.houses import House
from tests.fakes.google_account import CLIENT_ID, CLIENT_SECRET
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.servers import Database as Address
from tests.sync.both_sides import OWNER, SCOPE, wired

ADA = "ada@example.com"
TOLD = "not_for_you"


@pytest.fixture
def google() -> Iterator[GoogleCalendar]:
    double = GoogleCalendar()
    double.oauth.delegated.add("example.com")
    with wired(double):
        yield double
    assert double.violations == []


@pytest.fixture
def alone(runtime: Runtime, empty_database: Address) -> Iterator[Runtime]:
    """A hub without any organization yet."""
    database = Database(empty_database.app_url, factories.a_vault())
    yield replace(runtime, database=database)
    database.dispose()


Opened = Callable[..., House]


@pytest.fixture
def opened(alone: Runtime, google: GoogleCalendar) -> Iterator[Opened]:
    """The house, as a process has it whose settings name these; built at first."""
    doors: list[TestClient] = []
    houses: list[House] = []

    def open_with(*allowed: str) -> House:
        key = google.oauth.service_account()
        known = Application(google.root, CLIENT_ID, CLIENT_SECRET, key, frozenset(allowed))
        network = Network(["127.0.0.1"], applications={"google_calendar": known})
        runtime = replace(alone, network=network)
        client = TestClient(create(runtime=runtime), base_url="https://hub.example.com")
        client.__enter__()
        doors.append(client)
        if not houses:
            houses.append(House.build(client, runtime))
        return replace(houses[0], client=client, runtime=runtime)

    yield open_with
    for client in doors:
        client.__exit__(None, None, None)


def calendar(google: GoogleCalendar) -> str:
    return google.person(ADA).makes_calendar("Boats", "Europe/Madrid")


def connect(house: House, **settings: Any) -> Any:
    said = {"connector": "google_calendar", "name": "Desk", "settings": settings}
    return house.post("/connections", said)


def link(house: House, connection: str, name: str, **own: Any) -> Any:
    said = {
        "connection_id": connection,
        "unit_id": house.rooms[0],
        "direction": own.pop("direction", "two_way"),
    }
    return house.post("/links", said | {"settings": {"calendar_id": name, **own}})


def code(answer: Any) -> str:
    assert answer.status_code == 422, answer.text
    return str(answer.json()["errors"][0]["code"])


def check_not_for_us(house: House, link_id: str) -> None:
    """Told at once, and at rest after a row of it."""
    for _ in range(REFUSALS_BEFORE_GIVING_UP):
        outcome = pull(house.runtime, house.organization_id, UUID(link_id))
        assert outcome.state == "failed"
        assert "not for this organization" in (outcome.error or "")
    told = house.get(f"/links/{link_id}").json()
    assert told["state"] == "needs_auth"
    assert "not for this organization" in told["state_reason"]


def test_who_is_alone_on_a_hub_uses_it_until_somebody_else_comes(
    opened: Opened, google: GoogleCalendar
) -> None:
    house, name = opened(), calendar(google)
    made = connect(house, subject=ADA)
    assert made.status_code == 201, made.text
    linked = link(house, made.json()["id"], name)
    assert linked.status_code == 201, linked.text
    assert pull(house.runtime, house.organization_id, UUID(linked.json()["id"])).state != "failed"

    House.build(house.client, house.runtime)
    google.reset_log()

    check_not_for_us(house, linked.json()["id"])
    assert google.requests() == []


def test_a_tenant_uses_it_neither_by_a_person_s_name_nor_by_a_shared_calendar(
    opened: Opened, google: GoogleCalendar
) -> None:
    house, name = opened(), calendar(google)
    House.build(house.client, house.runtime)
    assert code(connect(house, subject=ADA)) == TOLD

    empty = connect(house).json()["id"]  # whoever made it may sign in yet
    for own in ({}, {"subject": ADA}, {"access": "free_busy", "direction": "import"}):
        assert code(link(house, empty, name, **own)) == TOLD
    asked = {"connection_id": empty, "unit_id": house.rooms[0], "settings": {"calendar_id": name}}
    assert code(house.post("/links/preview", asked)) == TOLD
    alone = {"connector": "google_calendar", "unit_id": house.rooms[0], "settings": {"calendar_id": name}}
    assert code(house.post("/links/preview", alone)) == TOLD
    listed = house.ask("GET", f"/connections/{empty}/calendars")
    assert code(listed) == TOLD
    assert code(house.post(f"/connections/{empty}/calendars", {"name": "Mine"})) == TOLD
    amended = house.ask("PATCH", f"/connections/{empty}", json={"settings": {"subject": ADA}})
    assert code(amended) == TOLD
    assert google.requests() == []


def test_a_sign_in_is_nobody_else_s_matter_and_cannot_be_exchanged_for_the_hub_s_account(
    opened: Opened, google: GoogleCalendar
) -> None:
    house = opened()
    House.build(house.client, house.runtime)
    name = google.person(OWNER).makes_calendar("Casa Azul", "Europe/Madrid")
    made = connect(house, refresh_token=google.oauth.refresh_token(OWNER, SCOPE)).json()["id"]
    linked = link(house, made, name)
    assert linked.status_code == 201, linked.text
    assert house.ask("GET", f"/connections/{made}/calendars").status_code == 200

    where = f"/links/{linked.json()['id']}"
    taken = house.ask("PATCH", where, json={"settings": {"calendar_id": name, "refresh_token": ""}})
    assert code(taken) == TOLD
    assert code(house.ask("PATCH", f"/connections/{made}", json={"settings": {}})) == TOLD


def test_the_operator_names_who_uses_it_on_a_hub_of_several(opened: Opened, google: GoogleCalendar) -> None:
    house, name = opened(), calendar(google)
    other = House.build(house.client, house.runtime)

    assert code(connect(opened(str(other.organization_id)), subject=ADA)) == TOLD
    for allowed in (str(house.organization_id), EVERYBODY):
        made = connect(opened(allowed), subject=ADA)
        assert made.status_code == 201, made.text
    assert link(opened(EVERYBODY), made.json()["id"], name).status_code == 201


def test_busy_times_alone_are_not_asked_for_either(opened: Opened, google: GoogleCalendar) -> None:
    house, name = opened(), calendar(google)
    made = connect(house, subject=ADA).json()["id"]
    linked = link(house, made, name, access="free_busy", direction="import")
    assert linked.status_code == 201, linked.text
    House.build(house.client, house.runtime)
    google.reset_log()

    check_not_for_us(house, linked.json()["id"])
    assert google.requests() == []


def test_the_setting_names_organizations_by_their_ids_or_all_of_them(house: House) -> None:
    named = Settings(google_service_account_organizations=f" {house.organization_id}, *,")
    assert applications(named)["google_calendar"].organizations == {str(house.organization_id), EVERYBODY}
    assert applications(Settings())["google_calendar"].organizations == frozenset()
    with pytest.raises(ValueError, match="organizations"):
        Settings(google_service_account_organizations="Casa Azul")

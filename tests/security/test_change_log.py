"""The change log is written once, says who did what for whom from where, and names nobody."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import make_url, select
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from hub.database import Actor, sqlstate
from hub.ids import new_id
from hub.models.records import Change
from hub.services import changes
from sync.runtime import Runtime
from tests import factories
from tests.api.houses import GUEST, V1, House
from tests.servers import Database as Address

INSUFFICIENT_PRIVILEGE = "42501"
FORGERIES = ("UPDATE changes SET action = 'forged'", "DELETE FROM changes", "TRUNCATE changes")


@pytest.mark.parametrize("forgery", FORGERIES)
def test_the_application_cannot_change_the_log(house: House, forgery: str) -> None:
    house.book()
    with pytest.raises(ProgrammingError) as refused:
        house.work(lambda session: session.connection().exec_driver_sql(forgery))
    assert sqlstate(refused.value) == INSUFFICIENT_PRIVILEGE


@pytest.mark.parametrize("login", ["owner_url", "superuser_url"])
@pytest.mark.parametrize("forgery", FORGERIES)
def test_nor_can_who_owns_it_or_everything(house: House, database: Address, login: str, forgery: str) -> None:
    house.book()
    url = make_url(getattr(database, login)).set(drivername="postgresql")
    with (
        psycopg.connect(url.render_as_string(hide_password=False)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="only ever added to"),
    ):
        connection.execute(forgery.encode())


def recorded(house: House, actor: Actor, entity: str, **said: Any) -> Change:
    entity_id = new_id()

    def work(session: Session) -> None:
        changes.record(session, entity, entity_id, "changed", **said)

    house.runtime.database.transact(house.organization_id, work, actor)
    return house.work(lambda s: s.scalars(select(Change).where(Change.entity_id == entity_id)).one())


def test_it_says_who_for_whom_and_from_where(house: House) -> None:
    actor, guest = Actor("key", new_id(), request_id="r-1", address="203.0.113.7"), new_id()

    row = recorded(house, actor, "booking", for_id=guest)

    assert (row.actor_kind, row.actor_id, row.request_id) == ("key", actor.id, "r-1")
    assert (row.address, row.for_id) == ("203.0.113.7", guest)


def test_of_a_person_the_names_of_the_fields_are_kept_and_no_value() -> None:
    for entity in changes.PERSONS:
        for field in changes.OF_PERSONS:
            said = changes.told(entity, {field: "Ada", "role": "staff"})
            assert said == {"fields": [field], "role": "staff"}, (entity, field)


def test_what_a_thing_is_called_is_kept_and_what_is_written_about_it_is_not(house: House) -> None:
    after = {"name": "Room 1", "description": "the key is under Ada's mat", "fields": ["parts"]}

    row = recorded(house, Actor("system"), "unit", after=after)

    assert row.after == {"name": "Room 1", "fields": ["description", "parts"]}


def test_a_guest_who_changed_is_told_by_the_names_of_the_fields(house: House) -> None:
    booked = house.book(guest=GUEST)
    changed = GUEST | {"email": "new@example.com", "phone": None}
    assert house.ask("PATCH", f"/bookings/{booked['id']}", json={"guest": changed}).status_code == 200

    (amended, made) = house.get("/audit", entity="booking").json()["items"]

    assert amended["after"]["fields"] == ["guest.email", "guest.phone"]
    assert amended["for_id"] == made["for_id"] is not None
    assert "new@example.com" not in str(amended)


@pytest.mark.parametrize(
    ("name", "value"),
    [("for", "for_id"), ("action", "action"), ("request_id", "request_id"), ("entity", "entity")],
)
def test_the_audit_narrows_by_any_of_these(house: House, name: str, value: str) -> None:
    house.book(guest=GUEST)
    wanted = house.book(20, 21, guest=GUEST | {"email": "another@example.com"})
    house.post(f"/bookings/{wanted['id']}/cancel")
    (last, *others) = house.get("/audit", limit=200).json()["items"]

    found = house.get("/audit", limit=200, **{name: last[value]}).json()["items"]

    assert last in found
    assert found == [row for row in (last, *others) if row[value] == last[value]]
    unknown = str(new_id()) if value == "for_id" else "nothing"
    assert house.get("/audit", **{name: unknown}).json()["items"] == []
    assert UUID(last["id"])


def test_who_came_in_and_what_was_handed_out_is_told(client: TestClient, runtime: Runtime) -> None:
    email, password = factories.an_email(), "a long word for the log"
    admin = factories.an_organization(runtime.database, email=email, password=password)
    house = House(client, runtime, admin.organization_id, admin.id, "admin", "", "", (), "", ())

    def login(tried: str) -> Any:
        return client.post(f"{V1}/auth/login", json={"email": email, "password": tried})

    first = login(password).json()["refresh_token"]
    assert login("not the password").status_code == 401
    for status in (200, 401):
        answer = client.post(f"{V1}/auth/refresh", json={"refresh_token": first})
        assert answer.status_code == status, answer.text
    invited = {"email": factories.an_email(), "name": "Grace Hopper", "role": "staff"}
    assert house.post("/organization/invitations", invited).status_code == 201
    key = house.post("/api-keys", {"name": "A machine", "scopes": ["read"]}).json()["id"]
    assert house.ask("DELETE", f"/api-keys/{key}").status_code == 204
    client.post(f"{V1}/auth/password-reset", json={"email": email})

    rows = house.get("/audit", limit=200).json()["items"]

    told = {(row["entity"], row["action"]) for row in rows}
    assert told >= {
        *(("sign_in", "signed_in"), ("sign_in", "failed"), ("sign_in", "reused"), ("invitation", "created")),
        *(("api_key", "added"), ("api_key", "revoked"), ("account", "reset_asked")),
    }
    asked = [row for row in rows if row["entity"] in ("sign_in", "invitation", "api_key", "account")]
    by_request = [row for row in asked if row["action"] != "added" or row["entity"] == "api_key"]
    assert {row["address"] for row in by_request} == {"testclient"}
    for private in (email, "Grace", invited["email"], password, first):
        assert private not in str(rows)

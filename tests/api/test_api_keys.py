"""Keys of machines: made, shown once, used, limited, ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from api.app import create
from hub import clock as clock_of_hub
from hub.models.access import ApiKey
from hub.models.records import Change
from hub.services import api_keys, organizations, tokens
from hub.services.accounts import Person
from hub.services.api_keys import NewKey
from hub.services.organizations import NewMember
from hub.services.tokens import Claims
from sync.runtime import Runtime
from tests import factories
from tests.api.houses import V1, House, check_problem
from tests.api.machines import a_key, ask
from tests.conftest import FrozenClock

PATH = "/api-keys"


def body(**more: Any) -> dict[str, Any]:
    return {"name": "Front desk", "scopes": ["bookings"]} | more


def test_a_key_is_shown_once_and_kept_as_its_hash_alone(house: House) -> None:
    answer = house.post(PATH, body())

    assert answer.status_code == 201
    made = answer.json()
    secret = made.pop("key")
    assert secret.startswith(made["prefix"])
    assert (len(made["prefix"]), made["prefix"][:4]) == (12, "hub_")
    assert answer.headers["location"] == f"{V1}{PATH}/{made['id']}"
    assert house.get(f"{PATH}/{made['id']}").json() == made
    assert house.get(PATH).json()["items"] == [made]

    def stored(session: Session) -> tuple[str, bytes]:
        row = session.scalars(select(ApiKey)).one()
        return repr(vars(row)), row.key_hash

    written, key_hash = house.work(stored)
    assert secret not in written
    assert secret[12:] not in written
    assert key_hash == api_keys.hashed(secret)


@pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
def test_a_key_opens_what_its_scopes_cover(house: House, header: str) -> None:
    secret = a_key(house, "bookings").secret
    headers = {header: f"Bearer {secret}" if header == "Authorization" else secret}

    def status(method: str, path: str, **more: Any) -> int:
        code: int = house.client.request(method, V1 + path, headers=headers, **more).status_code
        return code

    assert status("GET", "/bookings") == 200
    assert status("POST", "/bookings", json=house.stay()) == 201
    assert status("POST", f"/links/{uuid4()}/sync") == 403
    assert status("GET", PATH) == 403
    assert status("GET", "/auth/me") == 403


def test_a_refusal_says_which_scope_is_missing(house: House) -> None:
    secret = a_key(house, "read").secret
    said = check_problem(ask(house, secret, "POST", "/bookings", json=house.stay()), 403, "scope")
    assert said["detail"] == "this needs the scope bookings; the key has read"
    said = check_problem(ask(house, secret, "GET", PATH), 403, "scope")
    assert said["detail"] == "this is for people; you sent an API key"


def test_a_key_sees_its_own_organization_alone(house: House, neighbours: House) -> None:
    secret = a_key(house, "admin").secret

    shown = ask(house, secret, "GET", "/properties").json()["items"]

    assert [one["id"] for one in shown] == [house.property_id]
    theirs = ask(house, secret, "GET", f"/properties/{neighbours.property_id}")
    check_problem(theirs, 404, "not_found")


@pytest.mark.parametrize("key", ["hub_", "hub_abcdefgh", "hub_" + "a" * 48, "hub_\u00e9"])
def test_a_key_that_is_none_of_ours_is_refused(client: TestClient, key: str) -> None:
    for headers in ({b"Authorization": b"Bearer " + key.encode()}, {b"X-API-Key": key.encode()}):
        check_problem(client.get(f"{V1}/bookings", headers=headers), 401, "invalid_key")


def test_an_access_token_is_no_api_key(house: House) -> None:
    answer = house.client.get(f"{V1}/bookings", headers={"X-API-Key": house.token})
    check_problem(answer, 401, "invalid_key")


def test_a_revoked_key_is_refused_at_once(house: House) -> None:
    made = a_key(house)
    assert ask(house, made.secret, "GET", "/bookings").status_code == 200

    for _ in range(2):
        assert house.ask("DELETE", f"{PATH}/{made.row.id}").status_code == 204

    check_problem(ask(house, made.secret, "GET", "/bookings"), 401, "invalid_key")
    assert house.get(PATH).json()["items"] == []
    (shown,) = house.get(PATH, revoked=True).json()["items"]
    assert shown["revoked_at"] is not None
    check_problem(house.ask("PATCH", f"{PATH}/{made.row.id}", json={"name": "x"}), 409, "revoked")


def test_another_process_refuses_a_revoked_key_within_a_minute(
    house: House, runtime: Runtime, clock: FrozenClock
) -> None:
    made = a_key(house)
    headers = {"X-API-Key": made.secret}
    with TestClient(create(runtime=runtime)) as elsewhere:
        assert elsewhere.get(f"{V1}/bookings", headers=headers).status_code == 200
        house.ask("DELETE", f"{PATH}/{made.row.id}")

        clock.advance(timedelta(seconds=59))
        assert elsewhere.get(f"{V1}/bookings", headers=headers).status_code == 200
        clock.advance(timedelta(seconds=1))
        check_problem(elsewhere.get(f"{V1}/bookings", headers=headers), 401, "invalid_key")


def test_a_key_ends_to_the_second(house: House, clock: FrozenClock) -> None:
    secret = a_key(house, expires_at=clock.instant + timedelta(seconds=30)).secret
    assert ask(house, secret, "GET", "/bookings").status_code == 200

    clock.advance(timedelta(seconds=30))

    check_problem(ask(house, secret, "GET", "/bookings"), 401, "key_expired")


def test_last_use_is_written_once_a_minute(house: House, clock: FrozenClock) -> None:
    made = a_key(house)
    written: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        written.extend([statement] if "use_api_key" in statement else [])

    def last_used() -> Any:
        return house.get(f"{PATH}/{made.row.id}").json()["last_used_at"]

    assert last_used() is None
    engine = house.runtime.database.engine
    event.listen(engine, "before_cursor_execute", count)
    try:
        for _ in range(3):
            ask(house, made.secret, "GET", "/bookings")
            clock.advance(timedelta(seconds=25))
        first = last_used()
        assert len(written) == 1
        ask(house, made.secret, "GET", "/bookings")
    finally:
        event.remove(engine, "before_cursor_execute", count)
    assert len(written) == 2
    assert first is not None
    assert last_used() > first


def test_a_key_is_named_as_who_did_it(house: House) -> None:
    made = a_key(house, "bookings")
    booked = ask(house, made.secret, "POST", "/bookings", json=house.stay()).json()

    def recorded(session: Session) -> tuple[Any, ...]:
        row = session.scalars(select(Change).where(Change.entity_id == booked["id"])).one()
        return row.actor_kind, row.actor_id, row.address

    assert house.work(recorded) == ("key", made.row.id, "testclient")


def test_an_idempotency_key_is_of_the_api_key_that_sent_it(house: House) -> None:
    first, second = (a_key(house, "bookings").secret for _ in range(2))

    def book(key: str) -> Any:
        headers = {"X-API-Key": key, "Idempotency-Key": "same"}
        return house.client.post(f"{V1}/bookings", json=house.stay(), headers=headers).json()["id"]

    assert book(first) == book(first)
    assert book(first) != book(second)


@pytest.mark.parametrize(
    ("more", "code", "field"),
    [
        ({"scopes": []}, "too_short", "scopes"),
        ({"scopes": ["everything"]}, "enum", "scopes[0]"),
        ({"name": " "}, "string_too_short", "name"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "past", "expires_at"),
        ({"expires_at": "2099-01-01T00:00:00"}, "no_offset", "expires_at"),
        ({"key_hash": "x"}, "extra_forbidden", "key_hash"),
    ],
)
def test_a_key_that_cannot_be_is_refused_with_the_field_named(
    house: House, more: dict[str, Any], code: str, field: str
) -> None:
    check_problem(house.post(PATH, body(**more)), 422, code, field)
    assert house.get(PATH).json()["items"] == []


def test_a_key_is_changed_and_the_change_counts(house: House) -> None:
    made = a_key(house, "read")
    check_problem(ask(house, made.secret, "POST", "/bookings", json=house.stay()), 403, "scope")

    answer = house.ask(
        "PATCH", f"{PATH}/{made.row.id}", json={"scopes": ["bookings", "sync"], "name": "Desk"}
    )

    assert (answer.json()["scopes"], answer.json()["name"]) == (["bookings", "sync"], "Desk")
    assert ask(house, made.secret, "POST", "/bookings", json=house.stay()).status_code == 201
    actions = [row["action"] for row in house.get("/audit", entity="api_key").json()["items"]]
    assert actions == ["changed", "added"]


def a_second_admin(house: House) -> tuple[UUID, dict[str, str]]:
    """Somebody else's id as a member, and what they send."""
    new = NewMember(Person(factories.an_email(), "Mallory"), "admin", "a long password")
    member = house.work(lambda session: organizations.add(session, new))
    claims = Claims(house.organization_id, member.id, "admin")
    token = tokens.issue_access(house.runtime.database.vault.token_key, claims, clock_of_hub.now())
    return member.id, {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("what", ["api-keys", "organization/invitations"])
def test_who_is_dismissed_elsewhere_makes_nothing_that_would_last(house: House, what: str) -> None:
    member_id, sent = a_second_admin(house)
    bodies = {
        "api-keys": {"name": "A back door", "scopes": ["admin"]},
        "organization/invitations": {"email": factories.an_email(), "name": "A friend", "role": "admin"},
    }
    assert house.client.get(f"{V1}/bookings", headers=sent).status_code == 200, "it is remembered now"

    house.work(lambda session: organizations.deactivate(session, member_id))

    assert house.client.post(f"{V1}/{what}", json=bodies[what], headers=sent).status_code == 401


def test_the_keys_of_who_is_an_admin_no_more_open_nothing_more(house: House, clock: FrozenClock) -> None:
    member_id, _ = a_second_admin(house)
    made = house.work(lambda session: api_keys.create(session, NewKey("Theirs", ("read",)), member_id))
    other = a_key(house)
    assert ask(house, made.secret, "GET", "/properties").status_code == 200

    house.work(lambda session: organizations.change_role(session, member_id, "staff"))
    clock.advance(timedelta(minutes=1))

    assert ask(house, made.secret, "GET", "/properties").status_code == 401
    assert ask(house, other.secret, "GET", "/properties").status_code == 200

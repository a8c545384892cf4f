"""Who may ask: tokens, roles, and members who are none any more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from hub import clock as hub_clock
from hub.errors import NotSignedIn
from hub.models.organizations import ROLES, Member
from hub.services import tokens
from hub.services.tokens import Claims
from tests.api.houses import V1, House, check_problem
from tests.conftest import FrozenClock

KEY = b"k" * 32


def _ask(client: TestClient, authorization: str | None) -> Any:
    headers = {"Authorization": authorization} if authorization else {}
    return client.get(f"{V1}/bookings", headers=headers)


@pytest.mark.parametrize("authorization", [None, "Basic YTpi", "Bearer", "Bearer "])
def test_nobody_gets_in_without_a_token(client: TestClient, authorization: str | None) -> None:
    answer = _ask(client, authorization)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_token_in_the_address_is_none(client: TestClient, house: House) -> None:
    check_problem(client.get(f"{V1}/bookings", params={"access_token": house.token}), 401, "no_token")


@pytest.mark.parametrize("token", ["x", "a.b.c", "\u00e9", "e30.e30.e30"])
def test_a_token_that_is_none_of_ours_is_refused(client: TestClient, token: str) -> None:
    answer = client.get(f"{V1}/bookings", headers={b"Authorization": f"Bearer {token}".encode()})

    check_problem(answer, 401, "invalid_token")


def test_a_token_lasts_a_quarter_of_an_hour(house: House, clock: FrozenClock) -> None:
    token = house.token
    clock.advance(timedelta(minutes=15) - timedelta(seconds=1))
    assert _ask(house.client, f"Bearer {token}").status_code == 200

    clock.advance(timedelta(seconds=2))

    check_problem(_ask(house.client, f"Bearer {token}"), 401, "token_expired")


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "another/api"},
        {"iss": "somebody"},
        {"role": "emperor"},
        {"org": "7"},
        {"sub": None},
        {"exp": None},
        {"exp": "soon"},
    ],
)
def test_a_token_with_other_claims_is_refused(change: dict[str, object]) -> None:
    now = hub_clock.now()
    claims = Claims(uuid4(), uuid4(), "staff")
    good = tokens.issue_access(KEY, claims, now)
    assert tokens.read_access(KEY, good, now) == claims
    said = jwt.decode(good, options={"verify_signature": False}) | change
    bad = jwt.encode({name: value for name, value in said.items() if value is not None}, KEY, "HS256")

    with pytest.raises(NotSignedIn):
        tokens.read_access(KEY, bad, now)


def test_a_token_that_is_signed_otherwise_is_refused() -> None:
    now = hub_clock.now()
    good = tokens.issue_access(KEY, Claims(uuid4(), uuid4(), "admin"), now)
    said = jwt.decode(good, options={"verify_signature": False})
    with pytest.raises(NotSignedIn):
        tokens.read_access(b"x" * 32, good, now)

    for forged in (jwt.encode(said, "", "none"), jwt.encode(said, KEY * 2, "HS512")):
        with pytest.raises(NotSignedIn):
            tokens.read_access(KEY, forged, now)


def test_roles_reach_as_far_as_they_should(house: House) -> None:
    assert {role: house.colleague(role).get("/bookings").status_code for role in ROLES} == {
        "guest": 403,
        "staff": 200,
        "manager": 200,
        "admin": 200,
        "super_admin": 200,
    }
    assert {role: house.colleague(role).get("/audit").status_code for role in ROLES} == {
        "guest": 403,
        "staff": 403,
        "manager": 200,
        "admin": 200,
        "super_admin": 200,
    }
    said = check_problem(house.colleague("staff").get("/audit"), 403, "role")
    assert said["detail"] == "this needs the role manager; yours is staff"


def _change(house: House, **fields: object) -> None:
    def work(session: Session) -> None:
        member = session.get(Member, (house.organization_id, house.member_id))
        for name, value in fields.items():
            setattr(member, name, value)

    house.work(work)


def test_a_member_who_was_dismissed_gets_in_for_a_minute_at_most(house: House, clock: FrozenClock) -> None:
    colleague = house.colleague("staff")
    assert colleague.get("/bookings").status_code == 200

    _change(colleague, deactivated_at=clock.instant)
    clock.advance(timedelta(minutes=1))

    check_problem(colleague.get("/bookings"), 401, "not_a_member")


def test_a_member_whose_role_was_lowered_loses_it_within_a_minute(house: House, clock: FrozenClock) -> None:
    colleague = house.colleague("manager")
    assert colleague.get("/audit").status_code == 200

    _change(colleague, role="staff")
    clock.advance(timedelta(minutes=1))

    check_problem(colleague.get("/audit"), 403, "role")
    assert colleague.get("/bookings").status_code == 200


def test_the_member_is_read_once_a_minute_only(house: House, clock: FrozenClock) -> None:
    colleague = house.colleague("staff")
    assert colleague.get("/bookings").status_code == 200
    _change(colleague, deactivated_at=clock.instant)

    clock.advance(timedelta(seconds=59))

    assert colleague.get("/bookings").status_code == 200


def test_a_token_for_a_member_of_nowhere_is_refused(house: House) -> None:
    assert house.get("/bookings").status_code == 200
    claims = Claims(uuid4(), house.member_id, "admin")
    token = tokens.issue_access(house.runtime.database.vault.token_key, claims, hub_clock.now())

    check_problem(_ask(house.client, f"Bearer {token}"), 401, "not_a_member")

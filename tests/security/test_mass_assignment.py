"""Whoever sends more than a request asks for is refused, and nothing of it is written anywhere."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import make_url, select

from hub.models import Base
from hub.models.organizations import ROLES, Member
from tests.api.described import OPERATIONS
from tests.api.houses import V1, House, check_problem
from tests.security.test_tenant_walk import two_sides
from tests.security.walking import Path, Sides, bodies, body_schema, described_at, furnish
from tests.servers import Database as Address

MARK = "5a1e5a1e-0000-7000-8000-"
"""Begins ids that are nowhere else, so that a row that took one is found"""
INSTANT = "1999-09-09T09:09:09+00:00"
WORD = "smuggled-in"
PRICE = 987_654_321

EXTRA: dict[str, Any] = {
    **{
        name: f"{MARK}{number:012}"
        for number, name in enumerate(
            ("id", "organization_id", "member_id", "account_id", "created_by", "invited_by", "guest_id")
        )
    },
    **dict.fromkeys(("created_at", "deactivated_at", "accepted_at", "expires_on", "used_at"), INSTANT),
    **dict.fromkeys(("organization", "sealed", "password_hash", "token_hash", "key_hash", "uid"), WORD),
    **dict.fromkeys(("price", "version", "total", "number"), PRICE),
    "role": "super_admin",
    "status": "completed",
    "state": "active",
    "source": WORD,
    "is_admin": True,
    "__proto__": {"role": "super_admin"},
    "constructor": {"role": "super_admin"},
}

WRITES = {
    title: operation
    for title, operation in OPERATIONS.items()
    if not title.startswith("GET ") and bodies(operation)
}


@pytest.fixture(scope="module")
def sides(client: Any, runtime: Any) -> Sides:
    return two_sides(client, runtime)


def levels(value: Any, at: Path = ()) -> Iterator[Path]:
    """Every object within an example, itself first."""
    if isinstance(value, dict):
        yield at
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield from levels(inner, (*at, key))


@pytest.mark.parametrize("title", WRITES)
def test_what_was_not_asked_for_is_refused(sides: Sides, database: Address, title: str) -> None:
    before = roles(sides.house)
    schema = body_schema(WRITES[title])
    assert schema is not None
    for example in bodies(WRITES[title]):
        for at in levels(example):
            described = described_at(schema, at)
            added = EXTRA.keys() - (described or set())
            answer = sent(sides, title, stuffed(sides, example, at, added))

            assert answer.status_code == 422, (title, at, answer.text)
            if described is not None:
                errors = answer.json()["errors"]
                named = {one["field"] for one in errors if one["code"] == "extra_forbidden"}
                assert {field.rpartition(".")[2] for field in named} == added, (title, at)
    assert written(database) == []
    assert roles(sides.house) == before


def stuffed(sides: Sides, example: Any, at: Path, added: Iterable[str]) -> Any:
    """The example with ids of ours, and with all of this at one of its levels."""
    body = copy.deepcopy(example)
    furnish(body, sides.ours)
    level = body
    for part in at:
        level = level[part]
    level.update({name: EXTRA[name] for name in added})
    return body


def sent(sides: Sides, title: str, body: Any) -> Any:
    """To things of ours, by somebody who may do everything."""
    method, _, path = title.partition(" ")
    ids = {part[1:-1]: sides.ours.of(part[1:-1]) for part in path.split("/") if part.startswith("{")}
    return sides.house.ask(method, path.removeprefix(V1).format(**ids), json=body)


def written(database: Address) -> list[str]:
    """Tables in which something of EXTRA is found, whoever's row it is."""
    url = make_url(database.superuser_url).set(drivername="postgresql")
    found = []
    with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
        for table in Base.metadata.tables:
            rows = connection.execute(f"SELECT t::text FROM {table} t".encode()).fetchall()
            marks = (MARK, WORD, str(PRICE), INSTANT[:10])
            found += [table for (row,) in rows if any(mark in row for mark in marks)]
    return sorted(set(found))


def roles(house: House) -> list[str]:
    return house.work(lambda session: sorted(session.scalars(select(Member.role))))


def test_what_is_written_would_be_found(house: House, database: Address) -> None:
    """Else nothing found would mean nothing."""
    blackout = {
        "unit_id": house.rooms[0],
        "kind": "closed",
        "arrival": "2031-01-01",
        "departure": "2031-01-02",
    }
    assert house.post("/blackouts", blackout).status_code == 201
    made = house.post("/units", {"unit_type_id": house.unit_type_id, "name": WORD}).json()
    assert written(database) == ["changes", "units"]

    url = make_url(database.superuser_url).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
        connection.execute("SET session_replication_role = replica")  # the log is only ever added to
        connection.execute("DELETE FROM changes WHERE entity_id = %s", (UUID(made["id"]),))
        connection.execute("DELETE FROM units WHERE id = %s", (UUID(made["id"]),))


@pytest.mark.parametrize("role", ROLES)
def test_nobody_makes_anybody_more_than_an_admin(sides: Sides, role: str) -> None:
    asking = replace(sides, house=sides.house if role == "admin" else sides.house.colleague(role))
    giving = [
        title for title in WRITES if "role" in (described_at(body_schema(WRITES[title]) or {}, ()) or ())
    ]
    before = roles(sides.house)
    assert giving
    for title in giving:
        for example in bodies(WRITES[title]):
            answer = sent(asking, title, stuffed(sides, example, (), ["role"]))
            assert answer.status_code in (403, 422), (title, answer.text)
    assert roles(sides.house) == before


def test_an_organization_in_a_header_changes_nothing_and_in_the_query_is_refused(sides: Sides) -> None:
    """The caller's organization comes from the token alone."""
    theirs = next(mark for mark in sorted(sides.theirs.marks))
    for name in ("organization_id", "organization", "org", "tenant"):
        plain = sides.house.get("/properties").text
        asked = sides.house.ask("GET", "/properties", headers={f"X-{name.replace('_', '-')}": theirs})
        assert asked.text == plain
        check_problem(sides.house.get("/properties", **{name: theirs}), 422, "extra_forbidden", name)

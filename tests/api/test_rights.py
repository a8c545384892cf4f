"""The table of rights: complete, written down, and what really decides."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api import matrix
from api.app import create
from api.dependencies import Anyone, Signed
from api.rights import ANYONE, RIGHTS, SCOPES, Right
from hub.ids import new_id
from hub.models.organizations import ROLES
from sync.runtime import Runtime
from tests.api.described import OPERATIONS, SCHEMA
from tests.api.houses import House, check_problem
from tests.api.machines import a_key

everything = pytest.mark.parametrize("operation", sorted(RIGHTS))


def test_every_operation_has_a_row_and_every_row_an_operation() -> None:
    assert set(RIGHTS) == set(OPERATIONS)


def test_the_table_is_written_down_as_it_is() -> None:
    written = Path(__file__).parents[2] / "docs" / "rights.md"
    assert written.read_text(encoding="utf-8") == matrix.text(), "python -m api.matrix > docs/rights.md"


def test_rows_name_roles_and_scopes_that_there_are() -> None:
    for operation, right in RIGHTS.items():
        assert right.role in (ANYONE, *ROLES), operation
        assert set(right.scopes) <= SCOPES.keys(), operation
        assert right.public or "security" in OPERATIONS[operation], operation


def test_a_read_asks_for_no_more_than_its_write() -> None:
    """Of a key: what lets it write lets it see what it wrote."""
    for operation, right in RIGHTS.items():
        method, _, path = operation.partition(" ")
        seen = RIGHTS.get(f"GET {path}")
        if method != "GET" and seen is not None and right.scope is not None:
            assert seen.allows_scopes(frozenset(right.scopes)), operation
            assert seen.allows_role(right.role), operation


@pytest.fixture(scope="module")
def ways_in(client: TestClient, runtime: Runtime) -> dict[str, str | None]:
    """A token of each role, a key of each scope, and nothing."""
    house = House.build(client, runtime)
    tokens: dict[str, str | None] = {role: house.colleague(role).token for role in ROLES}
    keys = {f"key:{scope}": a_key(house, scope).secret for scope in SCOPES}
    return {**tokens, **keys, "nobody": None}


def asked(client: TestClient, operation: str, token: str | None) -> Any:
    """The operation with its own example and ids of nothing."""
    method, _, path = operation.partition(" ")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    description = OPERATIONS[operation]
    ids = {one["name"]: str(new_id()) for one in description.get("parameters", ()) if one["in"] == "path"}
    content = description.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = content.get("schema", {})
    named = schema.get("$ref", "").rpartition("/")[2]
    examples = SCHEMA["components"]["schemas"].get(named, schema).get("examples") or [None]
    body = copy.deepcopy(examples[0])
    if isinstance(body, dict) and "email" in body:
        body["email"] = f"{new_id().hex}@example.com"
    return client.request(method, path.format(**ids), headers=headers, json=body, follow_redirects=False)


def may(right: Right, way: str) -> bool:
    if right.public:
        return True
    if way == "nobody":
        return False
    if way.startswith("key:"):
        return right.allows_scopes(frozenset({way.removeprefix("key:")}))
    return right.allows_role(way)


@everything
def test_the_door_does_as_the_table_says(
    client: TestClient, ways_in: dict[str, str | None], operation: str
) -> None:
    right = RIGHTS[operation]
    for way, token in ways_in.items():
        answer = asked(client, operation, token)
        if may(right, way):
            refused = (403,) if right.public else (401, 403)
            assert answer.status_code not in refused, (way, answer.text)
            assert answer.status_code < 500, (way, answer.text)
        else:
            assert answer.status_code == (401 if way == "nobody" else 403), (way, answer.text)


def test_a_route_without_a_row_lets_nobody_in(runtime: Runtime) -> None:
    door = create(runtime=runtime)

    @door.http.get("/forgotten")
    def forgotten(caller: Signed) -> None:
        raise AssertionError(caller)

    @door.http.get("/open")
    def opened(runtime: Anyone) -> None:
        raise AssertionError(runtime)

    with TestClient(door) as client:
        admin = House.build(client, runtime)
        headers = {"Authorization": f"Bearer {admin.token}"}
        for path in ("/forgotten", "/open"):
            check_problem(client.get(path, headers=headers), 403, "no_right")

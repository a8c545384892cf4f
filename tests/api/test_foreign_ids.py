"""Ids of another organization are unknown ids: on every operation of the API, wherever an id may stand."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from hub.database import Database
from hub.ids import new_id
from hub.models import Base
from sync.runtime import Runtime
from tests.api.described import OPERATIONS, SCHEMA
from tests.api.houses import House, day
from tests.filled import a_full_organization

TABLES = {"event_id": "external_events", "run_id": "sync_runs", "item_id": "booking_items", "parts": "units"}
"""Where the name of a field does not say the name of its table"""
OTHER_NAMES = {"swap_with": "bookings", "entity_id": "units"}

DATES = {"from": day(10), "to": day(12), "arrival": day(10), "departure": day(12)}
"""For what is asked of a property and a time"""

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Case:
    """One place for an id in one operation: in the address, in the query, or somewhere in the body."""

    method: str
    path: str
    place: str
    name: str
    others: tuple[str, ...] = ()
    """Further ids in the address"""
    body: Any = None
    at: Path = ()
    required: dict[str, Any] = field(default_factory=dict)
    """Of the query; None stands for an id of ours"""

    @property
    def title(self) -> str:
        return f"{self.method} {self.path.removeprefix('/api/v1')} {self.place} {self.name}"


def table_of(name: str) -> str | None:
    """The table of whose rows a field of this name holds an id."""
    if name in TABLES or name in OTHER_NAMES:
        return TABLES.get(name) or OTHER_NAMES[name]
    if not name.endswith("_id"):
        return None
    one = name.removesuffix("_id")
    plural = f"{one[:-1]}ies" if one.endswith("y") else f"{one}s"
    return plural if plural in Base.metadata.tables else None


def cases() -> Iterator[Case]:
    for title, operation in OPERATIONS.items():
        method, path = title.split(" ", 1)
        in_path = re.findall(r"{(\w+)}", path)
        parameters = operation.get("parameters", [])
        required = {
            one["name"]: DATES[one["name"]]
            for one in parameters
            if one["in"] == "query" and one["name"] in DATES and "'date'" in str(one["schema"])
        }
        required |= {
            one["name"]: None
            for one in parameters
            if one["in"] == "query" and one["required"] and table_of(one["name"])
        }
        examples = bodies(operation)
        for body in examples or [None]:
            for name in in_path:
                rest = tuple(other for other in in_path if other != name)
                yield Case(method, path, "path", name, rest, body, required=required)
            for at in ids_in(body):
                name = str(next(part for part in reversed(at) if isinstance(part, str)))
                yield Case(method, path, "body", name, tuple(in_path), body, at, required)
        for one in parameters:
            if one["in"] == "query" and table_of(one["name"]):
                yield Case(method, path, "query", one["name"], tuple(in_path), required=required)


def bodies(operation: dict[str, Any]) -> list[Any]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return []
    schema = content["schema"]
    (schema,) = [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]
    if "$ref" in schema:
        schema = SCHEMA["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    assert schema.get("examples"), f"{schema.get('title')} shows no example of what to send"
    examples: list[Any] = schema["examples"]
    return examples


def ids_in(value: Any, at: Path = ()) -> Iterator[Path]:
    """Where the ids are in an example."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        name = str(next((part for part in reversed((*at, key)) if isinstance(part, str)), ""))
        if isinstance(inner, str) and table_of(name):
            yield (*at, key)
        else:
            yield from ids_in(inner, (*at, key))


CASES = sorted(cases(), key=lambda case: (case.title, str(case.body)))


class Known:
    """The first id that an organization has in each table."""

    def __init__(self, database: Database, organization_id: UUID) -> None:
        self.ids: dict[str, str] = {}
        with database.unit_of_work(organization_id) as session:
            for table in (one for one in Base.metadata.sorted_tables if "organization_id" in one.c):
                found = session.scalars(select(table.c.id).order_by(table.c.id)).first()
                assert found is not None, f"{table.name} has no row of this organization"
                self.ids[table.name] = str(found)

    def of(self, name: str) -> str:
        table = table_of(name)
        assert table is not None, f"say in TABLES of which table {name} holds an id"
        return self.ids[table]


@dataclass(frozen=True)
class Sides:
    """Who asks, and what each side has."""

    house: House
    ours: Known
    theirs: Known


@pytest.fixture(scope="module")
def sides(client: TestClient, runtime: Runtime) -> Sides:
    admin, stranger = a_full_organization(runtime.database), a_full_organization(runtime.database)
    ours, theirs = (Known(runtime.database, one.organization_id) for one in (admin, stranger))
    house = House(
        client, runtime, admin.organization_id, admin.id, "admin", ours.ids["properties"], "", (), "", ()
    )
    return Sides(house, ours, theirs)


def ask(sides: Sides, case: Case, wanted: str) -> Any:
    """The case's request with this id in the case's place, and ours in all others."""
    ids = {name: sides.ours.of(name) for name in case.others}
    query = {name: value or sides.ours.of(name) for name, value in case.required.items()}
    body = copy.deepcopy(case.body)
    for at in ids_in(body):
        put(body, at, sides.ours.of(str(next(part for part in reversed(at) if isinstance(part, str)))))
    if case.place == "path":
        ids[case.name] = wanted
    elif case.place == "query":
        query[case.name] = wanted
    else:
        put(body, case.at, wanted)
    path = case.path.format(**ids).removeprefix("/api/v1")
    return sides.house.ask(case.method, path, json=body, params=query, headers={"X-Request-ID": "the-same"})


def put(body: Any, at: Path, value: str) -> None:
    for part in at[:-1]:
        body = body[part]
    body[at[-1]] = value


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_a_foreign_id_is_answered_byte_for_byte_as_an_unknown_one(sides: Sides, case: Case) -> None:
    foreign_id, unknown_id = sides.theirs.of(case.name), str(new_id())
    foreign, unknown = ask(sides, case, foreign_id), ask(sides, case, unknown_id)

    if case.place == "path":
        assert unknown.status_code == 404, unknown.text
    elif case.place == "query":
        assert unknown.status_code in (200, 404), unknown.text
    else:
        assert unknown.status_code in (404, 422), unknown.text
    assert foreign.status_code == unknown.status_code, (foreign.text, unknown.text)
    assert foreign.text.replace(foreign_id, "ID") == unknown.text.replace(unknown_id, "ID")
    assert answered(foreign) == answered(unknown)


def answered(response: Any) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name != "date"}


def test_the_cases_cover_every_operation_that_takes_an_id() -> None:
    in_path = {title for title in OPERATIONS if "{" in title}
    assert in_path == {f"{case.method} {case.path}" for case in CASES if case.place == "path"}
    assert {"path", "query", "body"} == {case.place for case in CASES}


def test_our_own_ids_are_answered_otherwise(sides: Sides) -> None:
    """Else equal refusals of everything would pass for a wall."""
    for case in CASES:
        if case.place == "path" and case.method == "GET":
            answer = ask(sides, case, sides.ours.of(case.name))
            assert answer.status_code == 200, f"{case.title}: {answer.text}"

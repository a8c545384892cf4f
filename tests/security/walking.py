"""Every place for an id in every operation of the API, and how to ask there with an id of one's choice."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select

from hub.database import Database
from hub.models import Base
from tests.api.described import OPERATIONS, SCHEMA
from tests.api.houses import V1, House, day

TABLES = {
    "event_id": "external_events",
    "run_id": "sync_runs",
    "item_id": "booking_items",
    "parts": "units",
    "swap_with": "bookings",
    "entity_id": "units",
    "key_id": "api_keys",
    "only": "changes",
    "actor": "members",
    "for": "guests",
}
"""Where the name of a field does not say the name of its table"""

WORDS = {"slug": "google_calendar"}
"""Parts of addresses that are no ids"""

DATES = {"from": day(10), "to": day(12), "arrival": day(10), "departure": day(12)}
"""For what is asked of a property and a time"""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_PASSING = ("date", "ratelimit", "retry-after", "server-timing", "traceparent")
"""Beginnings of headers that differ from answer to answer"""

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
        where = re.sub(r"\W+", ".", f"{self.at}").strip(".")
        return f"{self.method} {self.path.removeprefix(V1)} {self.place} {where or self.name}"


def table_of(name: str) -> str | None:
    """The table of whose rows a field of this name holds an id."""
    if name in TABLES:
        return TABLES[name]
    one = next((name.removesuffix(end) for end in ("_ids", "_id") if name.endswith(end)), "")
    plural = f"{one[:-1]}ies" if one.endswith("y") else f"{one}s"
    return plural if plural in Base.metadata.tables else None


def cases() -> Iterator[Case]:
    for title, operation in OPERATIONS.items():
        method, path = title.split(" ", 1)
        in_path = tuple(name for name in re.findall(r"{(\w+)}", path) if name not in WORDS)
        required = _required(operation)
        examples = bodies(operation)
        for body in examples or [None]:
            for name in in_path:
                rest = tuple(other for other in in_path if other != name)
                yield Case(method, path, "path", name, rest, body, required=required)
            for at in ids_in(body):
                yield Case(method, path, "body", _named(at), in_path, body, at, required)
        for one in operation.get("parameters", []):
            if one["in"] == "query" and table_of(one["name"]):
                yield Case(method, path, "query", one["name"], in_path, required=required)


def _required(operation: dict[str, Any]) -> dict[str, Any]:
    queried = [one for one in operation.get("parameters", []) if one["in"] == "query"]
    dates = {
        one["name"]: DATES[one["name"]]
        for one in queried
        if one["name"] in DATES and "'date'" in str(one["schema"])
    }
    return dates | {one["name"]: None for one in queried if one["required"] and table_of(one["name"])}


def body_schema(operation: dict[str, Any]) -> dict[str, Any] | None:
    """Of the JSON that an operation reads."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    return None if content is None else _resolved(content["schema"])


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """Without null beside it, and without going by a name."""
    some = [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]
    schema = some[0]
    if "$ref" in schema:
        return _resolved(SCHEMA["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
    return schema


def bodies(operation: dict[str, Any]) -> list[Any]:
    schema = body_schema(operation)
    if schema is None:
        return []
    assert schema.get("examples"), f"{schema.get('title')} shows no example of what to send"
    examples: list[Any] = schema["examples"]
    return examples


def described_at(schema: dict[str, Any], at: Path) -> set[str] | None:
    """The fields that are described at this place of a body; None where any may stand."""
    for part in at:
        schema = schema["items"] if isinstance(part, int) else schema.get("properties", {}).get(part, {})
        schema = _resolved(schema)
    return set(schema["properties"]) if "properties" in schema else None


def ids_in(value: Any, at: Path = ()) -> Iterator[Path]:
    """Where the ids are in an example: what looks like one must be known as one."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        if isinstance(inner, str) and (table_of(_named((*at, key))) or _UUID.fullmatch(inner)):
            yield (*at, key)
        else:
            yield from ids_in(inner, (*at, key))


def _named(at: Path) -> str:
    return str(next((part for part in reversed(at) if isinstance(part, str)), ""))


CASES = sorted(cases(), key=lambda case: (case.title, str(case.body)))


class Known:
    """The first id that an organization has in each table, and everything by which its rows are known."""

    def __init__(self, database: Database, organization_id: UUID) -> None:
        self.ids: dict[str, str] = {"organizations": str(organization_id)}
        self.marks: set[str] = {str(organization_id)}
        with database.unit_of_work(organization_id) as session:
            for table in Base.metadata.sorted_tables:
                if "organization_id" not in table.c or "id" not in table.c:
                    continue
                found = [str(one) for one in session.scalars(select(table.c.id).order_by(table.c.id))]
                if found:
                    self.ids[table.name] = found[0]
                    self.marks.update(found)
            members = Base.metadata.tables["members"]
            self.ids["accounts"] = str(session.scalars(select(members.c.account_id)).first())
            self.marks.add(self.ids["accounts"])

    def of(self, name: str) -> str:
        table = table_of(name)
        assert table is not None, f"say in TABLES of which table {name} holds an id"
        assert table in self.ids, f"{table} has no row of this organization"
        return self.ids[table]

    def seen_in(self, words: str, but: str) -> set[str]:
        """Which of these ids an answer tells, beside the one that was asked for."""
        return {found for found in _UUID.findall(words) if found in self.marks and found != but}


@dataclass(frozen=True)
class Sides:
    """Who asks, and what each side has."""

    house: House
    ours: Known
    theirs: Known
    headers: dict[str, str] = field(default_factory=dict)
    """Of who asks with something else than a member's token"""


def ask(sides: Sides, case: Case, wanted: str) -> Any:
    """The case's request with this id in the case's place, and ours in all others."""
    ids = {name: sides.ours.of(name) for name in case.others}
    query = {name: value or sides.ours.of(name) for name, value in case.required.items()}
    body = copy.deepcopy(case.body)
    furnish(body, sides.ours)
    if case.place == "path":
        ids[case.name] = wanted
    elif case.place == "query":
        query[case.name] = wanted
    else:
        put(body, case.at, wanted)
    path = case.path.format(**WORDS, **ids).removeprefix(V1)
    named = {"X-Request-ID": "the-same"} | sides.headers
    return sides.house.ask(case.method, path, json=body, params=query, headers=named)


def furnish(body: Any, ours: Known) -> None:
    """Replace every id in an example by one of ours."""
    for at in ids_in(body):
        put(body, at, ours.of(_named(at)))


def put(body: Any, at: Path, value: Any) -> None:
    for part in at[:-1]:
        body = body[part]
    body[at[-1]] = value


def answered(response: Any) -> dict[str, str]:
    """The headers, but for those of the moment."""
    return {name: value for name, value in response.headers.items() if not name.startswith(_PASSING)}

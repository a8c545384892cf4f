"""Requests held against the discovery document of Google's own client: routes, parameters, bodies."""

from __future__ import annotations

import importlib.resources
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any
from urllib.parse import unquote

from tests.fakes.google_calendar import times
from tests.fakes.google_calendar.world import Resource

CALENDAR_PATH = "/calendar/v3/"
_INTEGERS = {"int32": 31, "uint32": 32, "int64": 63, "uint64": 64}


@dataclass(frozen=True, slots=True)
class Route:
    """One method of the API."""

    id: str
    method: str
    path: re.Pattern[str]
    parameters: Mapping[str, Mapping[str, Any]]
    request: str | None
    """The schema of the body; None: there is none"""
    scopes: frozenset[str]


@cache
def document() -> dict[str, Any]:
    found = importlib.resources.files("googleapiclient") / "discovery_cache/documents/calendar.v3.json"
    read: dict[str, Any] = json.loads(found.read_text(encoding="utf-8"))
    return read


@cache
def routes() -> tuple[Route, ...]:
    made = []
    for resource in document()["resources"].values():
        for method in resource["methods"].values():
            pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(CALENDAR_PATH + method["path"]))
            made.append(
                Route(
                    id=method["id"].removeprefix("calendar."),
                    method=method["httpMethod"],
                    path=re.compile(pattern),
                    parameters=method.get("parameters", {}),
                    request=method.get("request", {}).get("$ref"),
                    scopes=frozenset(method.get("scopes", ())),
                )
            )
    return tuple(made)


@lru_cache(1024)
def known(method: str, path: str) -> tuple[Route, Mapping[str, str]] | None:
    """The method that is meant, and what its path names; `path` is still percent-encoded."""
    for route in routes():
        if route.method == method and (read := route.path.fullmatch(path)):
            return route, {name: unquote(value) for name, value in read.groupdict().items()}
    return None


def of_query(route: Route, query: Mapping[str, Sequence[str]]) -> list[str]:
    """What is wrong with the parameters behind the question mark, in words."""
    wrong = []
    for name, values in query.items():
        told = route.parameters.get(name)
        told = document()["parameters"].get(name) if told is None else told
        if told is None or told.get("location") != "query":
            wrong.append(f"{route.id} knows no parameter {name}")
            continue
        if len(values) > 1 and not told.get("repeated"):
            wrong.append(f"{name} is given {len(values)} times")
        wrong += [f"{name}: {problem}" for value in values if (problem := _parameter(value, told))]
    for name, told in route.parameters.items():
        if told["location"] == "query" and told.get("required") and name not in query:
            wrong.append(f"{route.id} requires {name}")
    return wrong


def of_body(route: Route, body: Any) -> list[str]:
    """What is wrong with the body; None is no body."""
    if route.request is None:
        return [] if body is None else [f"{route.id} takes no body"]
    if body is None:
        return [f"{route.id} requires a body"]
    return list(of_schema(body, {"$ref": route.request}, route.request))


def of_schema(value: Any, told: Mapping[str, Any], at: str) -> list[str]:
    """What of a value is not as the document tells; null stands for a field that is not there."""
    if "$ref" in told:
        told = document()["schemas"][told["$ref"]]
    if value is None:
        return []
    kind = told.get("type", "any")
    if kind == "object":
        return _object(value, told, at)
    if kind == "array":
        if not isinstance(value, list):
            return [f"{at} is no list"]
        return [
            wrong
            for number, each in enumerate(value)
            for wrong in of_schema(each, told["items"], f"{at}[{number}]")
        ]
    problem = _scalar(value, kind, told.get("format", ""))
    return [f"{at} {problem}"] if problem else []


def _object(value: Any, told: Mapping[str, Any], at: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{at} is no object"]
    properties, others = told.get("properties", {}), told.get("additionalProperties")
    wrong: list[str] = []
    for name, each in value.items():
        if (field := properties.get(name, others)) is None:
            wrong.append(f"{at} has no field {name}")
        else:
            wrong += of_schema(each, field, f"{at}.{name}")
    return wrong


def _scalar(value: Any, kind: str, form: str) -> str:
    if kind == "boolean":
        return "" if isinstance(value, bool) else "is no boolean"
    if kind == "integer":
        return "" if isinstance(value, int) and not isinstance(value, bool) else "is no integer"
    if kind == "number":
        return "" if isinstance(value, int | float) and not isinstance(value, bool) else "is no number"
    if kind != "string":
        return ""
    if form in _INTEGERS and isinstance(value, int | str) and re.fullmatch(r"-?\d+", str(value)):
        return ""
    if not isinstance(value, str):
        return "is no text"
    if form in _INTEGERS:
        return "is no integer"
    return ""  # dates and times have their own refusals, in the words of the calendar


def _parameter(value: str, told: Mapping[str, Any]) -> str:
    if told["type"] == "boolean" and value not in ("true", "false"):
        return f"{value} is neither true nor false"
    if told["type"] == "integer":
        if not re.fullmatch(r"-?\d+", value):
            return f"{value} is no integer"
        if int(value) < int(told.get("minimum", value)) or int(value) > int(told.get("maximum", value)):
            return f"{value} is out of range"
    if "enum" in told and value not in told["enum"]:
        return f"{value} is none of {', '.join(told['enum'])}"
    if told.get("format") == "date-time":
        try:
            if times.moment(value).tzinfo is None:
                return f"{value} has no offset"
        except ValueError:
            return f"{value} is no date-time"
    return ""


def conforms(answer: Resource, schema: str) -> list[str]:
    """What of an answer of ours Google could not have said."""
    return of_schema(answer, {"$ref": schema}, schema)

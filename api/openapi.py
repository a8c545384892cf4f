"""The description of the HTTP door: examples, and the problems that each operation may answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.parameters import CHOSEN_BY_OTHERS, unknown
from api.problems import MEDIA_TYPE, TITLES, body
from hub.errors import Reason

JSON = "application/json"

Responses = dict[int | str, dict[str, Any]]

PROBLEM = {
    "title": "Problem",
    "type": "object",
    "description": "RFC 9457 problem details; `errors` lists every reason, each with the field at fault.",
    "required": ["type", "title", "status", "detail", "errors", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "Stable: switch on it"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "The first reason's message"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "message", "field"],
                "properties": {
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                    "field": {"type": ["string", "null"], "examples": ["items[0].departure"]},
                },
                "additionalProperties": True,
            },
        },
        "request_id": {"type": ["string", "null"]},
    },
}

EXAMPLES: dict[int, Reason] = {
    400: Reason("malformed_json", "the body is no JSON: Expecting value at character 12"),
    401: Reason("token_expired", "the access token has expired; refresh it or sign in"),
    403: Reason("role", "this needs the role manager; yours is staff"),
    404: Reason("not_found", "there is no such booking"),
    409: Reason("sold_out", "sold out on 2027-07-01", "items[0]", {"night": "2027-07-01"}),
    412: Reason("changed", "somebody has changed it since you looked; look again", "If-Match"),
    413: Reason("too_large", "a request may have 1048576 bytes"),
    415: Reason("not_json", "send JSON, and say Content-Type: application/json"),
    422: Reason(
        "no_nights",
        "departure 2027-07-01 must be after arrival 2027-07-01: a stay has at least one night",
        "items[0].departure",
    ),
    429: Reason(
        "too_many_wait",
        "3 requests of your organization wait for channels already; ask again when one has its answer",
    ),
    500: Reason("internal", "something went wrong on our side; the log has it under this request's id"),
    502: Reason("unavailable", "calendar.example.com did not answer within 20 s"),
    503: Reason("unavailable", "the database cannot answer now; try again"),
    504: Reason("too_slow", "it was not done within 60 s; it may still be: look before you ask again"),
}

CONFLICTS: dict[str, Reason] = {
    "POST /api/v1/conflicts/{conflict_id}/resolve": Reason(
        "taken", "Room 4 was taken meanwhile by booking 7KQ2M9XA, 2027-07-01 to 2027-07-04"
    ),
    "POST /api/v1/links/{link_id}/sync": Reason(
        "not_active", "this link is paused; resume it first", facts={"state": "paused"}
    ),
    "POST /api/v1/links/{link_id}/accept-guard": Reason(
        "nothing_waits", "nothing on this link waits to be freed"
    ),
    "POST /api/v1/links/{link_id}/events/{event_id}/ignore": Reason(
        "waits", "the channel does not tell this event any more: release it instead"
    ),
    "POST /api/v1/sync-runs/{run_id}/cancel": Reason(
        "over", "this run is over: there is nothing left to cancel"
    ),
    "POST /api/v1/sync-runs/{run_id}/resume": Reason(
        "over", "this run is over: nothing of it was cancelled; ask for another"
    ),
    "POST /api/v1/sync-runs/{run_id}/retry": Reason("nothing_failed", "nothing of this run failed"),
    "POST /api/v1/sync-runs/{run_id}/undo": Reason(
        "of_many", "this is a run of many links: undo its syncs one by one"
    ),
}
"""What is in the way where no night is sold"""

EVERYWHERE = (500, 503, 504)
WITH_A_CALLER = (401, 403)
WITH_A_BODY = (400, 413, 415, 422)


def example(status: int, content: Any, description: str | None = None) -> Responses:
    """An operation's success, shown; for `responses=` of a route."""
    # As text until the end, because FastAPI drops every null of a description on its way.
    shown: dict[str, Any] = {"content": {JSON: {"example": json.dumps(content)}}}
    return {status: {**shown, "description": description or "Done"}}


def documented(*statuses: int) -> Responses:
    """The problems that an operation may answer beside those that all may; for `responses=` of a route."""
    return {status: _problem(status) for status in statuses}


def install(app: FastAPI) -> None:
    """Describe the application when first asked, with the problems that every operation shares."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _complete(
                get_openapi(
                    title=app.title, version=app.version, description=app.description, routes=app.routes
                )
            )
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """("POST /api/v1/bookings", its description) for every operation."""
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def _complete(schema: dict[str, Any]) -> dict[str, Any]:
    components = schema.setdefault("components", {}).setdefault("schemas", {})
    for replaced in ("HTTPValidationError", "ValidationError"):
        components.pop(replaced, None)
    components["Problem"] = PROBLEM
    for name, operation in operations(schema):
        answers = operation["responses"]
        for answer in answers.values():
            content = answer.get("content", {}).get(JSON, {})
            if isinstance(content.get("example"), str):
                content["example"] = json.loads(content["example"])
        refusals = {int(status) for status in answers if status >= "400"} | _shared(name, operation)
        answers.update((str(status), _problem(status, _own(name, status, operation))) for status in refusals)
        operation["responses"] = dict(sorted(answers.items()))
    return schema


def _shared(name: str, operation: dict[str, Any]) -> set[int]:
    """The problems that follow from what kind of an operation it is; whoever writes may lose a race."""
    parameters = operation.get("parameters", ())
    shared = {*EVERYWHERE}
    shared |= {*WITH_A_CALLER} if "security" in operation else set()
    shared |= {409} if "security" in operation and not name.startswith("GET ") else set()
    shared |= {422, 429} if name.split()[1].startswith("/api/") else set()
    shared |= {*WITH_A_BODY} if "requestBody" in operation else set()
    shared |= {404} if any(parameter["in"] == "path" for parameter in parameters) else set()
    return shared


def _own(name: str, status: int, operation: dict[str, Any]) -> Reason | None:
    """What this operation would say, where that is known."""
    if status == 422 and "requestBody" not in operation and name not in CHOSEN_BY_OTHERS:
        asked = (one["name"] for one in operation.get("parameters", ()) if one["in"] == "query")
        return unknown("colour", sorted(asked))
    if status == 404 and (named := _NAMED.findall(name)):
        return Reason("not_found", f"there is no such {named[-1].replace('_', ' ')}")
    return CONFLICTS.get(name) if status == 409 else None


_NAMED = re.compile(r"\{(\w+)_id\}")


def _problem(status: int, own: Reason | None = None) -> dict[str, Any]:
    shown = body(status, [own or EXAMPLES[status]], "0198c2f0-7a3b-7c55-8d21-5a0f6c1e9b42")
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": shown}
    return {"description": TITLES[status], "content": {MEDIA_TYPE: content}}

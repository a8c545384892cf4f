"""
What a refusal looks like over HTTP: RFC 9457 problem details, from one table of statuses.

`type` is stable and made of the first reason's code; `errors` lists every reason with the field at fault.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.etags import PreconditionFailed
from api.limits import TooOften
from api.waiting import AllWait, TooManyWait
from connectors.errors import ConnectorError
from hub.database import constraint, sqlstate
from hub.errors import Conflict, HubError, NotAllowed, NotFound, NotSignedIn, Reason, Refused, TooManyTries

log = logging.getLogger(__name__)

URN = "urn:channel-hub:problem:"
MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 2

STATUSES: Mapping[type[HubError], int] = {
    NotFound: 404,
    Refused: 422,
    Conflict: 409,
    NotAllowed: 403,
    NotSignedIn: 401,
    PreconditionFailed: 412,
    TooManyWait: 429,
    TooOften: 429,
    TooManyTries: 429,
    AllWait: 503,
}

TITLES: Mapping[int, str] = {
    400: "The request cannot be read",
    401: "Sign in first",
    403: "Your role does not cover this",
    404: "There is no such thing",
    405: "Not a method of this address",
    409: "The inventory or its state forbids it",
    412: "It was changed meanwhile",
    413: "The request is too large",
    415: "The request is no JSON",
    422: "The request cannot be met",
    429: "Too many of your requests",
    500: "The hub made a mistake",
    502: "The channel did not answer as it should",
    503: "The hub is too busy, or not ready",
    504: "It takes too long",
}

HEADERS: Mapping[int, Mapping[str, str]] = {
    401: {"WWW-Authenticate": 'Bearer realm="channel-hub"'},
    429: {"Retry-After": str(RETRY_AFTER_SECONDS)},
    503: {"Retry-After": str(RETRY_AFTER_SECONDS)},
}

NO_OBJECT = frozenset({"missing", "model_attributes_type", "model_type"})
"""What Pydantic calls a body that is none, or JSON of another kind"""

BY_SQLSTATE: Mapping[str, tuple[int, Reason]] = {
    "23P01": (409, Reason("overlap", "a unit is taken in this period already")),
    "23505": (409, Reason("already_exists", "there is one like it already")),
    "23503": (409, Reason("in_use", "what it refers to is gone, or something still refers to it")),
}


def body(status: int, reasons: Sequence[Reason], request_id: str | None) -> dict[str, Any]:
    """The members of a problem; the first reason is the headline."""
    first = reasons[0]
    return {
        "type": URN + first.code,
        "title": TITLES.get(status) or HTTPStatus(status).phrase,
        "status": status,
        "detail": first.message,
        "errors": [
            {**reason.facts, "code": reason.code, "message": reason.message, "field": reason.field}
            for reason in reasons
        ],
        "request_id": request_id,
    }


def answer(
    status: int,
    reasons: Sequence[Reason],
    request_id: str | None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    content = json.dumps(body(status, reasons, request_id), ensure_ascii=False, default=str)
    return Response(
        content.encode(errors="replace"),
        status,
        {**HEADERS.get(status, {}), **(headers or {})},
        media_type=MEDIA_TYPE,
    )


def unexpected(request_id: str | None) -> Response:
    """What a defect looks like from outside: no trace, only the id under which the log has it."""
    message = "something went wrong on our side; the log has it under this request's id"
    return answer(500, [Reason("internal", message)], request_id)


def unavailable(reasons: Sequence[Reason], request_id: str | None) -> Response:
    return answer(503, reasons, request_id)


def install(app: FastAPI) -> None:
    """Make every error of the application a problem."""
    app.add_exception_handler(HubError, _refused)
    app.add_exception_handler(ConnectorError, _channel)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(StaleDataError, _stale)
    app.add_exception_handler(DBAPIError, _database)
    app.add_exception_handler(PoolTimeout, _busy)


def request_id_of(request: Request) -> str | None:
    return getattr(request.state, "request_id", None)


def field(location: Sequence[str | int]) -> str | None:
    """("body", "items", 0, "departure") as people write it: items[0].departure."""
    named = ""
    for part in location[1:]:
        if isinstance(part, int):
            named += f"[{part}]"
        else:
            named += f".{part}" if named else part
    return named or None


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HubError)
    reasons = error.reasons or [Reason("refused", "refused without a reason")]
    status = next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)
    wait = reasons[0].facts.get("seconds") if isinstance(error, TooOften | TooManyTries) else None
    headers = {"Retry-After": str(wait)} if wait else None
    return answer(status, reasons, request_id_of(request), headers)


async def _channel(request: Request, error: Exception) -> Response:
    assert isinstance(error, ConnectorError)
    wait = getattr(error, "retry_after", None)
    headers = {"Retry-After": str(int(wait.total_seconds()))} if wait else None
    return answer(502, [Reason(error.code, error.message)], request_id_of(request), headers)


async def _invalid(request: Request, error: Exception) -> Response:
    """What Pydantic and FastAPI found, in our shape. An address with an impossible id is an unknown one."""
    assert isinstance(error, RequestValidationError)
    request_id = request_id_of(request)
    found = error.errors()
    if any(one["loc"][0] == "path" for one in found):
        return answer(404, [Reason("not_found", "there is no such thing")], request_id)
    if found[0]["type"] == "json_invalid":
        where = f"the body is no JSON: {found[0]['ctx']['error']} at character {found[0]['loc'][1]}"
        return answer(400, [Reason("malformed_json", where)], request_id)
    if tuple(found[0]["loc"]) == ("body",) and not _sent_json(request):
        return answer(
            415, [Reason("not_json", "send JSON, and say Content-Type: application/json")], request_id
        )
    if tuple(found[0]["loc"]) == ("body",) and found[0]["type"] in NO_OBJECT:
        return answer(422, [Reason("no_object", "send a JSON object as the body")], request_id)
    reasons = [
        Reason(one["type"], one["msg"].removeprefix("Value error, "), field(one["loc"]))
        for one in found
        if not _follows(one, found)
    ]
    return answer(422, reasons, request_id)


def _follows(one: Mapping[str, Any], found: Sequence[Mapping[str, Any]]) -> bool:
    """Pydantic calls a list too short when what it holds is wrong: only the latter is worth saying."""
    if one["type"] != "too_short":
        return False
    place = tuple(one["loc"])
    return any(place == tuple(other["loc"])[: len(place)] for other in found if other is not one)


def _sent_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return (
        kind == "application/json"
        or kind.endswith("+json")
        or not int(request.headers.get("content-length") or 0)
    )


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code, message = {
        404: ("not_found", "there is nothing at this address"),
        405: ("method_not_allowed", f"{request.method} is not a method of this address"),
        413: ("too_large", str(error.detail)),
    }.get(error.status_code, (HTTPStatus(error.status_code).name.lower(), str(error.detail)))
    return answer(error.status_code, [Reason(code, message)], request_id_of(request), error.headers)


async def _stale(request: Request, _error: Exception) -> Response:
    reason = Reason("changed", "somebody has changed it at this moment; look again", "If-Match")
    return answer(412, [reason], request_id_of(request))


async def _busy(request: Request, _error: Exception) -> Response:
    log.warning("request %s: no connection to the database became free", request_id_of(request))
    return unavailable([Reason("busy", "too many are asking at once; try again")], request_id_of(request))


async def _database(request: Request, error: Exception) -> Response:
    """What only the database noticed. A constraint that had to speak up is a defect of ours, and logged."""
    assert isinstance(error, DBAPIError)
    request_id, state = request_id_of(request), sqlstate(error) or ""
    if isinstance(error, IntegrityError) and state in BY_SQLSTATE:
        log.error("request %s reached the constraint %s: a defect", request_id, constraint(error))
        status, reason = BY_SQLSTATE[state]
        return answer(status, [reason], request_id)
    if isinstance(error, DataError):
        log.error("request %s sent a value that the database cannot keep (%s)", request_id, state)
        return answer(422, [Reason("invalid_value", "a value cannot be stored")], request_id)
    if isinstance(error, OperationalError | InterfaceError):
        log.warning("request %s: the database did not do it (%s)", request_id, state or "no connection")
        return unavailable([Reason("unavailable", "the database cannot answer now; try again")], request_id)
    raise error

"""POST connections/{id}/sign-in, GET connections/sign-in/callback, GET,POST connections/{id}/calendars."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Cookie, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.dependencies import Anyone, Manager
from api.idempotency import Answer, Idempotent
from api.openapi import documented, example
from api.schemas.accounts import (
    NEW_CALENDAR,
    CalendarOut,
    CalendarsOut,
    NewCalendar,
    SignedInOut,
    SignInOut,
)
from api.visitors import Visitor
from api.waiting import Places
from sync import account_calendars, sign_ins
from sync.account_calendars import Made
from sync.runtime import Runtime

router = APIRouter(prefix="/connections", tags=["channels"])

COOKIE = "hub_channel"
PATH = "/api/v1/connections/sign-in/callback"

BEGUN: dict[str, Any] = {
    "url": "https://accounts.google.com/o/oauth2/v2/auth?client_id=…&state=…",
    "expires_at": "2026-11-21T12:10:00Z",
    "scopes": {"https://www.googleapis.com/auth/calendar.events": "to read and write events"},
}
SIGNED_IN: dict[str, Any] = {
    "connection_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be120",
    "connector": "google_calendar",
    "name": "Seaside Rentals",
    "account": "front.desk@example.com",
    "links": 3,
}
CALENDAR: dict[str, Any] = {
    "id": "c_7b1f@group.calendar.google.com",
    **NEW_CALENDAR,
    "writable": True,
    "primary": False,
    "link_id": None,
    "settings": {"calendar_id": "c_7b1f@group.calendar.google.com"},
}


@router.post(
    "/{connection_id}/sign-in",
    summary="Begin to sign in an account at its channel",
    responses={**example(200, BEGUN, "Open the address in this browser"), **documented(409, 422, 502)},
)
def begin(caller: Manager, connection_id: UUID, response: Response) -> SignInOut:
    """
    For people, in a browser: it comes back with the account's consent, and the connection has the account
    from then on. The address is good once, for ten minutes, and only in the browser that got this answer:
    whoever is sent it by somebody else gives nothing away. 409 for a channel where nobody signs in.
    """
    runtime = caller.runtime
    begun = sign_ins.begin(runtime, caller.transact, connection_id, caller.person, _back(runtime))
    response.set_cookie(
        COOKIE,
        begun.browser,
        max_age=int(sign_ins.GOOD_FOR.total_seconds()),
        path=PATH,
        secure=runtime.settings.base_url.startswith("https:"),
        httponly=True,
        samesite="lax",
    )
    return SignInOut.of(begun)


@router.get(
    "/sign-in/callback",
    summary="Come back from a channel with an account",
    responses={**example(200, SIGNED_IN, "Connected"), **documented(403, 409, 502)},
)
def callback(
    runtime: Anyone,
    visitor: Visitor,
    response: Response,
    state: Annotated[str, Query(max_length=2000)] = "",
    code: Annotated[str, Query(max_length=4000)] = "",
    error: Annotated[str, Query(max_length=200)] = "",
    browser: Annotated[str | None, Cookie(alias=COOKIE, max_length=200, include_in_schema=False)] = None,
) -> SignedInOut:
    """
    To where the channel sends the browser. 422 where the account's owner did not consent, and for a state
    that was used, is older than ten minutes, or was begun in another browser.
    """
    finished = sign_ins.finish(runtime, state, browser, code, error, _back(runtime), visitor)
    response.delete_cookie(COOKIE, path=PATH)
    return SignedInOut.of(finished)


@router.get(
    "/{connection_id}/calendars",
    summary="List the calendars of an account",
    responses={**example(200, {"items": [CALENDAR]}), **documented(429, 502)},
)
def calendars(caller: Manager, connection_id: UUID, places: Places) -> CalendarsOut:
    """
    As its channel tells them now. To link one, send its `settings` to POST links. 422 where the account must
    sign in first.
    """
    found = account_calendars.listed(
        caller.runtime.network,
        caller.transact,
        connection_id,
        lambda: places.place(caller.organization_id),
    )
    return CalendarsOut(items=[CalendarOut.of(one) for one in found])


@router.post(
    "/{connection_id}/calendars",
    status_code=201,
    summary="Make a calendar in an account",
    response_model=CalendarOut,
    responses={**example(201, CALENDAR, "Made; link it by its settings"), **documented(409, 429, 502)},
)
def make(
    caller: Manager, connection_id: UUID, body: NewCalendar, once: Idempotent, places: Places
) -> Response:
    """
    Sent again with the same Idempotency-Key it is answered again, and makes no second one; 409 while the
    first is still being made. After a 502 it may have been made all the same: look at the list before you ask
    again.
    """

    def change(made: Made) -> Response:
        def work(session: Session) -> Answer:
            return Answer(CalendarOut.of(account_calendars.unlinked(session, connection_id, made(session))))

        return once.create(caller, work)

    return account_calendars.make(
        caller.runtime.network,
        change,
        connection_id,
        body.name,
        body.time_zone,
        lambda: places.place(caller.organization_id),
        lambda: once.alone(caller),
    )


def _back(runtime: Runtime) -> str:
    return f"{runtime.settings.base_url}{PATH}"

"""CRUD blackouts."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from api import etags
from api.dependencies import Staff
from api.etags import IfMatch, etag
from api.idempotency import Answer, Idempotent
from api.instants import instant
from api.openapi import documented, example
from api.pagination import Page, Paged, next_cursor, shown
from api.schemas.blackouts import NEW_BLACKOUT, BlackoutOut, BlackoutPatch, NewBlackout
from api.schemas.common import Instant
from hub.database import StaleRead
from hub.models.bookings import Blackout
from hub.queries import blackouts as query
from hub.services import blackouts

router = APIRouter(prefix="/blackouts", tags=["blackouts"])

BLACKOUT: dict[str, Any] = {
    "id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be109",
    "property_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be101",
    **NEW_BLACKOUT,
    "starts_at": None,
    "ends_at": None,
    "version": 1,
    "created_at": "2026-11-21T12:00:00Z",
    "updated_at": "2026-11-21T12:00:00Z",
}


def told(session: Session, row: Blackout) -> BlackoutOut:
    return BlackoutOut.of(row, blackouts.note(session, row))


@router.post(
    "",
    status_code=201,
    summary="Take a unit off the market",
    response_model=BlackoutOut,
    responses={**example(201, BLACKOUT, "Off the market"), **documented(409)},
)
def create(caller: Staff, body: NewBlackout, once: Idempotent) -> Response:
    """Never over what we sold; over what a channel says it may lie."""
    request = body.request()

    def work(session: Session) -> Answer:
        row = blackouts.add(session, request, caller.runtime.uid_domain)
        headers = {"Location": f"/api/v1/blackouts/{row.id}", "ETag": etag(row)}
        return Answer(told(session, row), headers=headers)

    return once.create(caller, work)


@router.get("", summary="List blackouts", responses=example(200, {"items": [BLACKOUT], "next_cursor": None}))
def page(
    caller: Staff,
    paging: Paged,
    property_id: UUID | None = None,
    unit_id: UUID | None = None,
    first: Annotated[Instant | None, Query(alias="from", description="Ending after this instant")] = None,
    after: Annotated[Instant | None, Query(alias="to", description="Beginning before this instant")] = None,
) -> Page[BlackoutOut]:
    """In the order of their beginnings."""
    ends_after, starts_before = instant(first, "from"), instant(after, "to")

    def work(session: Session) -> Page[BlackoutOut]:
        rows = query.page(
            session,
            property_id=property_id,
            unit_id=unit_id,
            ends_after=ends_after,
            starts_before=starts_before,
            limit=paging.fetch,
            after=paging.after,
        )
        return Page(
            items=[told(session, row) for row in shown(rows, paging)],
            next_cursor=next_cursor(rows, paging, lambda row: (row.starts_at, row.id)),
        )

    return caller.transact(work)


@router.get("/{blackout_id}", summary="Show a blackout", responses=example(200, BLACKOUT))
def one(caller: Staff, blackout_id: UUID, response: Response) -> BlackoutOut:
    def work(session: Session) -> BlackoutOut:
        row = query.one(session, blackout_id)
        response.headers["ETag"] = etag(row)
        return told(session, row)

    return caller.transact(work)


@router.patch(
    "/{blackout_id}",
    summary="Change a blackout's dates, unit, kind or note",
    responses={**example(200, BLACKOUT), **documented(409, 412)},
)
def change(
    caller: Staff, blackout_id: UUID, body: BlackoutPatch, response: Response, if_match: IfMatch = None
) -> BlackoutOut:
    """What is not said stays as it is."""

    def work(session: Session) -> BlackoutOut:
        row = query.one(session, blackout_id)
        etags.check(if_match, row)
        seen = row.version
        row = blackouts.change(session, blackout_id, body.request(row, blackouts.note(session, row)))
        if row.version > seen + 1:
            raise StaleRead  # somebody changed it before we had the locks: what they said must stay
        response.headers["ETag"] = etag(row)
        return told(session, row)

    return caller.transact(work)


@router.delete("/{blackout_id}", status_code=204, summary="Put the unit back on the market")
def remove(caller: Staff, blackout_id: UUID) -> None:
    caller.transact(lambda session: blackouts.remove(session, blackout_id))

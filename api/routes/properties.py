"""CRUD properties."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import Response

from api import etags
from api.dependencies import Manager, Staff
from api.etags import IfMatch, etag
from api.idempotency import Answer, Idempotent
from api.openapi import documented, example
from api.pagination import Page, Paged, next_cursor, shown
from api.schemas.inventory import NEW_PROPERTY, PropertyIn, PropertyOut, PropertyPatch
from hub.queries import properties as query
from hub.services import properties

router = APIRouter(prefix="/properties", tags=["inventory"])

PROPERTY: dict[str, Any] = {
    "id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be101",
    **NEW_PROPERTY,
    "slug": "casa-azul",
    "check_in": "15:00:00",
    "check_out": "11:00:00",
    "hold_minutes": 15,
    "check_policy": "flag",
    "check_age_seconds": 1,
    "check_deadline_ms": 2000,
    "version": 1,
    "created_at": "2026-11-21T12:00:00Z",
    "updated_at": "2026-11-21T12:00:00Z",
    "archived_at": None,
}


@router.post(
    "",
    status_code=201,
    summary="Add a property",
    response_model=PropertyOut,
    responses=example(201, PROPERTY, "Added"),
)
def create(caller: Manager, body: PropertyIn, once: Idempotent) -> Response:
    """Without a slug, one is made of the name."""

    def work(session: Session) -> Answer:
        row = properties.create(session, body.request())
        headers = {"Location": f"/api/v1/properties/{row.id}", "ETag": etag(row)}
        return Answer(PropertyOut.of(row), headers=headers)

    return once.create(caller, work)


@router.get("", summary="List properties", responses=example(200, {"items": [PROPERTY], "next_cursor": None}))
def page(caller: Staff, paging: Paged) -> Page[PropertyOut]:
    """Without archived ones, the oldest first."""

    def work(session: Session) -> Page[PropertyOut]:
        rows = query.page(session, paging.fetch, paging.after)
        return Page(
            items=[PropertyOut.of(row) for row in shown(rows, paging)],
            next_cursor=next_cursor(rows, paging, lambda row: (row.created_at, row.id)),
        )

    return caller.transact(work)


@router.get("/{property_id}", summary="Show a property", responses=example(200, PROPERTY))
def one(caller: Staff, property_id: UUID, response: Response) -> PropertyOut:
    """Its ETag is for `If-Match` of an edit. Archived ones are shown too: bookings of the past name them."""

    def work(session: Session) -> PropertyOut:
        row = query.one(session, property_id)
        response.headers["ETag"] = etag(row)
        return PropertyOut.of(row)

    return caller.transact(work)


@router.patch(
    "/{property_id}",
    summary="Change a property",
    responses={**example(200, PROPERTY), **documented(409, 412)},
)
def change(
    caller: Manager, property_id: UUID, body: PropertyPatch, response: Response, if_match: IfMatch = None
) -> PropertyOut:
    """What is not said stays as it is. The time zone stays while anything is sold."""

    def work(session: Session) -> PropertyOut:
        row = properties.update(session, property_id, body.request(), partial(etags.check, if_match))
        response.headers["ETag"] = etag(row)
        return PropertyOut.of(row)

    return caller.transact(work)


@router.delete(
    "/{property_id}", status_code=204, summary="Archive a property", responses=documented(409, 412)
)
def archive(caller: Manager, property_id: UUID, if_match: IfMatch = None) -> None:
    """With its unit types and units; not while a guest will come to one, nor while a link serves them."""
    caller.transact(lambda session: properties.archive(session, property_id, partial(etags.check, if_match)))

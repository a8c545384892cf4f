"""CRUD unit-types."""

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
from api.schemas.inventory import NEW_UNIT_TYPE, UnitTypeIn, UnitTypeOut, UnitTypePatch
from hub.queries import unit_types as query
from hub.services import unit_types

router = APIRouter(prefix="/unit-types", tags=["inventory"])

UNIT_TYPE: dict[str, Any] = {
    "id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be102",
    **NEW_UNIT_TYPE,
    "turnaround": 0,
    "check_policy": None,
    "check_age_seconds": None,
    "check_deadline_ms": None,
    "safety_margin": 0,
    "description": "",
    "amenities": [],
    "version": 1,
    "created_at": "2026-11-21T12:00:00Z",
    "updated_at": "2026-11-21T12:00:00Z",
    "archived_at": None,
}


@router.post(
    "",
    status_code=201,
    summary="Add a unit type",
    response_model=UnitTypeOut,
    responses=example(201, UNIT_TYPE, "Added"),
)
def create(caller: Manager, body: UnitTypeIn, once: Idempotent) -> Response:
    """What all of its units have in common: how they are let, and how many guests each takes."""

    def work(session: Session) -> Answer:
        row = unit_types.create(session, body.request())
        headers = {"Location": f"/api/v1/unit-types/{row.id}", "ETag": etag(row)}
        return Answer(UnitTypeOut.of(row), headers=headers)

    return once.create(caller, work)


@router.get(
    "", summary="List unit types", responses=example(200, {"items": [UNIT_TYPE], "next_cursor": None})
)
def page(caller: Staff, paging: Paged, property_id: UUID | None = None) -> Page[UnitTypeOut]:
    """Without archived ones, the oldest first."""

    def work(session: Session) -> Page[UnitTypeOut]:
        rows = query.page(session, property_id, paging.fetch, paging.after)
        return Page(
            items=[UnitTypeOut.of(row) for row in shown(rows, paging)],
            next_cursor=next_cursor(rows, paging, lambda row: (row.created_at, row.id)),
        )

    return caller.transact(work)


@router.get("/{unit_type_id}", summary="Show a unit type", responses=example(200, UNIT_TYPE))
def one(caller: Staff, unit_type_id: UUID, response: Response) -> UnitTypeOut:
    """Its ETag is for `If-Match` of an edit. Archived ones are shown too: bookings of the past name them."""

    def work(session: Session) -> UnitTypeOut:
        row = query.one(session, unit_type_id)
        response.headers["ETag"] = etag(row)
        return UnitTypeOut.of(row)

    return caller.transact(work)


@router.patch(
    "/{unit_type_id}",
    summary="Change a unit type",
    responses={**example(200, UNIT_TYPE), **documented(409, 412)},
)
def change(
    caller: Manager, unit_type_id: UUID, body: UnitTypePatch, response: Response, if_match: IfMatch = None
) -> UnitTypeOut:
    """What is not said stays as it is. How it is let stays while anything is sold."""

    def work(session: Session) -> UnitTypeOut:
        row = unit_types.update(session, unit_type_id, body.request(), partial(etags.check, if_match))
        response.headers["ETag"] = etag(row)
        return UnitTypeOut.of(row)

    return caller.transact(work)


@router.delete(
    "/{unit_type_id}", status_code=204, summary="Archive a unit type", responses=documented(409, 412)
)
def archive(caller: Manager, unit_type_id: UUID, if_match: IfMatch = None) -> None:
    """With its units; not while a guest will come to one, nor while a link serves them."""
    caller.transact(lambda session: unit_types.archive(session, unit_type_id, partial(etags.check, if_match)))

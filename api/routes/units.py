"""CRUD units."""

from __future__ import annotations

from collections.abc import Sequence
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
from api.schemas.units import NEW_UNIT, UnitIn, UnitOut, UnitPatch
from hub.models.properties import Unit
from hub.queries import units as query
from hub.services import units

router = APIRouter(prefix="/units", tags=["inventory"])

UNIT: dict[str, Any] = {
    "id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be103",
    "property_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be101",
    **NEW_UNIT,
    "status": "ready",
    "description": "",
    "parts": [],
    "version": 1,
    "created_at": "2026-11-21T12:00:00Z",
    "updated_at": "2026-11-21T12:00:00Z",
    "archived_at": None,
}


@router.post(
    "",
    status_code=201,
    summary="Add a unit, or many alike",
    response_model=UnitOut | Page[UnitOut],
    responses=example(201, UNIT, 'Added; with `count`, {"items": [...]} of all'),
)
def create(caller: Manager, body: UnitIn, once: Idempotent) -> Response:
    """A dorm of twelve beds is one call: `count` 12 and the name "Bed {n}". With `parts`, a composite."""

    def one_unit(session: Session) -> Answer:
        row = units.create(session, body.request())
        headers = {"Location": f"/api/v1/units/{row.id}", "ETag": etag(row)}
        return Answer(_told(session, [row])[0], headers=headers)

    def many_units(session: Session, number: int) -> Answer:
        rows = units.create_many(session, body.request(), number)
        return Answer(Page(items=_told(session, rows), next_cursor=None))

    number = body.count
    return once.create(caller, one_unit if number is None else partial(many_units, number=number))


@router.get("", summary="List units", responses=example(200, {"items": [UNIT], "next_cursor": None}))
def page(
    caller: Staff, paging: Paged, property_id: UUID | None = None, unit_type_id: UUID | None = None
) -> Page[UnitOut]:
    """Without archived ones, the oldest first."""

    def work(session: Session) -> Page[UnitOut]:
        rows = query.page(session, property_id, unit_type_id, paging.fetch, paging.after)
        return Page(
            items=_told(session, shown(rows, paging)),
            next_cursor=next_cursor(rows, paging, lambda row: (row.created_at, row.id)),
        )

    return caller.transact(work)


@router.get("/{unit_id}", summary="Show a unit", responses=example(200, UNIT))
def one(caller: Staff, unit_id: UUID, response: Response) -> UnitOut:
    """Its ETag is for `If-Match` of an edit. Archived ones are shown too: bookings of the past name them."""

    def work(session: Session) -> UnitOut:
        row = query.one(session, unit_id)
        response.headers["ETag"] = etag(row)
        return _told(session, [row])[0]

    return caller.transact(work)


@router.patch("/{unit_id}", summary="Change a unit", responses={**example(200, UNIT), **documented(409, 412)})
def change(
    caller: Manager, unit_id: UUID, body: UnitPatch, response: Response, if_match: IfMatch = None
) -> UnitOut:
    """What is not said stays as it is. What a unit is made of stays while that is sold."""

    def work(session: Session) -> UnitOut:
        row = units.update(session, unit_id, body.request(), partial(etags.check, if_match))
        response.headers["ETag"] = etag(row)
        return _told(session, [row])[0]

    return caller.transact(work)


@router.delete("/{unit_id}", status_code=204, summary="Archive a unit", responses=documented(409, 412))
def archive(caller: Manager, unit_id: UUID, if_match: IfMatch = None) -> None:
    """Not while a guest will come to it, while it is a part of another, nor while a link serves it."""
    caller.transact(lambda session: units.archive(session, unit_id, partial(etags.check, if_match)))


def _told(session: Session, rows: Sequence[Unit]) -> list[UnitOut]:
    parts = units.parts_of(session, rows)
    return [UnitOut.of(row, parts.get(row.id, ())) for row in rows]

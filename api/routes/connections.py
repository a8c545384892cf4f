"""CRUD connections."""

from __future__ import annotations

from collections.abc import Mapping
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
from api.schemas.connections import NEW_CONNECTION, ConnectionOut, ConnectionPatch, NewConnection
from api.waiting import Places
from hub.database import vault_of
from hub.models.links import Connection
from hub.queries import links as query
from sync import connecting, operators, remote
from sync.verifying import Verify, after_asking, blaming

router = APIRouter(prefix="/connections", tags=["channels"])

CONNECTION: dict[str, Any] = {
    "id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be120",
    **NEW_CONNECTION,
    "version": 1,
    "created_at": "2026-11-21T12:00:00Z",
    "updated_at": "2026-11-21T12:00:00Z",
}


def told(session: Session, row: Connection) -> ConnectionOut:
    return ConnectionOut.of(row, vault_of(session))


def _check_operator(session: Session, caller: Manager, row: Connection, settings: Mapping[str, Any]) -> None:
    """What is not said yet may come with a sign-in."""
    source = remote.known(row.connector)
    with blaming(source):
        operators.check(session, caller.runtime.network, source, settings, complete=False)


@router.post(
    "",
    status_code=201,
    summary="Connect an account at a channel",
    response_model=ConnectionOut,
    responses=example(201, CONNECTION, "Connected; its calendars become links"),
)
def create(caller: Manager, body: NewConnection, once: Idempotent) -> Response:
    def work(session: Session) -> Answer:
        row = connecting.connect(session, body.connector, body.name, body.settings)
        _check_operator(session, caller, row, body.settings)
        headers = {"Location": f"/api/v1/connections/{row.id}", "ETag": etag(row)}
        return Answer(told(session, row), headers=headers)

    return once.create(caller, work)


@router.get(
    "", summary="List connections", responses=example(200, {"items": [CONNECTION], "next_cursor": None})
)
def page(caller: Staff, paging: Paged) -> Page[ConnectionOut]:
    """In the order in which they were made."""

    def work(session: Session) -> Page[ConnectionOut]:
        after = paging.after[1] if paging.after else None
        rows = query.connections(session, limit=paging.fetch, after=after)
        return Page(
            items=[told(session, row) for row in shown(rows, paging)],
            next_cursor=next_cursor(rows, paging, lambda row: (row.created_at, row.id)),
        )

    return caller.transact(work)


@router.get("/{connection_id}", summary="Show a connection", responses=example(200, CONNECTION))
def one(caller: Staff, connection_id: UUID, response: Response) -> ConnectionOut:
    def work(session: Session) -> ConnectionOut:
        row = query.connection(session, connection_id)
        response.headers["ETag"] = etag(row)
        return told(session, row)

    return caller.transact(work)


@router.patch(
    "/{connection_id}",
    summary="Rename a connection, or give it other settings",
    responses={**example(200, CONNECTION), **documented(412, 429, 502)},
)
def change(
    caller: Manager,
    connection_id: UUID,
    body: ConnectionPatch,
    places: Places,
    response: Response,
    if_match: IfMatch = None,
) -> ConnectionOut:
    """New settings are saved only when the calendar of each of its links answers with them."""

    def attempt(verify: Verify) -> ConnectionOut:
        def work(session: Session) -> ConnectionOut:
            etags.check(if_match, query.connection(session, connection_id, lock=True))
            row = connecting.amend(
                session, connection_id, name=body.name, settings=body.settings, verify=verify
            )
            _check_operator(session, caller, row, body.settings or {})
            response.headers["ETag"] = etag(row)
            return told(session, row)

        return caller.transact(work)

    return after_asking(caller.runtime.network, attempt, lambda: places.place(caller.organization_id))


@router.delete(
    "/{connection_id}",
    status_code=204,
    summary="Remove a connection without links",
    responses=documented(409),
)
def remove(caller: Manager, connection_id: UUID) -> None:
    """409 while it has links: each of them holds nights, and is removed by its own decision."""
    caller.transact(lambda session: connecting.disconnect(session, connection_id))

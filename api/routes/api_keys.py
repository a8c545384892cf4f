"""CRUD api-keys."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.dependencies import Admin
from api.idempotency import Answer, Idempotent
from api.openapi import documented, example
from api.pagination import Page, Paged, next_cursor, shown
from api.remembered import Keys
from api.schemas.api_keys import NEW_KEY, KeyOut, KeyPatch, NewKeyIn, NewKeyOut
from hub.queries import api_keys as query
from hub.services import api_keys

router = APIRouter(prefix="/api-keys", tags=["api keys"])

KEY: dict[str, Any] = {
    "id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be131",
    "name": NEW_KEY["name"],
    "prefix": "hub_4fKq9ZtR",
    "scopes": NEW_KEY["scopes"],
    "created_by": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be120",
    "created_at": "2026-11-21T12:00:00Z",
    "expires_at": NEW_KEY["expires_at"],
    "last_used_at": None,
    "revoked_at": None,
}
MADE = KEY | {"key": "hub_4fKq9ZtRw0c5tq2yH7nVJ4aLrD9eXsB6mUfKgPiTzQwEbN1c"}


async def _remembered(request: Request) -> Keys:
    keys: Keys = request.app.state.keys
    return keys


Remembered = Annotated[Keys, Depends(_remembered)]


@router.post(
    "",
    status_code=201,
    summary="Make an API key",
    response_model=NewKeyOut,
    responses=example(201, MADE, "The only answer that holds the whole key"),
)
def create(caller: Admin, body: NewKeyIn, once: Idempotent) -> Response:
    """Its hash is kept; with an Idempotency-Key this answer too, sealed, as long as it can be repeated."""

    def work(session: Session) -> Answer:
        made = api_keys.create(session, body.request(), caller.person)
        return Answer(NewKeyOut.made(made), headers={"Location": f"/api/v1/api-keys/{made.row.id}"})

    return once.create(caller, work)


@router.get("", summary="List API keys", responses=example(200, {"items": [KEY], "next_cursor": None}))
def page(
    caller: Admin,
    paging: Paged,
    revoked: Annotated[bool, Query(description="Also those that were revoked")] = False,
) -> Page[KeyOut]:
    """The first one first."""

    def work(session: Session) -> Page[KeyOut]:
        rows = query.page(session, paging.fetch, paging.after, revoked=revoked)
        return Page(
            items=[KeyOut.of(row) for row in shown(rows, paging)],
            next_cursor=next_cursor(rows, paging, lambda row: (row.created_at, row.id)),
        )

    return caller.transact(work)


@router.get("/{key_id}", summary="Show an API key", responses=example(200, KEY))
def one(caller: Admin, key_id: UUID) -> KeyOut:
    return caller.transact(lambda session: KeyOut.of(query.one(session, key_id)))


@router.patch(
    "/{key_id}",
    summary="Give an API key another name, scope or end",
    responses={**example(200, KEY), **documented(409)},
)
def change(caller: Admin, key_id: UUID, body: KeyPatch, keys: Remembered) -> KeyOut:
    """It counts within a minute. 409 for a key that was revoked."""
    scopes = None if body.scopes is None else [scope.value for scope in body.scopes]

    def work(session: Session) -> KeyOut:
        row = api_keys.change(session, key_id, name=body.name, scopes=scopes, expires_at=body.expires_at)
        return KeyOut.of(row)

    told = caller.transact(work)
    keys.forget(key_id)
    return told


@router.delete("/{key_id}", status_code=204, summary="Revoke an API key")
def revoke(caller: Admin, key_id: UUID, keys: Remembered) -> None:
    """It counts within a minute, mostly at once. A second time does nothing."""
    caller.transact(lambda session: api_keys.revoke(session, key_id))
    keys.forget(key_id)

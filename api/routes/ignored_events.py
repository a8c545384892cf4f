"""POST links/{id}/events/{event_id}/ignore, GET links/{id}/ignored."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session

from api.dependencies import Staff
from api.openapi import documented, example
from api.schemas.links import IgnoredList, IgnoredOut, IgnoreIn
from hub.models.sync import SyncItem
from hub.queries import calendars
from hub.queries import links as query
from sync import ignoring

router = APIRouter(prefix="/links/{link_id}", tags=["channels"])

MOST = 1000

IGNORED: dict[str, Any] = {
    "id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be119",
    "summary": "Fire drill",
    "first": "2027-07-01T08:00:00+00:00",
    "recurs": True,
    "present": True,
    "ignored": True,
}


@router.post(
    "/events/{event_id}/ignore",
    summary="Let an event of others take nothing, or count again",
    responses={**example(200, IGNORED), **documented(409)},
)
def ignore(caller: Staff, link_id: UUID, event_id: UUID, body: IgnoreIn | None = None) -> IgnoredOut:
    """
    Of a series this is said of all of it. What it took is free within seconds. An ignored event is no more
    among the link's events: it is named by the `id` of this answer then. 409 for an event that came with a
    feed.
    """
    ignored = (body or IgnoreIn()).ignored

    def work(session: Session) -> IgnoredOut:
        return _told(session, ignoring.ignore(session, link_id, event_id, ignored))

    return caller.transact(work)


@router.get(
    "/ignored",
    summary="List what of a link is ignored",
    responses=example(200, {"items": [IGNORED]}),
)
def page(caller: Staff, link_id: UUID) -> IgnoredList:
    """Those that were first seen first; 1,000 at most."""

    def work(session: Session) -> IgnoredList:
        query.one(session, link_id)
        return IgnoredList(items=[_told(session, row) for row in calendars.ignored(session, link_id, MOST)])

    return caller.transact(work)


def _told(session: Session, row: SyncItem) -> IgnoredOut:
    summary, first, recurs = ignoring.told(session, row)
    return IgnoredOut(
        id=row.id,
        summary=summary,
        first=first,
        recurs=recurs,
        present=row.remote_state == "present",
        ignored=row.hidden,
    )

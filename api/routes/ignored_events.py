"""POST links/{id}/events/{event_id}/ignore, GET links/{id}/ignored."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session

from api.dependencies import Staff
from api.openapi import documented, example
from api.schemas.links import IgnoredList, IgnoredOut, IgnoreIn
from sync import ignoring

router = APIRouter(prefix="/links/{link_id}", tags=["channels"])

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
    Of a series in a calendar that is synced event by event this is said of all of it. What it took is free
    within seconds, and an ignored event is no more among the link's events: it is named by the `id` of this
    answer then. An event of a feed takes nothing at once, and is among them as `ignored`; it counts again by
    itself as soon as its channel does not tell it, or not as what it was. 409 for one that waits to be freed,
    which is released instead.
    """
    wanted = (body or IgnoreIn()).ignored

    def work(session: Session) -> IgnoredOut:
        return IgnoredOut(**asdict(ignoring.ignore(session, link_id, event_id, wanted)))

    return caller.transact(work)


@router.get(
    "/ignored",
    summary="List what of a link is ignored",
    responses=example(200, {"items": [IGNORED]}),
)
def page(caller: Staff, link_id: UUID) -> IgnoredList:
    """Those that were first seen first; 1,000 at most."""

    def work(session: Session) -> IgnoredList:
        return IgnoredList(items=[IgnoredOut(**asdict(one)) for one in ignoring.page(session, link_id)])

    return caller.transact(work)

"""GET links/{id}/guard."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session

from api.dependencies import Staff
from api.openapi import example
from api.schemas.guards import GUARD, GuardOut
from hub.queries import links as query
from sync import guarded

router = APIRouter(prefix="/links/{link_id}/guard", tags=["channels"])


@router.get("", summary="Show what waits on a link to be freed", responses=example(200, GUARD))
def guard_of(caller: Staff, link_id: UUID) -> GuardOut:
    """
    What its calendar no longer tells: since when, how many readings agree, and when it is free by itself.
    `accept-guard` settles it at once, all of it or some of these events. Nothing is listed where none waits.
    """

    def work(session: Session) -> GuardOut:
        return GuardOut.of(guarded.of_link(session, query.one(session, link_id)))

    return caller.transact(work)

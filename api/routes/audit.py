"""GET audit."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session

from api.dependencies import Manager
from api.instants import instant
from api.openapi import example
from api.pagination import Page, Paged, next_cursor, shown
from api.schemas.changes import CHANGE, ChangeOut
from api.schemas.common import Instant, Line
from hub.queries import changes

router = APIRouter(prefix="/audit", tags=["audit"])


@router.get(
    "",
    summary="Who changed what, and when",
    responses=example(200, {"items": [CHANGE], "next_cursor": None}),
)
def page(
    caller: Manager,
    paging: Paged,
    entity: Annotated[Line | None, Query(description="booking, blackout, unit ...")] = None,
    entity_id: UUID | None = None,
    actor: Annotated[UUID | None, Query(description="The member who did it")] = None,
    first: Annotated[Instant | None, Query(alias="from", description="From this instant on")] = None,
    after: Annotated[Instant | None, Query(alias="to", description="Before this instant")] = None,
) -> Page[ChangeOut]:
    """Newest first. It names no guest."""
    starts_at, ends_at = instant(first, "from"), instant(after, "to")

    def work(session: Session) -> Page[ChangeOut]:
        rows = changes.page(
            session,
            entity=entity,
            entity_id=entity_id,
            actor_id=actor,
            starts_at=starts_at,
            ends_at=ends_at,
            limit=paging.fetch,
            after=paging.after,
        )
        return Page(
            items=[ChangeOut.of(row) for row in shown(rows, paging)],
            next_cursor=next_cursor(rows, paging, lambda row: (row.at, row.id)),
        )

    return caller.transact(work)

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
from hub.queries.changes import Wanted

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
    actor: Annotated[UUID | None, Query(description="The member or the key that did it")] = None,
    for_whom: Annotated[UUID | None, Query(alias="for", description="The guest or account")] = None,
    action: Annotated[Line | None, Query(description="created, changed, cancelled, failed ...")] = None,
    request_id: Annotated[Line | None, Query(description="The request's X-Request-ID")] = None,
    first: Annotated[Instant | None, Query(alias="from", description="From this instant on")] = None,
    after: Annotated[Instant | None, Query(alias="to", description="Before this instant")] = None,
) -> Page[ChangeOut]:
    """Newest first. It names nobody: of what people are called only that it changed."""
    wanted = Wanted(
        entity=entity,
        entity_id=entity_id,
        action=action,
        actor_id=actor,
        for_id=for_whom,
        request_id=request_id,
        starts_at=instant(first, "from"),
        ends_at=instant(after, "to"),
    )

    def work(session: Session) -> Page[ChangeOut]:
        rows = changes.page(session, wanted, limit=paging.fetch, after=paging.after)
        return Page(
            items=[ChangeOut.of(row) for row in shown(rows, paging)],
            next_cursor=next_cursor(rows, paging, lambda row: (row.at, row.id)),
        )

    return caller.transact(work)

"""GET sync-runs."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session

from api.dependencies import Staff
from api.openapi import example
from api.pagination import Page, Paged, next_cursor, shown
from api.schemas.runs import RUN, RunOut
from hub.queries import runs as query

router = APIRouter(prefix="/sync-runs", tags=["channels"])


@router.get("", summary="List syncs", responses=example(200, {"items": [RUN], "next_cursor": None}))
def page(caller: Staff, paging: Paged, link_id: UUID | None = None) -> Page[RunOut]:
    """Newest first: those that were asked for, changed something, or failed."""

    def work(session: Session) -> Page[RunOut]:
        before = paging.after[1] if paging.after else None
        rows = query.page(session, link_id=link_id, limit=paging.fetch, before=before)
        return Page(
            items=[RunOut.model_validate(row) for row in shown(rows, paging)],
            next_cursor=next_cursor(rows, paging, lambda row: (row.created_at, row.id)),
        )

    return caller.transact(work)


@router.get("/{run_id}", summary="Show a sync", responses=example(200, RUN))
def one(caller: Staff, run_id: UUID) -> RunOut:
    return caller.transact(lambda session: RunOut.model_validate(query.one(session, run_id)))

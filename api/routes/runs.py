"""POST, GET sync-runs."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.dependencies import Staff
from api.idempotency import Answer, Idempotent
from api.openapi import example
from api.pagination import Page, Paged, next_cursor, shown
from api.schemas.asked_syncs import SYNCS, SyncsIn, SyncsOut
from api.schemas.runs import RUN, RunOut
from hub.queries import runs as query
from sync import selecting

router = APIRouter(prefix="/sync-runs", tags=["channels"])


@router.post(
    "",
    status_code=202,
    summary="Sync every link that matches",
    response_model=SyncsOut,
    responses=example(202, SYNCS, "Workers take them within seconds; look at sync-runs/{id}"),
)
def ask(caller: Staff, body: SyncsIn, once: Idempotent) -> Response:
    """
    What our events say is compared anew: of the bookings that are named, of all bookings and blackouts in the
    nights that are named, or else of everything. 422 for more than 1,000 links. Links that rest are left out,
    and told; those that only export a feed are, where they are named.
    """
    wanted = body.criteria()

    def work(session: Session) -> Answer:
        return Answer(SyncsOut.of(selecting.ask(session, wanted, body.mode)), 202)

    return once.create(caller, work)


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

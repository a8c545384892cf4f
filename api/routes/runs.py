"""POST, GET sync-runs, sync-runs/{id}/children; POST sync-runs/{id}/cancel|resume|retry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.callers import Caller
from api.dependencies import Staff
from api.idempotency import Answer, Idempotent
from api.openapi import documented, example
from api.pagination import Page, Paged, next_cursor, shown
from api.schemas.asked_syncs import SyncsIn
from api.schemas.runs import ASKED, CHILD, MANY, RunOut, State
from hub.models.records import SyncRun
from hub.queries import parents
from hub.queries import runs as query
from sync import bulk

router = APIRouter(prefix="/sync-runs", tags=["channels"])


@router.post(
    "",
    status_code=202,
    summary="Sync every link that matches",
    response_model=RunOut,
    responses=example(
        202, ASKED, "Workers take its links within seconds; look at sync-runs/{id}, or its stream"
    ),
)
def ask(caller: Staff, body: SyncsIn, once: Idempotent) -> Response:
    """
    One run with a sync for each link. An equal request joins the run that is under way, and is answered with
    it. What our events say is compared anew: of the bookings that are named, of all bookings and blackouts in
    the nights that are named, or else of everything. 422 for more than 1,000 links. Links that rest are left
    out, and told; those that only export a feed are, where they are named.
    """
    wanted = body.criteria()

    def work(session: Session) -> Answer:
        run = bulk.ask(session, wanted, body.mode)
        told = RunOut.of(bulk.shown(session, [run])[0])
        return Answer(told, 202, {"Location": f"/api/v1/sync-runs/{run.id}"})

    return once.create(caller, work)


@router.get("", summary="List syncs", responses=example(200, {"items": [MANY], "next_cursor": None}))
def page(caller: Staff, paging: Paged, link_id: UUID | None = None) -> Page[RunOut]:
    """
    Newest first: those that were asked for, changed something, or failed. What belongs to a run of many links
    is among its children, and here only where a link is named.
    """

    def work(session: Session) -> Page[RunOut]:
        before = paging.after[1] if paging.after else None
        rows = query.page(session, link_id=link_id, limit=paging.fetch, before=before)
        return Page(
            items=[RunOut.of(one) for one in bulk.shown(session, shown(rows, paging))],
            next_cursor=next_cursor(rows, paging, lambda row: (row.created_at, row.id)),
        )

    return caller.transact(work)


@router.get("/{run_id}", summary="Show a sync", responses=example(200, MANY))
def one(caller: Staff, run_id: UUID) -> RunOut:
    """Of one link, or of many with how far it is."""
    return caller.transact(lambda session: RunOut.of(bulk.one(session, run_id)))


@router.get(
    "/{run_id}/children",
    summary="List the syncs of a run of many links",
    responses=example(200, {"items": [CHILD], "next_cursor": None}),
)
def children(
    caller: Staff,
    run_id: UUID,
    paging: Paged,
    state: Annotated[State | None, Query(description="Only those that stand so")] = None,
) -> Page[RunOut]:
    """In the order in which they were asked for; `retried` are those in whose place others were."""

    def work(session: Session) -> Page[RunOut]:
        query.one(session, run_id)
        after = paging.after[1] if paging.after else None
        rows = parents.children(session, run_id, state=state, limit=paging.fetch, after=after)
        return Page(
            items=[RunOut.single(row) for row in shown(rows, paging)],
            next_cursor=next_cursor(rows, paging, lambda row: (row.created_at, row.id)),
        )

    return caller.transact(work)


@router.post(
    "/{run_id}/cancel",
    summary="End a run of many links",
    responses={**example(200, MANY | {"state": "cancelled"}), **documented(409)},
)
def cancel(caller: Staff, run_id: UUID) -> RunOut:
    """What waits is given up, what is at work ends by itself. 409 for one that is over."""
    return _step(caller, run_id, bulk.cancel)


@router.post(
    "/{run_id}/resume",
    summary="Go on with a run that was ended",
    responses={**example(200, MANY), **documented(409)},
)
def resume(caller: Staff, run_id: UUID) -> RunOut:
    """
    What was cancelled waits again, but for links that rest. After a crash nothing needs to be resumed: what
    was at work comes back by itself. 409 where nothing was cancelled and nothing waits.
    """
    return _step(caller, run_id, bulk.resume)


@router.post(
    "/{run_id}/retry",
    summary="Sync what failed of a run once more",
    responses={**example(200, MANY), **documented(409)},
)
def retry(caller: Staff, run_id: UUID) -> RunOut:
    """Each by a new child; what failed is `retried` then. 409 where nothing failed, or all of it rests."""
    return _step(caller, run_id, bulk.retry)


def _step(caller: Caller, run_id: UUID, step: Callable[[Session, UUID], SyncRun]) -> RunOut:
    return caller.transact(lambda session: RunOut.of(bulk.shown(session, [step(session, run_id)])[0]))

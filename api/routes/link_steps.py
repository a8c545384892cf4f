"""POST links/{id}/sync|pause|resume|accept-guard|rotate-feed, GET links/{id}/runs|events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.callers import Caller
from api.dependencies import Manager, Staff
from api.etags import etag
from api.idempotency import Answer, Idempotent
from api.linked import LINK, PREVIEW, previewed, told
from api.openapi import documented, example
from api.pagination import Page, Paged, next_cursor, shown
from api.schemas.links import EventOut, GuardIn, LinkOut
from api.schemas.previews import PreviewOut
from api.schemas.runs import QUEUED, RUN, RunOut
from api.waiting import Places, Waiting
from hub.database import vault_of
from hub.models.links import Link
from hub.queries import external, runs
from hub.queries import links as query
from sync import guarding, linking, requests, unlinking
from sync.preview import preview_link

router = APIRouter(prefix="/links/{link_id}", tags=["channels"])

EVENT: dict[str, Any] = {
    "id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be112",
    "all_day": True,
    "first": "2027-07-01",
    "after": "2027-07-04",
    "starts_at": "2027-06-30T22:00:00Z",
    "ends_at": "2027-07-03T22:00:00Z",
    "summary": "Reserved",
    "description": "",
    "problem": None,
    "unit_ids": ["0198c2f0-6c1e-7b7a-9f00-3d2c5a9be103"],
    "unplaced": False,
    "nature": "stay",
    "code": "HMABC12345",
    "standing": "external",
    "item_id": None,
    "missing_since": None,
    "kept_at": None,
    "phone_digits": "0199",
    "draining_since": None,
    "called": [],
    "first_seen_at": "2026-11-21T12:00:00Z",
    "changed_at": "2026-11-21T12:00:00Z",
    "run_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be130",
}

_SHOWN = example(200, PREVIEW, "With dry_run: what is there, and what a sync would do")[200]


@router.post(
    "/sync",
    status_code=202,
    summary="Pull a link's calendar now",
    response_model=RunOut,
    responses={
        **example(202, QUEUED, "A worker takes it within seconds; look at sync-runs/{id}"),
        200: {"model": PreviewOut, **_SHOWN},
        **documented(409, 429, 502),
    },
)
def sync(
    caller: Staff,
    link_id: UUID,
    once: Idempotent,
    places: Places,
    dry_run: Annotated[bool, Query(description="Only show what it would do; nothing is saved")] = False,
) -> Response:
    """
    A link that is asked for twice before a worker comes is pulled once. 409 for one that rests.

    A dry run asks the channel, does all of the sync in a transaction that is undone, and shows what came of
    it: it changes nothing, here or there. It says what a sync does then if meanwhile nothing moves.
    """
    if dry_run:
        return _dry_run(caller, link_id, places)

    def work(session: Session) -> Answer:
        run = requests.request(session, link_id)
        return Answer(RunOut.single(run), 202, {"Location": f"/api/v1/sync-runs/{run.id}"})

    return once.create(caller, work)


@router.post("/pause", summary="Pull a link no more", responses=example(200, LINK | {"state": "paused"}))
def pause(caller: Manager, link_id: UUID, response: Response) -> LinkOut:
    """What it imported stays, and so does its feed."""
    return _step(caller, response, lambda session: linking.pause(session, link_id))


@router.post("/resume", summary="Pull a link again, beginning now", responses=example(200, LINK))
def resume(caller: Manager, link_id: UUID, response: Response) -> LinkOut:
    """
    For one that was paused, set aside, or given up after the channel had refused it. Of one that is being
    emptied, because it was to be removed, that is taken back: its events are put there again.
    """
    return _step(caller, response, lambda session: unlinking.resume(session, link_id))


@router.post(
    "/accept-guard",
    summary="Free what the channel no longer tells, or keep it",
    responses={**example(200, LINK), **documented(409)},
)
def accept_guard(caller: Manager, link_id: UUID, body: GuardIn, response: Response) -> LinkOut:
    """
    A calendar that loses much at once is not believed at once: its link is guarded, and what it no longer
    tells stays taken until further readings agree, or somebody says here what is right: who says nothing
    frees nothing. 409 where nothing waits.
    """
    return _step(
        caller, response, lambda session: guarding.decide(session, link_id, body.action, body.event_ids)
    )


@router.post(
    "/rotate-feed",
    summary="Give our feed a new secret address",
    responses={**example(200, LINK), **documented(409)},
)
def rotate_feed(caller: Manager, link_id: UUID, response: Response) -> LinkOut:
    """The old address answers nothing from now on; the feed's events keep their UIDs."""
    return _step(caller, response, lambda session: linking.rotate_feed(session, link_id))


@router.get(
    "/runs", summary="List a link's syncs", responses=example(200, {"items": [RUN], "next_cursor": None})
)
def runs_of(caller: Staff, link_id: UUID, paging: Paged) -> Page[RunOut]:
    """Newest first: those that were asked for, changed something, or failed."""

    def work(session: Session) -> Page[RunOut]:
        query.one(session, link_id)
        before = paging.after[1] if paging.after else None
        rows = runs.page(session, link_id=link_id, limit=paging.fetch, before=before)
        return Page(
            items=[RunOut.single(row) for row in shown(rows, paging)],
            next_cursor=next_cursor(rows, paging, lambda row: (row.created_at, row.id)),
        )

    return caller.transact(work)


@router.get(
    "/events",
    summary="List what a link imported",
    responses=example(200, {"items": [EVENT], "next_cursor": None}),
)
def events_of(caller: Staff, link_id: UUID, paging: Paged) -> Page[EventOut]:
    """By their beginning, as the channel told them."""

    def work(session: Session) -> Page[EventOut]:
        query.one(session, link_id)
        rows = external.event_page(session, link_id, limit=paging.fetch, after=paging.after)
        vault = vault_of(session)
        return Page(
            items=[EventOut.of(row[0], row.unit_ids, vault) for row in shown(rows, paging)],
            next_cursor=next_cursor(rows, paging, lambda row: (row[0].starts_at, row[0].id)),
        )

    return caller.transact(work)


def _dry_run(caller: Caller, link_id: UUID, places: Waiting) -> Response:
    caller.transact(lambda session: requests.has_calendar(query.one(session, link_id)))
    with places.place(caller.organization_id):
        found = previewed(preview_link(caller.runtime, caller.organization_id, link_id))
    return Response(found.model_dump_json(), media_type="application/json")


def _step(caller: Caller, response: Response, take: Callable[[Session], Link]) -> LinkOut:
    def work(session: Session) -> LinkOut:
        row = take(session)
        response.headers["ETag"] = etag(row)
        return told(session, caller, row)

    return caller.transact(work)

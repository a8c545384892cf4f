"""CRUD links, and the preview of one that is not made yet."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from api import etags
from api.callers import Caller
from api.dependencies import Manager, Staff
from api.etags import IfMatch, etag
from api.idempotency import Answer, Idempotent
from api.linked import LINK, PREVIEW, previewed, told, told_all
from api.openapi import documented, example
from api.pagination import Page, Paged, next_cursor, shown
from api.schemas.links import LinkOut, LinkPatch, NewLink, PreviewIn, State
from api.schemas.previews import PreviewOut
from api.waiting import Places, Waiting
from hub.errors import HubError
from hub.queries import links as query
from sync import linking, preview, remote, unlinking, watches
from sync.unlinking import Events
from sync.verifying import Verify, after_asking, blaming
from sync.watches import Open

router = APIRouter(prefix="/links", tags=["channels"])


@router.post(
    "",
    status_code=201,
    summary="Link a channel's calendar",
    response_model=LinkOut,
    responses={**example(201, LINK, "Linked; an import is pulled within seconds"), **documented(429, 502)},
)
def create(caller: Manager, body: NewLink, once: Idempotent, places: Places) -> Response:
    """
    An import's calendar is asked before anything is saved: 422 where there is none at the address, 502 where
    the channel cannot answer now. A link that exports has its feed at once.
    """

    def attempt(verify: Verify) -> Response:
        def work(session: Session) -> Answer:
            row = linking.link(
                session,
                body.connection_id,
                body.scope(),
                body.direction.value,
                body.settings,
                uid_domain=caller.runtime.uid_domain,
                interval_seconds=body.interval_seconds,
            )
            verify(session, row)
            headers = {"Location": f"/api/v1/links/{row.id}", "ETag": etag(row)}
            return Answer(told(session, caller, row), headers=headers)

        return once.create(caller, work)

    return after_asking(caller.runtime.network, attempt, lambda: places.place(caller.organization_id))


@router.post(
    "/preview",
    summary="See what a calendar would bring, without linking it",
    responses={**example(200, PREVIEW, "What it says, and what it clashes with"), **documented(429, 502)},
)
def preview_of(caller: Staff, body: PreviewIn, places: Places) -> PreviewOut:
    """Nothing is saved. 429 while several requests of the organization wait for channels."""
    connector, settings = caller.transact(lambda session: _asked(session, body))
    with places.place(caller.organization_id), blaming(remote.known(connector)):
        found = preview.preview(caller.runtime, caller.organization_id, connector, settings, body.scope())
    return previewed(found)


@router.get("", summary="List links", responses=example(200, {"items": [LINK], "next_cursor": None}))
def page(
    caller: Staff,
    paging: Paged,
    property_id: UUID | None = None,
    connection_id: UUID | None = None,
    state: State | None = None,
) -> Page[LinkOut]:
    """In the order in which they were made."""

    def work(session: Session) -> Page[LinkOut]:
        rows = query.page(
            session,
            property_id=property_id,
            connection_id=connection_id,
            state=state,
            limit=paging.fetch,
            after=paging.after[1] if paging.after else None,
        )
        return Page(
            items=told_all(session, caller, shown(rows, paging)),
            next_cursor=next_cursor(rows, paging, lambda row: (row.created_at, row.id)),
        )

    return caller.transact(work)


@router.get("/{link_id}", summary="Show a link", responses=example(200, LINK))
def one(caller: Staff, link_id: UUID, response: Response) -> LinkOut:
    def work(session: Session) -> LinkOut:
        row = query.one(session, link_id)
        response.headers["ETag"] = etag(row)
        return told(session, caller, row)

    return caller.transact(work)


@router.patch(
    "/{link_id}",
    summary="Give a link another address or interval",
    responses={**example(200, LINK), **documented(412, 429, 502)},
)
def change(
    caller: Manager,
    link_id: UUID,
    body: LinkPatch,
    response: Response,
    places: Places,
    if_match: IfMatch = None,
) -> LinkOut:
    """A new address is asked before it is saved; what was imported stays until the next pull."""

    def attempt(verify: Verify) -> LinkOut:
        def work(session: Session) -> LinkOut:
            etags.check(if_match, query.locked(session, link_id))
            row = linking.change(
                session, link_id, settings=body.settings, interval_seconds=body.interval_seconds
            )
            if body.settings is not None:
                verify(session, row)
            response.headers["ETag"] = etag(row)
            return told(session, caller, row)

        return caller.transact(work)

    return after_asking(caller.runtime.network, attempt, lambda: places.place(caller.organization_id))


@router.delete(
    "/{link_id}",
    status_code=204,
    summary="Remove a link with all that it imported",
    response_model=None,
    responses={
        202: {
            "model": LinkOut,
            **example(202, LINK | {"emptying": True}, "Its calendar is emptied first: ask again then")[202],
        },
        **documented(409),
    },
)
def remove(
    caller: Manager,
    link_id: UUID,
    places: Places,
    after: BackgroundTasks,
    events: Annotated[
        Events | None,
        Query(description="What becomes of our events in its calendar; to be said while there are any"),
    ] = None,
) -> Response:
    """
    Its nights are free again, its conflicts are closed, and its feed's address answers nothing. 409 while
    its calendar shows events of ours and nobody says what is to become of them: `keep` leaves them there,
    `remove` takes them out within the next passes, and the link is removed by asking once more then.
    """

    def work(session: Session) -> tuple[LinkOut | None, Sequence[Open]]:
        open_ones = watches.open_of(session, link_id)
        left = unlinking.remove(session, link_id, events)
        return (told(session, caller, left), ()) if left else (None, open_ones)

    left, open_ones = caller.transact(work)
    if left is not None:
        return Response(left.model_dump_json(), 202, media_type="application/json")
    if open_ones:
        after.add_task(_close, caller, places, open_ones)
    return Response(status_code=204, background=after)


def _close(caller: Caller, places: Waiting, open_ones: Sequence[Open]) -> None:
    """A channel that is not told goes on telling us until its watch runs out: no harm, so one try will do."""
    with suppress(HubError), places.place(caller.organization_id):
        watches.close(caller.runtime.network, open_ones)


def _asked(session: Session, body: PreviewIn) -> tuple[str, dict[str, Any]]:
    """Which channel to ask, and with which settings. Refused before it is asked, also for the scope."""
    linking.placed(session, body.scope())
    return preview.asked(session, body.connector, body.connection_id, body.settings)

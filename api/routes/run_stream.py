"""GET sync-runs/{id}/stream."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.orm import Session

from api.dependencies import Staff
from api.schemas.runs import MANY, RunOut
from api.streaming import MEDIA_TYPE, EventStream, Look, Streams
from sync import bulk

router = APIRouter(prefix="/sync-runs", tags=["channels"])

EXAMPLE = f'event: progress\ndata: {{"id":"{MANY["id"]}","state":"running", ...}}\n\n'
DESCRIBED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events as they come; the data is what GET sync-runs/{id} answers",
        "content": {MEDIA_TYPE: {"schema": {"type": "string"}, "example": EXAMPLE}},
    }
}


async def _of_door(request: Request) -> Streams:
    streams: Streams = request.app.state.streams
    return streams


@router.get(
    "/{run_id}/stream",
    status_code=200,
    summary="Follow a sync",
    response_class=EventStream,
    responses=DESCRIBED,
)
async def stream(caller: Staff, run_id: UUID, streams: Annotated[Streams, Depends(_of_door)]) -> EventStream:
    """
    Server-sent events: `progress` whenever it is further, at most twice a second, and `finished` once at its
    end. A stream ends after ten minutes: ask again, as an EventSource does by itself. 429 while your
    organization has too many open.
    """

    def look() -> Look:
        return caller.transact(read)

    def read(session: Session) -> Look:
        caller.check_key(session)
        shown = bulk.one(session, run_id)
        return Look(RunOut.of(shown).model_dump_json(), shown.over)

    return EventStream(streams, caller.organization_id, await run_in_threadpool(look), look)

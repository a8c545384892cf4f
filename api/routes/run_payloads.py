"""GET sync-runs/{id}/payloads: what the channel sent, as a sync that is recorded read it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.dependencies import Staff
from api.openapi import example
from api.schemas.run_payloads import PAYLOAD, PayloadList, PayloadOut
from hub.queries import payloads as query
from hub.queries import runs
from sync import payloads

router = APIRouter(prefix="/sync-runs/{run_id}/payloads", tags=["channels"])

SUFFIXES = {payloads.CALENDAR: "ics", payloads.JSON: "json"}
_BYTES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The bytes as a file; its Content-Type is the payload's media_type",
        "content": {payloads.CALENDAR: {"schema": {"type": "string"}, "example": "BEGIN:VCALENDAR"}},
    }
}


@router.get("", summary="List what a sync read", responses=example(200, {"items": [PAYLOAD]}))
def page(caller: Staff, run_id: UUID) -> PayloadList:
    """
    The feed's bytes, or the pages of events that brought something; the words of our own events are left out.
    Of what could not be read the first 256 KiB. Kept for HUB_RETENTION_PAYLOAD_DAYS, as long as there is room
    (HUB_PAYLOAD_BYTES). None where the channel said that nothing had changed.
    """

    def work(session: Session) -> PayloadList:
        runs.one(session, run_id)
        return PayloadList(items=[PayloadOut.of(row) for row in query.of_run(session, run_id)])

    return caller.transact(work)


@router.get("/{payload_id}", summary="Fetch what a sync read", response_class=Response, responses=_BYTES)
def one(caller: Staff, run_id: UUID, payload_id: UUID) -> Response:
    """It is the channel's, and may name guests: a file to be looked at, never shown as a page."""

    def work(session: Session) -> Response:
        runs.one(session, run_id)
        row = query.one(session, run_id, payload_id)
        name = f"payload-{row.id}.{SUFFIXES.get(row.media_type, 'bin')}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return Response(payloads.opened(session, row), headers=headers, media_type=row.media_type)

    return caller.transact(work)

"""GET conflicts, POST conflicts/{id}/resolve."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session

from api.callers import Caller
from api.dependencies import Staff
from api.openapi import documented, example
from api.pagination import Page, Paged, next_cursor, shown
from api.rights import RIGHTS
from api.schemas.conflicts import ConflictOut, ResolveIn, State
from hub.database import vault_of
from hub.models.external import ConflictRecord
from hub.queries import conflicts as query
from sync import resolving

router = APIRouter(prefix="/conflicts", tags=["conflicts"])

CONFLICT: dict[str, Any] = {
    "id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be110",
    "type": "EXTERNAL_OVERLAP",
    "state": "open",
    "link_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be111",
    "event_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be112",
    "sync_item_id": None,
    "unit_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be103",
    "booking_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be105",
    "item_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be104",
    "starts_at": "2027-07-01T10:00:00Z",
    "ends_at": "2027-07-03T10:00:00Z",
    "local": {
        "reference": "7KQ2M9XA",
        "status": "confirmed",
        "from": "2027-07-01",
        "to": "2027-07-04",
    },
    "remote": {"channel": "Seaside Rentals", "from": "2027-06-28", "to": "2027-07-03"},
    "opened_at": "2026-11-21T12:00:00Z",
    "closed_at": None,
    "resolution": None,
    "texts": None,
}
REVIEW: dict[str, Any] = CONFLICT | {
    "type": "MIRROR_DELETED",
    "state": "closed",
    "event_id": None,
    "sync_item_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be119",
    "unit_id": None,
    "item_id": None,
    "local": {"busy": True, "span": "2027-07-01 to 2027-07-03"},
    "remote": {"channel": "Front desk", "gone": True, "why": "deleted there; put back"},
    "closed_at": "2026-11-21T12:10:00Z",
    "resolution": "shown there, as somebody decided",
    "texts": {"local": {"summary": "Booked 7KQ2M9XA", "description": ""}, "remote": None},
}
SEES_BOOKINGS = RIGHTS["GET /api/v1/bookings/{booking_id}"]


@router.get(
    "",
    summary="List conflicts between what we sold and what channels say",
    responses=example(200, {"items": [CONFLICT], "next_cursor": None}),
)
def page(
    caller: Staff, paging: Paged, state: State | None = None, property_id: UUID | None = None
) -> Page[ConflictOut]:
    """Newest first."""

    def work(session: Session) -> Page[ConflictOut]:
        rows = query.page(
            session, state=state, property_id=property_id, limit=paging.fetch, after=paging.after
        )
        return Page(
            items=[_told(session, caller, row) for row in shown(rows, paging)],
            next_cursor=next_cursor(rows, paging, lambda row: (row.opened_at, row.id)),
        )

    return caller.transact(work)


@router.post(
    "/{conflict_id}/resolve",
    summary="Say whether an event of ours is shown again or stays away",
    responses={**example(200, REVIEW), **documented(409)},
)
def resolve(caller: Staff, conflict_id: UUID, body: ResolveIn) -> ConflictOut:
    """
    For one that was deleted in its calendar (MIRROR_DELETED). The booking is untouched either way. Saying the
    same again changes nothing. 409 for what closes by itself, as an overlap does once it is gone.
    """

    def work(session: Session) -> ConflictOut:
        return _told(session, caller, resolving.resolve(session, conflict_id, body.action))

    return caller.transact(work)


def _told(session: Session, caller: Caller, row: ConflictRecord) -> ConflictOut:
    return ConflictOut.of(row, vault_of(session), with_texts=caller.may(SEES_BOOKINGS))

"""GET conflicts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session

from api.dependencies import Staff
from api.openapi import example
from api.pagination import Page, Paged, next_cursor, shown
from api.schemas.conflicts import ConflictOut, State
from hub.queries import conflicts as query

router = APIRouter(prefix="/conflicts", tags=["conflicts"])

CONFLICT: dict[str, Any] = {
    "id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be110",
    "type": "EXTERNAL_OVERLAP",
    "state": "open",
    "link_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be111",
    "event_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be112",
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
}


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
            items=[ConflictOut.model_validate(row) for row in shown(rows, paging)],
            next_cursor=next_cursor(rows, paging, lambda row: (row.opened_at, row.id)),
        )

    return caller.transact(work)

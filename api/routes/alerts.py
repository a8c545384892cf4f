"""GET alerts."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from sqlalchemy.orm import Session

from api.dependencies import Staff
from api.openapi import example
from api.pagination import Page, Paged, Position, next_cursor, shown
from api.schemas.alerts import AlertOut, AlertState
from hub.models.alerts import Alert
from hub.queries import alerts as query

router = APIRouter(prefix="/alerts", tags=["alerts"])

ALERT: dict[str, Any] = {
    "id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be120",
    "cause": "link_stale",
    "severity": "warning",
    "state": "open",
    "subject": "Seaside Rentals for Casa Azul, Room 1: not verified since 2026-11-21 09:40 UTC",
    "words": "What the channel sold since then is not known here. Nothing was freed. See why with `hub runs "
    "--link 0198c2f0-6c1e-7b7a-9f00-3d2c5a9be111`, ask it now with `hub sync`, or close the nights by hand.",
    "about": {
        "link_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be111",
        "channel": "Seaside Rentals",
        "place": "Casa Azul, Room 1",
    },
    "opened_at": "2026-11-21T12:00:00Z",
    "recovered_at": None,
}


@router.get(
    "",
    summary="List what somebody must look after, and what they no longer must",
    responses=example(200, {"items": [ALERT], "next_cursor": None}),
)
def page(caller: Staff, paging: Paged, state: AlertState | None = None) -> Page[AlertOut]:
    """Newest first. The operator is told by webhook or mail once when one opens, once when it recovers."""

    def work(session: Session) -> Page[AlertOut]:
        rows = query.page(session, state=state, limit=paging.fetch, after=paging.after)
        return Page(
            items=[AlertOut.of(row) for row in shown(rows, paging)],
            next_cursor=next_cursor(rows, paging, _position),
        )

    return caller.transact(work)


def _position(alert: Alert) -> Position:
    assert alert.opened_at is not None, "one that nobody was told of is not listed"
    return alert.opened_at, alert.id

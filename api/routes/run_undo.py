"""POST sync-runs/{id}/undo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session

from api.dependencies import Manager
from api.openapi import documented, example
from api.rights import RIGHTS, Right
from api.schemas.undo import UNDONE, UndoIn, UndoOut
from sync import undoing
from sync.planning.undone import Asks

router = APIRouter(prefix="/sync-runs/{run_id}", tags=["channels"])

ASKS: Mapping[Asks, Right] = {
    Asks.IGNORE_EVENT: RIGHTS["POST /api/v1/links/{link_id}/events/{event_id}/ignore"],
    Asks.KEEP_EVENT: RIGHTS["POST /api/v1/links/{link_id}/accept-guard"],
    Asks.CLOSE: RIGHTS["POST /api/v1/blackouts"],
    Asks.MOVE_BOOKING: RIGHTS["POST /api/v1/bookings/{booking_id}/move"],
    Asks.CHANGE_BLACKOUT: RIGHTS["PATCH /api/v1/blackouts/{blackout_id}"],
}
"""What a step asks of whoever has it taken, beside the right to undo: what doing the same elsewhere asks"""


@router.post(
    "/undo",
    summary="Undo a sync",
    responses={**example(200, UNDONE), **documented(409)},
)
def undo(
    caller: Manager,
    run_id: UUID,
    body: UndoIn | None = None,
    dry_run: Annotated[bool, Query(description="Only show what it would do; nothing is saved")] = False,
) -> UndoOut:
    """
    What came is ignored, what went is held again by blackouts, what was moved goes back: as far as that can
    be, and as far as your rights go. The rest says why it is left. Undoing again changes nothing that is
    undone. 409 for a run of many links, whose syncs are undone one by one, and for one that has not ended.
    """
    only = (body or UndoIn()).only
    does = undoing.plan if dry_run else undoing.undo

    def work(session: Session) -> UndoOut:
        found = does(session, run_id, only, lambda asks: caller.may(ASKS[asks]))
        return UndoOut.of(found, dry_run=dry_run)

    return caller.transact(work)

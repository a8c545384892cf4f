"""POST sync-runs/{id}/undo."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session

from api.dependencies import Manager
from api.openapi import documented, example
from api.schemas.undo import UNDONE, UndoIn, UndoOut
from sync import undoing

router = APIRouter(prefix="/sync-runs/{run_id}", tags=["channels"])


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
    be. The rest says why it is left. Undoing again changes nothing that is undone. A key needs the scopes
    `sync` and `bookings`. 409 for a run of many links, whose syncs are undone one by one, and for one that
    has not ended.
    """
    only = (body or UndoIn()).only
    does = undoing.plan if dry_run else undoing.undo

    def work(session: Session) -> UndoOut:
        return UndoOut.of(does(session, run_id, only), dry_run=dry_run)

    return caller.transact(work)

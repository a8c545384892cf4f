"""Undoing a sync as clients ask for it, and see it."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from api.schemas.common import In, Out
from hub.errors import Reason
from sync.planning.undoing import MOST
from sync.undoing import Outcome, Undo

UNDONE: dict[str, Any] = {
    "run_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be130",
    "dry_run": False,
    "headline": "1 event ignored, 2 nights held again, 1 left",
    "steps": [
        {
            "change_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be142",
            "what": "went: 10-12 June 2027, Room 1",
            "does": "2 nights of Room 1 are held again",
            "possible": True,
            "done": True,
            "left": None,
        },
        {
            "change_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be141",
            "what": "went: 14-16 June 2027, Room 1",
            "does": "",
            "possible": False,
            "done": False,
            "left": {"code": "taken", "message": "taken already, by booking 7KQ2M9XA"},
        },
        {
            "change_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be140",
            "what": "came: 1-4 July 2027, Room 1",
            "does": "is ignored",
            "possible": True,
            "done": True,
            "left": None,
        },
    ],
    "more": 0,
    "note": None,
}


class UndoIn(In):
    """Which of the run's changes; all of them where none is named."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"only": ["0198c2f0-6c1e-7b7a-9f00-3d2c5a9be140"]}]}
    )

    only: Annotated[list[UUID] | None, Field(min_length=1, max_length=MOST)] = Field(
        None,
        description="Ids of changes: `change_id` of a dry run's steps. Where one has its series ignored, the"
        " sync's other changes of that series go along",
    )


class LeftOut(Out):
    """Why nothing is undone of a change."""

    code: str
    message: str

    @classmethod
    def of(cls, reason: Reason) -> LeftOut:
        return cls(code=reason.code, message=reason.message)


class StepOut(Out):
    """One change of the run, and what is done about it."""

    change_id: UUID = Field(description="Of the change log")
    what: str = Field(description="What the sync changed; no guest is named")
    does: str = Field(description="What undoing does; empty where it is not possible")
    possible: bool
    done: bool = Field(description="Of a dry run always false")
    left: LeftOut | None = Field(description="Why it is left; null for what is done, or would be")

    @classmethod
    def of(cls, outcome: Outcome) -> StepOut:
        step = outcome.step
        return cls(
            change_id=step.change_id,
            what=step.what,
            does=step.does if step.possible else "",
            possible=step.possible,
            done=outcome.done,
            left=LeftOut.of(outcome.left) if outcome.left is not None else None,
        )


class UndoOut(Out):
    run_id: UUID
    dry_run: bool
    headline: str = Field(description="What is undone, or would be, in one line")
    steps: list[StepOut] = Field(
        description=f"The newest change first; at most {MOST} that can be undone, and {MOST} that cannot"
    )
    more: int = Field(description="Changes beyond those that could be undone: undo again")
    note: str | None = Field(description="What becomes of what the sync wrote in the channel's calendar")

    @classmethod
    def of(cls, found: Undo, *, dry_run: bool) -> UndoOut:
        return cls(
            run_id=found.run_id,
            dry_run=dry_run,
            headline=found.headline,
            steps=[StepOut.of(one) for one in found.steps],
            more=found.more,
            note=found.note,
        )

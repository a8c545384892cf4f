"""Runs of syncs as clients see them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field

from api.schemas.common import Out, UtcInstant


class State(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    QUARANTINED = "quarantined"


class RunOut(Out):
    """One sync of one link. What the timetable does without news leaves none."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    link_id: UUID
    trigger: str = Field(description="schedule, request or command")
    state: State
    counts: dict[str, int]
    summary: list[str] = Field(description="What changed, in words: + came, ~ moved, - went")
    error: str | None
    created_at: UtcInstant
    started_at: UtcInstant | None
    finished_at: UtcInstant | None


RUN: dict[str, Any] = {
    "id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be130",
    "link_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be111",
    "trigger": "request",
    "state": "done",
    "counts": {"added": 1, "changed": 0, "removed": 1, "conflicts_opened": 0, "conflicts_closed": 0},
    "summary": ["+ 2027-07-01 to 2027-07-04 on Room 1", "- 2027-06-10 to 2027-06-12"],
    "error": None,
    "created_at": "2026-11-21T12:00:00Z",
    "started_at": "2026-11-21T12:00:01Z",
    "finished_at": "2026-11-21T12:00:02Z",
}
QUEUED: dict[str, Any] = RUN | {
    "state": "queued",
    "counts": {},
    "summary": [],
    "started_at": None,
    "finished_at": None,
}

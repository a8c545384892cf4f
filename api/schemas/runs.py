"""Runs of syncs as clients see them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from api.schemas.common import Out, UtcInstant
from hub.models.records import SyncRun
from sync.bulk import Shown
from sync.planning import progress as planning
from sync.planning.progress import Progress


class State(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    QUARANTINED = "quarantined"
    RETRIED = "retried"


class LeftOutOut(Out):
    """A link that matches and is not synced now."""

    link_id: UUID
    code: str
    words: str = Field(description="Why, with what to do about it")


class ProgressOut(Out):
    """How the syncs of a run of many links stand, each by itself in `children`."""

    total: int
    done: int
    failed: int
    changed: int = Field(description="Links of which a sync that ended changed anything")
    running: int
    queued: int
    cancelled: int
    retried: int = Field(description="Failed and asked for again; others count in their place")
    rate: float = Field(
        description="Links a second: in the last half minute, or over all of a run that ended"
    )
    seconds_left: int | None = Field(description="Null where nothing tells")
    resting_until: UtcInstant | None = Field(
        description="Where all that is left waits because its channels asked for it: until when. Else null"
    )

    @classmethod
    def of(cls, found: Progress) -> ProgressOut:
        names = ("total", "done", "failed", "changed", "running", "queued", "cancelled", "retried")
        counted = {name: getattr(found.tally, name) for name in names}
        until = found.resting.until if found.resting is not None else None
        return cls(**counted, rate=found.rate, seconds_left=found.seconds_left, resting_until=until)


class RunOut(Out):
    """
    One sync of one link, or a run of many. What the timetable does without news leaves none.

    A run of many has no link, but `progress`; it is `failed` where one of its syncs did, and `cancelled` as
    soon as somebody said so: what is at work then ends by itself, and `finished_at` is null until it has.
    """

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    link_id: UUID | None = Field(description="Null for a run of many links")
    parent_id: UUID | None = Field(description="The run of many links that this sync belongs to")
    trigger: str = Field(description="schedule, request, command, check or notice")
    state: State
    counts: dict[str, int] = Field(description="Of a run of many: of all its syncs together")
    headline: str = Field(description="What changed, in one line")
    changed: bool
    summary: list[str] = Field(description="What changed, in words: + came, ~ moved, - went")
    error: str | None
    criteria: dict[str, Any] | None = Field(description="Of a run of many: what was asked for")
    mode: Literal["pull", "push", "both"] | None
    left_out: list[LeftOutOut] = Field(description="Links that rest, or were named and only export a feed")
    progress: ProgressOut | None = Field(description="Of a run of many")
    created_at: UtcInstant
    started_at: UtcInstant | None
    finished_at: UtcInstant | None

    @classmethod
    def single(cls, run: SyncRun) -> RunOut:
        """A sync of one link."""
        return cls.of(Shown(run, None, run.counts))

    @classmethod
    def of(cls, shown: Shown) -> RunOut:
        run, progress = shown.run, shown.progress
        fields = {
            name: getattr(run, name) for name in cls.model_fields if name not in ("progress", "left_out")
        }
        if progress is not None:
            fields |= {
                "state": progress.state,
                "counts": shown.counts,
                "headline": planning.headline(progress.tally),
                "changed": progress.tally.changed > 0,
                "started_at": progress.started_at,
                "finished_at": progress.finished_at,
            }
        left_out = [
            LeftOutOut(link_id=UUID(one["link_id"]), code=one["code"], words=one["message"])
            for one in run.left_out or ()
        ]
        told = ProgressOut.of(progress) if progress is not None else None
        return cls.model_validate(fields | {"left_out": left_out, "progress": told})


RUN: dict[str, Any] = {
    "id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be130",
    "link_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be111",
    "parent_id": None,
    "trigger": "request",
    "state": "done",
    "counts": {"added": 1, "changed": 0, "removed": 1, "conflicts_opened": 0, "conflicts_closed": 0},
    "headline": "+1 stay, -1 freed 2 nights",
    "changed": True,
    "summary": ["+ 2027-07-01 to 2027-07-04 on Room 1", "- 2027-06-10 to 2027-06-12"],
    "error": None,
    "criteria": None,
    "mode": None,
    "left_out": [],
    "progress": None,
    "created_at": "2026-11-21T12:00:00Z",
    "started_at": "2026-11-21T12:00:01Z",
    "finished_at": "2026-11-21T12:00:02Z",
}
QUEUED: dict[str, Any] = RUN | {
    "state": "queued",
    "counts": {},
    "headline": "",
    "changed": False,
    "summary": [],
    "started_at": None,
    "finished_at": None,
}
CHILD: dict[str, Any] = RUN | {
    "id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be132",
    "parent_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be131",
}
MANY: dict[str, Any] = RUN | {
    "id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be131",
    "link_id": None,
    "state": "running",
    "counts": {"added": 31, "changed": 2, "removed": 4},
    "headline": "41 of 60 links synced, 12 changed, 1 failed",
    "summary": [],
    "criteria": {"categories": ["room"]},
    "mode": "both",
    "left_out": [
        {
            "link_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be113",
            "code": "not_active",
            "words": "this link is paused (by hand); resume it first",
        }
    ],
    "progress": {
        "total": 60,
        "done": 40,
        "failed": 1,
        "changed": 12,
        "running": 4,
        "queued": 15,
        "cancelled": 0,
        "retried": 0,
        "rate": 6.4,
        "seconds_left": 3,
        "resting_until": None,
    },
    "finished_at": None,
}
ASKED: dict[str, Any] = MANY | {
    "state": "queued",
    "counts": {},
    "headline": "0 of 60 links synced, 0 changed",
    "changed": False,
    "progress": MANY["progress"]
    | {"done": 0, "failed": 0, "changed": 0, "running": 0, "queued": 60, "rate": 0.0, "seconds_left": None},
    "started_at": None,
}

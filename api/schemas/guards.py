"""What waits on a link to be freed, as clients see it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field

from api.schemas.common import Day, Out, UtcInstant
from sync.guarded import Held
from sync.guarding import Action

MOST_EVENTS = 1000
"""That are told, and that one decision may name"""

GUARD: dict[str, Any] = {
    "link_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be111",
    "tripped": True,
    "why": "the calendar is empty although 1 stay was held: 3 nights, 2027-07-01 to 2027-07-04, would be free"
    "; 2 more readings must agree",
    "since": "2026-11-21T12:00:00Z",
    "freed_at": "2026-11-21T12:30:00Z",
    "total": 1,
    "events": [
        {
            "event_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be112",
            "kind": "event",
            "first": "2027-07-01",
            "after": "2027-07-04",
            "starts_at": "2027-06-30T22:00:00Z",
            "ends_at": "2027-07-03T22:00:00Z",
            "unit_ids": ["0198c2f0-6c1e-7b7a-9f00-3d2c5a9be103"],
            "missing_since": "2026-11-21T12:00:00Z",
            "reads": 1,
            "needs": 3,
            "freed_at": "2026-11-21T12:30:00Z",
        }
    ],
    "ways": [
        {"action": "release", "words": "it is free at once, and can be sold"},
        {
            "action": "keep",
            "words": "it stays taken until the channel tells it again, or somebody releases it",
        },
    ],
}


class Kind(StrEnum):
    EVENT = "event"
    BOOKING_ITEM = "booking_item"
    BLACKOUT = "blackout"


class WaitingOut(Out):
    """One thing that would be free. Its words are not told here: they may name a guest."""

    model_config = ConfigDict(from_attributes=True)

    event_id: UUID | None = Field(description="Null for what is ours, and was deleted in the calendar")
    kind: Kind
    first: Day | None = Field(description="Of what lasts whole days; null for the rest")
    after: Day | None
    starts_at: UtcInstant
    ends_at: UtcInstant
    unit_ids: list[UUID] = Field(description="The units that it takes")
    missing_since: UtcInstant
    reads: int = Field(description="Readings in a row without it that count")
    needs: int = Field(description="How many it takes; they count a quarter of an hour apart")
    freed_at: UtcInstant | None = Field(
        description="When it is free at the earliest, if every reading from now on agrees; null while the"
        " link is not read"
    )


class WayOut(Out):
    model_config = ConfigDict(from_attributes=True)

    action: Action | None = Field(description="For accept-guard; null for what is done at the channel")
    words: str = Field(description="What comes of it")


class GuardOut(Out):
    link_id: UUID
    tripped: bool = Field(description="Whether so much went at once that the link is guarded")
    why: str | None = Field(description="In plain words; null where nothing waits")
    since: UtcInstant | None
    freed_at: UtcInstant | None = Field(description="When the last of them is free, in the same way")
    total: int
    events: list[WaitingOut] = Field(description="The first 1000, by their beginning")
    ways: list[WayOut]

    @classmethod
    def of(cls, held: Held) -> GuardOut:
        guard = held.guard
        return cls(
            link_id=held.link.id,
            tripped=guard is not None and guard.tripped,
            why=guard.why if guard is not None else None,
            since=guard.since if guard is not None else None,
            freed_at=held.freed_at,
            total=len(held.events),
            events=[WaitingOut.model_validate(one) for one in held.events[:MOST_EVENTS]],
            ways=[WayOut.model_validate(way) for way in held.ways],
        )

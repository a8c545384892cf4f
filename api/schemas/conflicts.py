"""Conflicts between what we sold and what channels say, as clients see them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field

from api.schemas.common import Out, UtcInstant


class State(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class ConflictOut(Out):
    """Two truths about one unit. Both are kept, and the unit stays closed, until one of them goes."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    type: str = Field(description="EXTERNAL_OVERLAP: with a booking; UNPLACED: no unit was left for it")
    state: State
    link_id: UUID
    event_id: UUID
    unit_id: UUID | None
    booking_id: UUID | None
    item_id: UUID | None
    starts_at: UtcInstant
    ends_at: UtcInstant
    local: dict[str, Any] = Field(description="What we had")
    remote: dict[str, Any] = Field(description="What the channel said")
    opened_at: UtcInstant
    closed_at: UtcInstant | None
    resolution: str | None

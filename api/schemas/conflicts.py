"""Conflicts between what we sold and what channels say, as clients see them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field

from api.schemas.common import In, Out, UtcInstant
from hub.models.external import ConflictRecord
from hub.vault import Vault
from sync.resolving import Action


class State(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class ResolveIn(In):
    """A person's word on an event of ours that was deleted in its calendar."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"action": "show"}]})

    action: Action = Field(description="show: it is put back, again if need be; hide: it stays away")


class TextOut(Out):
    summary: str
    description: str


class TextsOut(Out):
    """What both sides of an event of ours said; null for a side that was gone."""

    local: TextOut | None
    remote: TextOut | None


class ConflictOut(Out):
    """
    Two truths about one unit, or about one event of ours. Of a unit both are kept, and it stays closed, until
    one of them goes; of an event of ours one was chosen, and both can be read here.
    """

    id: UUID
    type: str = Field(
        description="EXTERNAL_OVERLAP: with a booking; UNPLACED: no unit was left for it. Of events of ours: "
        "MIRROR_DELETED: deleted there, a person decides; REMOTE_MOVE_REJECTED, BOTH_CHANGED, "
        "DELETE_VS_EDIT: settled already, to be read"
    )
    state: State
    link_id: UUID
    event_id: UUID | None = Field(description="Of others; null where it is about an event of ours")
    sync_item_id: UUID | None = Field(description="The event of ours that it is about")
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
    texts: TextsOut | None = Field(
        description="What an event of ours said on both sides; only for who may read bookings"
    )

    @classmethod
    def of(cls, row: ConflictRecord, vault: Vault, *, with_texts: bool) -> ConflictOut:
        told = {name: getattr(row, name) for name in cls.model_fields if name != "texts"}
        sealed = row.sealed if with_texts else None
        texts = TextsOut.model_validate(vault.open(sealed)) if sealed is not None else None
        return cls(**told, texts=texts)

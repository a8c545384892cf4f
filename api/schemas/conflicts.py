"""Conflicts between what we sold and what channels say, as clients see them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from api.schemas.common import Note, Out, UtcInstant
from api.schemas.spans import SpanIn, span_given, span_in
from hub.models.external import ConflictRecord
from hub.vault import Vault
from sync.case import Said
from sync.planning.conflict_words import sentence
from sync.planning.stakes import Action
from sync.planning.ways_out import Way
from sync.sides import Both


class State(StrEnum):
    OPEN = "open"
    IGNORED = "ignored"
    ACCEPTED = "accepted"
    CLOSED = "closed"


class Type(StrEnum):
    EXTERNAL_OVERLAP = "EXTERNAL_OVERLAP"
    UNPLACED = "UNPLACED"
    UNPARSEABLE = "UNPARSEABLE"
    GUARD_TRIPPED = "GUARD_TRIPPED"
    MIRROR_DELETED = "MIRROR_DELETED"
    REMOTE_MOVE_REJECTED = "REMOTE_MOVE_REJECTED"
    BOTH_CHANGED = "BOTH_CHANGED"
    DELETE_VS_EDIT = "DELETE_VS_EDIT"


class ResolveIn(SpanIn):
    """One of the conflict's ways out: its action, with its parameters."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "action": "move_booking",
                    "unit_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be106",
                    "seen": "6f1d2c0b9a8e7f65",
                }
            ]
        }
    )

    action: Action = Field(description="One that `ways_out` offers")
    unit_id: UUID | None = Field(None, description="For move_booking, move_event and move_blackout")
    event_id: UUID | None = Field(
        None, description="Where both sides are channels: whose event; the later one where it is not said"
    )
    reason: Annotated[Note | None, Field(description="For cancel_booking; staff's own words")] = None
    seen: Annotated[str, Field(max_length=200)] | None = Field(
        None, description="The `fingerprint` that you looked at: 409 where a side has changed since"
    )

    def said(self) -> Said:
        return Said(
            action=self.action,
            unit_id=self.unit_id,
            span=span_in(self) if span_given(self) else None,
            event_id=self.event_id,
            reason=self.reason,
            seen=self.seen,
        )


class TextOut(Out):
    summary: str
    description: str


class TextsOut(Out):
    """What both sides of an event of ours said; null for a side that was gone."""

    local: TextOut | None
    remote: TextOut | None


class WayOut(Out):
    """What can be done about it now: send `action` and `parameters` to resolve."""

    action: Action
    words: str
    parameters: dict[str, str]
    recommended: bool

    @classmethod
    def all_of(cls, ways: Sequence[Way]) -> list[WayOut]:
        """The best comes first."""
        return [
            cls(action=way.action, words=way.words, parameters=dict(way.parameters), recommended=place == 0)
            for place, way in enumerate(ways)
        ]


class ConflictOut(Out):
    """
    Two truths about one unit, or about one event of ours. Of a unit both are kept, and it stays closed, until
    one of them goes; of an event of ours one was chosen, and both can be read here.
    """

    id: UUID
    type: str = Field(
        description="EXTERNAL_OVERLAP: with a booking, a blackout or another channel; UNPLACED: no unit was "
        "left for it; UNPARSEABLE: it was understood only in part; GUARD_TRIPPED: a calendar lost much at "
        "once. Of events of ours: MIRROR_DELETED: deleted there, a person decides; REMOTE_MOVE_REJECTED, "
        "BOTH_CHANGED, DELETE_VS_EDIT: settled already, to be read"
    )
    state: State = Field(
        description="open: somebody decides; ignored: put aside until a side changes; accepted: lived with "
        "while it lasts; closed"
    )
    words: str = Field(description="What it is, in a sentence")
    link_id: UUID
    event_id: UUID | None = Field(description="Of others; null where it is about an event of ours")
    sync_item_id: UUID | None = Field(description="The event of ours that it is about")
    unit_id: UUID | None
    booking_id: UUID | None
    item_id: UUID | None
    blackout_id: UUID | None
    other_event_id: UUID | None = Field(description="Where both sides are channels: what was here first")
    starts_at: UtcInstant
    ends_at: UtcInstant
    local: dict[str, Any] = Field(description="What we had, its source and when it was last seen")
    remote: dict[str, Any] = Field(description="What the channel said, and when it was last seen to say so")
    fingerprint: str = Field(description="Of both sides: another one means that one of them changed")
    opened_at: UtcInstant
    closed_at: UtcInstant | None
    resolution: str | None
    texts: TextsOut | None = Field(
        description="What an event of ours said on both sides; only for who may read bookings"
    )
    ways_out: list[WayOut] = Field(
        description="What can be done now, and by whom asks, the best first; none where it settles itself"
    )

    @classmethod
    def of(
        cls,
        row: ConflictRecord,
        both: Both,
        vault: Vault,
        *,
        with_texts: bool,
        ways_out: Sequence[Way] = (),
        unit: str | None = None,
    ) -> ConflictOut:
        apart = {"texts", "ways_out", "words", "local", "remote"}
        told = {name: getattr(row, name) for name in cls.model_fields.keys() - apart}
        told |= {"local": both.local, "remote": both.remote}
        sealed = row.sealed if with_texts else None
        texts = TextsOut.model_validate(vault.open(sealed)) if sealed is not None else None
        words = sentence(row.type, row.local, row.remote, unit)
        return cls(**told, texts=texts, words=words, ways_out=WayOut.all_of(ways_out))


class CountOut(Out):
    property_id: UUID
    type: str
    state: State
    number: int


class SummaryOut(Out):
    """All that stand."""

    open: int = Field(description="Somebody must decide")
    items: list[CountOut] = Field(description="By property, type and state")

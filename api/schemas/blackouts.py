"""Blackouts as clients send and see them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import ConfigDict

from api.schemas.common import Prose, UtcInstant
from api.schemas.spans import SpanIn, SpanOut, span_given, span_in, span_out
from hub.models.bookings import Blackout
from hub.services.asking import span_of
from hub.services.blackouts import BlackoutRequest


class Kind(StrEnum):
    MAINTENANCE = "maintenance"
    OWNER_STAY = "owner_stay"
    CLOSED = "closed"


NEW_BLACKOUT: dict[str, Any] = {
    "unit_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be103",
    "kind": "maintenance",
    "arrival": "2027-02-01",
    "departure": "2027-02-05",
    "note": "new boiler",
}


class NewBlackout(SpanIn):
    """A unit, or a composite with all its parts, off the market for nights or hours."""

    model_config = ConfigDict(json_schema_extra={"examples": [NEW_BLACKOUT]})

    unit_id: UUID
    kind: Kind
    note: Prose | None = None

    def request(self) -> BlackoutRequest:
        return BlackoutRequest(self.unit_id, span_in(self), self.kind.value, self.note)


class BlackoutPatch(SpanIn):
    """What is not said stays as it is; dates change together."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"kind": "closed", "note": "until spring"}]})

    unit_id: UUID | None = None
    kind: Kind | None = None
    note: Prose | None = None

    def request(self, row: Blackout, note: str | None) -> BlackoutRequest:
        """All of the blackout as it shall be."""
        return BlackoutRequest(
            unit_id=self.unit_id or row.unit_id,
            span=span_in(self) if span_given(self) else span_of(row),
            kind=self.kind.value if self.kind else row.kind,
            note=self.note if "note" in self.model_fields_set else note,
        )


class BlackoutOut(SpanOut):
    id: UUID
    property_id: UUID
    unit_id: UUID
    kind: Kind
    note: str | None
    version: int
    created_at: UtcInstant
    updated_at: UtcInstant

    @classmethod
    def of(cls, row: Blackout, note: str | None) -> BlackoutOut:
        return cls.model_validate(
            {
                "id": row.id,
                "property_id": row.property_id,
                "unit_id": row.unit_id,
                "kind": row.kind,
                "note": note,
                "version": row.version,
                "created_at": row.created_at,
                "updated_at": row.updated_at,
                **span_out(row),
            }
        )

"""What a sync read, as clients see it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import Field

from api.schemas.common import Out, UtcInstant
from hub.queries.payloads import Stored


class PayloadOut(Out):
    """One answer of a channel. The same bytes are kept once, whichever syncs read them."""

    id: UUID
    media_type: str = Field(description="text/calendar, application/json, or what could not be read")
    size: int = Field(description="Bytes")
    hash: str = Field(description="Keyed: equal for equal bytes of this organization")
    first_at: UtcInstant
    last_at: UtcInstant = Field(description="When a sync read it last")

    @classmethod
    def of(cls, row: Stored) -> PayloadOut:
        return cls(
            id=row.id,
            media_type=row.media_type,
            size=row.size,
            hash=bytes(row.digest).hex(),
            first_at=row.first_at,
            last_at=row.last_at,
        )


class PayloadList(Out):
    items: list[PayloadOut]


PAYLOAD: dict[str, Any] = {
    "id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be131",
    "media_type": "text/calendar",
    "size": 4211,
    "hash": "5f0c9d7b3a5e4d1f8c6b2a1908f7e6d5c4b3a29180f7e6d5c4b3a29180f7e6d5",
    "first_at": "2026-11-21T12:00:01Z",
    "last_at": "2026-11-21T12:00:01Z",
}

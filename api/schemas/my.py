"""What a guest is shown of their own bookings: nothing that staff wrote for each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pydantic import Field

from api.schemas.common import Out, UtcInstant
from api.schemas.spans import SpanOut, span_out
from hub.domain.lifecycle import Status
from hub.models.bookings import Booking, BookingItem

MY_BOOKING: dict[str, Any] = {
    "reference": "7KQ2M9XA",
    "property_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be101",
    "status": "confirmed",
    "guests": 2,
    "items": [
        {
            "unit_type_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be102",
            "arrival": "2027-07-01",
            "departure": "2027-07-04",
            "starts_at": None,
            "ends_at": None,
        }
    ],
    "hold_until": None,
    "cancelled_at": None,
    "created_at": "2026-11-21T12:00:00Z",
}


class MyItem(SpanOut):
    unit_type_id: UUID


class MyBooking(Out):
    reference: str = Field(description="What to quote")
    property_id: UUID
    status: Status
    guests: int
    items: list[MyItem]
    hold_until: UtcInstant | None
    cancelled_at: UtcInstant | None
    created_at: UtcInstant

    @classmethod
    def of(cls, row: Booking, items: Sequence[BookingItem]) -> MyBooking:
        return cls(
            reference=row.reference,
            property_id=row.property_id,
            status=Status(row.status),
            guests=row.guests,
            items=[
                MyItem.model_validate({"unit_type_id": item.unit_type_id, **span_out(item)}) for item in items
            ],
            hold_until=row.hold_until,
            cancelled_at=row.cancelled_at,
            created_at=row.created_at,
        )

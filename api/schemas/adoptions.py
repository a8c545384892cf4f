"""What a client says of an event that becomes a booking."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field

from api.schemas.bookings import FirstStatus, GuestIn, Guests
from api.schemas.common import In
from hub.domain.lifecycle import Status
from sync.adopting import Adoption

ADOPTION: dict[str, Any] = {
    "guest": {"name": "Ada Lovelace", "email": "ada@example.com"},
    "guests": 2,
    "status": "confirmed",
    "unit_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be103",
}


class AdoptionIn(In):
    """What the event does not say."""

    model_config = ConfigDict(json_schema_extra={"examples": [ADOPTION]})

    guest: GuestIn | None = Field(None, description="What the event says of them is not kept: say it here")
    guests: Guests = 1
    status: FirstStatus = FirstStatus.CONFIRMED
    unit_id: UUID | None = Field(None, description="The unit that the event has, if it is not said")

    def adoption(self) -> Adoption:
        return Adoption(
            status=Status(self.status.value),
            guests=self.guests,
            guest=self.guest.fields() if self.guest else None,
            unit_id=self.unit_id,
        )

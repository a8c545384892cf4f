"""Bookings as clients send and see them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from api.schemas.common import Count, In, Line, Note, Out, Prose, UtcInstant
from api.schemas.spans import SpanIn, SpanOut, span_given, span_in, span_out
from hub.domain.evidence import CheckState
from hub.domain.lifecycle import Status
from hub.models.bookings import Booking, BookingItem
from hub.services.asking import ItemRequest
from hub.services.bookings import BookingRequest
from hub.services.guests import GuestFields
from hub.services.rebooking import MoveRequest

Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,49}$")]
Guests = Annotated[Count, Field(ge=1, le=1000, description="How many people come")]


class FirstStatus(StrEnum):
    """What a booking may be made as."""

    HELD = "held"
    CONFIRMED = "confirmed"


class GuestIn(In):
    """Who comes; all but the name may be unknown."""

    name: Line
    email: Annotated[str, Field(max_length=320)] | None = None
    phone: Annotated[str, Field(max_length=40)] | None = Field(
        None, description="With its country: +34 600 123 456"
    )
    note: Prose | None = None

    def fields(self) -> GuestFields:
        return GuestFields(**self.model_dump())


class GuestOut(Out):
    name: str
    email: str | None
    phone: str | None
    note: str | None


class ItemIn(SpanIn):
    """One unit, or any of a type, for nights or hours."""

    unit_id: UUID | None = None
    unit_type_id: UUID | None = None

    def request(self, field: str) -> ItemRequest:
        return ItemRequest(span_in(self, field), self.unit_id, self.unit_type_id)


class ItemOut(SpanOut):
    id: UUID
    unit_type_id: UUID
    unit_id: UUID = Field(description="The unit that was asked for, or that was found")
    pinned: bool = Field(description="Never moved to another unit to make room")


NEW_BOOKING: dict[str, Any] = {
    "property_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be101",
    "items": [
        {
            "unit_type_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be102",
            "arrival": "2027-07-01",
            "departure": "2027-07-04",
        }
    ],
    "guests": 2,
    "status": "confirmed",
    "source": "phone",
    "guest": {"name": "Ada Lovelace", "email": "ada@example.com", "phone": "+34 600 123 456"},
}


class NewBooking(In):
    """All items are booked, or none."""

    model_config = ConfigDict(json_schema_extra={"examples": [NEW_BOOKING]})

    property_id: UUID
    items: Annotated[tuple[ItemIn, ...], Field(min_length=1, max_length=100)]
    guests: Guests = 1
    guest: GuestIn | None = None
    status: FirstStatus = FirstStatus.CONFIRMED
    source: Slug = Field("direct", description="direct, phone, walk_in, or a channel's slug")
    hold_minutes: Annotated[Count, Field(ge=1, le=1440)] | None = Field(
        None, description="How long a held booking is held; the property's own time if it is not said"
    )

    def request(self) -> BookingRequest:
        return BookingRequest(
            property_id=self.property_id,
            items=tuple(item.request(f"items[{n}]") for n, item in enumerate(self.items)),
            guests=self.guests,
            guest=self.guest.fields() if self.guest else None,
            status=Status(self.status.value),
            source=self.source,
            hold_minutes=self.hold_minutes,
        )


class BookingPatch(In):
    """Who comes, and how many; units and dates change by `move`."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"guests": 3}]})

    guests: Guests | None = None
    guest: GuestIn | None = Field(None, description="Replaces all that was known of the guest")


class Cancellation(In):
    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "the guest fell ill"}]})

    reason: Note | None = None


class MoveIn(SpanIn):
    """Where one item goes; what is not said stays as it is."""

    item_id: UUID
    unit_id: UUID | None = None
    unit_type_id: UUID | None = None

    def request(self, field: str) -> MoveRequest:
        span = span_in(self, field) if span_given(self) else None
        return MoveRequest(self.item_id, self.unit_id, self.unit_type_id, span)


MOVE: dict[str, Any] = {
    "items": [
        {
            "item_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be104",
            "unit_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be103",
            "arrival": "2027-07-02",
            "departure": "2027-07-05",
        }
    ]
}


class Moves(In):
    """Items to move, all or none; or another booking to swap units with."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [MOVE, {"swap_with": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be105"}]}
    )

    items: Annotated[tuple[MoveIn, ...], Field(max_length=100)] = ()
    swap_with: UUID | None = None


class CheckStateOut(Out):
    """How it stands with the channels that could contradict it."""

    state: CheckState = Field(
        description="unchecked: nobody was to be asked; verified: all answered; flagged: accepted although "
        "one did not; awaiting: held until all have answered"
    )
    at: UtcInstant | None = Field(description="When they were asked last")


class BookingOut(Out):
    id: UUID
    reference: str = Field(description="What the guest quotes")
    property_id: UUID
    status: Status
    source: str
    guests: int
    guest_id: UUID | None = Field(description="Where there is one but no `guest`, the person was erased")
    guest: GuestOut | None
    items: list[ItemOut]
    hold_until: UtcInstant | None
    check: CheckStateOut
    cancelled_at: UtcInstant | None
    cancel_reason: str | None
    version: int
    created_at: UtcInstant
    updated_at: UtcInstant

    @classmethod
    def of(
        cls,
        row: Booking,
        items: tuple[BookingItem, ...],
        guest: GuestFields | None,
        cancel_reason: str | None,
    ) -> BookingOut:
        return cls(
            id=row.id,
            reference=row.reference,
            property_id=row.property_id,
            status=Status(row.status),
            source=row.source,
            guests=row.guests,
            guest_id=row.guest_id,
            guest=GuestOut(name=guest.name, email=guest.email, phone=guest.phone, note=guest.note)
            if guest
            else None,
            items=[
                ItemOut.model_validate(
                    {
                        "id": item.id,
                        "unit_type_id": item.unit_type_id,
                        "unit_id": item.unit_id,
                        "pinned": item.pinned,
                        **span_out(item),
                    }
                )
                for item in items
            ],
            hold_until=row.hold_until,
            check=CheckStateOut(state=CheckState(row.check_state), at=row.check_at),
            cancelled_at=row.cancelled_at,
            cancel_reason=cancel_reason,
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

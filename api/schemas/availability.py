"""What is free, and the calendar."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from api.schemas.common import Day, Out
from api.schemas.spans import SpanIn, SpanOut
from hub.domain.availability import Cause
from hub.domain.periods import LetBy
from hub.errors import Reason
from hub.services.availability import TypeAvailability


class AvailabilityQuery(SpanIn):
    property_id: UUID
    unit_type_id: UUID | None = Field(None, description="This type alone")
    guests: Annotated[int, Field(ge=1, le=1000)] = 1


class ReasonOut(Out):
    """Why not: the same shape as an error of a problem."""

    code: str
    message: str
    field: str | None
    facts: dict[str, Any]

    @classmethod
    def of(cls, reason: Reason) -> ReasonOut:
        return cls(code=reason.code, message=reason.message, field=reason.field, facts=reason.facts)


class UnitName(Out):
    id: UUID
    name: str


class TypeOut(Out):
    unit_type_id: UUID
    name: str
    let_by: LetBy
    capacity: int = Field(description="Guests in one unit")
    free: int = Field(description="How many units can be had for the whole time")
    units: list[UnitName] = Field(description="Those units")
    reasons: list[ReasonOut] = Field(description="Why none can be had; empty otherwise")

    @classmethod
    def of(cls, row: TypeAvailability) -> TypeOut:
        return cls(
            unit_type_id=row.unit_type_id,
            name=row.name,
            let_by=row.let_by,
            capacity=row.capacity,
            free=row.free,
            units=[UnitName(id=unit.id, name=unit.name) for unit in row.units],
            reasons=[ReasonOut.of(reason) for reason in row.reasons],
        )


class AvailabilityOut(SpanOut):
    property_id: UUID
    guests: int
    items: list[TypeOut]


class BusyOut(Out):
    """Days, half-open, on which something takes the unit."""

    first: Day
    after: Day
    cause: Cause
    reference: UUID | None = Field(description="The booking, the blackout or the channel's event")


class UnitCalendarOut(Out):
    unit_id: UUID
    unit_type_id: UUID
    name: str
    type_name: str
    category: str
    let_by: LetBy
    busy: list[BusyOut]


class CalendarOut(Out):
    property_id: UUID
    from_: Day = Field(serialization_alias="from")
    to: Day
    items: list[UnitCalendarOut]

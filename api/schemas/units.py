"""Units as clients send and see them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from api.schemas.common import Count, In, Line, Out, Prose, UtcInstant
from hub.models.properties import Unit
from hub.services import units


class UnitStatus(StrEnum):
    READY = "ready"
    OCCUPIED = "occupied"
    CLEANING = "cleaning"
    MAINTENANCE = "maintenance"


NEW_UNIT: dict[str, Any] = {"unit_type_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be102", "name": "Room 1"}
NEW_DORM: dict[str, Any] = {**NEW_UNIT, "name": "Bed {n}", "count": 12}


Parts = Annotated[
    tuple[UUID, ...],
    Field(max_length=200, description="Units that are sold together as this one; none of them has parts"),
]


class UnitIn(In):
    """One unit; or, with `count`, as many, whose names take the lowest free numbers in the place of {n}."""

    model_config = ConfigDict(json_schema_extra={"examples": [NEW_UNIT, NEW_DORM]})

    unit_type_id: UUID
    name: Line
    count: Annotated[Count, Field(ge=1, le=units.MOST_AT_ONCE)] | None = None
    status: UnitStatus = UnitStatus.READY
    description: Prose = ""
    parts: Parts = ()

    def request(self) -> units.NewUnit:
        return units.NewUnit(self.unit_type_id, self.name, self.status.value, self.description, self.parts)


class UnitPatch(In):
    """What is not said stays as it is. Parts replace the old ones; an empty list makes it a plain unit."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "cleaning"}]})

    name: Line | None = None
    status: UnitStatus | None = None
    description: Prose | None = None
    parts: Parts | None = None

    def request(self) -> units.UnitChanges:
        status = self.status.value if self.status else None
        return units.UnitChanges(self.name, status, self.description, self.parts)


class UnitOut(Out):
    id: UUID
    property_id: UUID
    unit_type_id: UUID
    name: str
    status: str
    description: str
    parts: list[UUID] = Field(description="What it is made of; empty for a plain unit")
    version: int
    created_at: UtcInstant
    updated_at: UtcInstant
    archived_at: UtcInstant | None

    @classmethod
    def of(cls, row: Unit, parts: tuple[UUID, ...]) -> UnitOut:
        columns = {name: getattr(row, name) for name in cls.model_fields if name != "parts"}
        return cls(**columns, parts=list(parts))

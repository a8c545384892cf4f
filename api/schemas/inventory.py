"""Properties and unit types as clients send and see them."""

from __future__ import annotations

import re
from datetime import time
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from api.schemas.common import Code, Count, In, Line, Out, Prose, UtcInstant
from hub.domain.evidence import Policy
from hub.domain.periods import LetBy
from hub.models.properties import Property, UnitType
from hub.services import properties, unit_types

_WALL = re.compile(r"\d{2}:\d{2}(:\d{2})?")


def _written_as_wall_time(value: Any) -> Any:
    if isinstance(value, time) or (isinstance(value, str) and _WALL.fullmatch(value)):
        return value
    raise PydanticCustomError("invalid_time", "write a time on the property's wall as 15:00")


_AS_WALL_TIME = WithJsonSchema(
    # The format "time" of JSON Schema has an offset, which a time on a wall has not.
    {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$", "examples": ["15:00"]}
)

WallTime = Annotated[time, BeforeValidator(_written_as_wall_time), _AS_WALL_TIME]
"""A time of day as text, without an offset: 15:00"""
ShownTime = Annotated[time, _AS_WALL_TIME]

Amenities = Annotated[list[Line], Field(max_length=100)]
HoldMinutes = Annotated[Count, Field(ge=1, le=1440, description="How long a hold lasts if nobody says")]
Guests = Annotated[
    Count, Field(ge=1, le=unit_types.MOST_GUESTS, description="How many one unit has room for")
]
Turnaround = Annotated[
    Count,
    Field(
        ge=0,
        le=unit_types.LONGEST_TURNAROUND,
        description="Kept free after each stay: nights, or hours, as it is let. If nobody says, no night,"
        " and by the hour 2 for cars, 4 for yachts, 6 for jets, 12 for all else",
    ),
]
Zone = Annotated[str, Field(max_length=64, description="IANA name", examples=["Europe/Madrid"])]
SlugText = Annotated[
    str, Field(max_length=200, description="In public addresses; unique in the whole hub. Made of the name")
]


class Category(StrEnum):
    ROOM = "room"
    DORM_BED = "dorm_bed"
    HOME = "home"
    CAR = "car"
    YACHT = "yacht"
    JET = "jet"
    OTHER = "other"


NEW_PROPERTY: dict[str, Any] = {
    "name": "Casa Azul",
    "time_zone": "Europe/Madrid",
    "check_in": "15:00",
    "check_out": "11:00",
    "description": "A small hotel by the sea",
    "address": {"line1": "Calle Mayor 1", "city": "Cádiz", "postal_code": "11001", "country": "ES"},
    "amenities": ["wifi", "pool"],
}
NEW_UNIT_TYPE: dict[str, Any] = {
    "property_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be101",
    "name": "Double room",
    "category": "room",
    "let_by": "night",
    "capacity": 2,
}


class Address(In):
    line1: Line | None = None
    line2: Line | None = None
    city: Line | None = None
    region: Line | None = None
    postal_code: Code | None = None
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2")] | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None

    def kept(self) -> dict[str, Any]:
        return self.model_dump(exclude_none=True)


CheckAge = Annotated[
    Count,
    Field(ge=0, le=86400, description="A channel that was known so many seconds ago is not asked again"),
]
CheckDeadline = Annotated[
    Count, Field(ge=100, le=20000, description="For how many milliseconds a booking waits for channels")
]
_POLICY = (
    "What it means for a booking that a channel could not be asked in time. off: nobody asks; refuse; flag: "
    "it is accepted, and says so; hold: it is held, and confirmed once the channel has answered"
)


class PropertyIn(In):
    model_config = ConfigDict(json_schema_extra={"examples": [NEW_PROPERTY]})

    name: Line
    time_zone: Zone
    slug: SlugText | None = None
    check_in: WallTime = time(15)
    check_out: WallTime = time(11)
    hold_minutes: HoldMinutes = 15
    check_policy: Policy = Field(Policy.FLAG, description=_POLICY)
    check_age_seconds: CheckAge = 1
    check_deadline_ms: CheckDeadline = 2000
    description: Prose = ""
    address: Address = Address()
    amenities: Amenities = Field(default_factory=list)

    def request(self) -> properties.NewProperty:
        return properties.NewProperty(**{**dict(self), "address": self.address.kept()})


class PropertyPatch(In):
    """What is not said stays as it is. An address, or a list of amenities, replaces all of the old one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"check_in": "16:00"}]})

    name: Line | None = None
    time_zone: Zone | None = None
    slug: SlugText | None = None
    check_in: WallTime | None = None
    check_out: WallTime | None = None
    hold_minutes: HoldMinutes | None = None
    check_policy: Policy | None = Field(None, description=_POLICY)
    check_age_seconds: CheckAge | None = None
    check_deadline_ms: CheckDeadline | None = None
    description: Prose | None = None
    address: Address | None = None
    amenities: Amenities | None = None

    def request(self) -> properties.PropertyChanges:
        address = self.address.kept() if self.address else None
        return properties.PropertyChanges(**{**dict(self), "address": address})


class PropertyOut(Out):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    slug: str
    time_zone: str
    check_in: ShownTime
    check_out: ShownTime
    hold_minutes: int
    check_policy: Policy
    check_age_seconds: int
    check_deadline_ms: int
    description: str
    address: dict[str, Any]
    amenities: list[str]
    version: int
    created_at: UtcInstant
    updated_at: UtcInstant
    archived_at: UtcInstant | None

    @classmethod
    def of(cls, row: Property) -> PropertyOut:
        return cls.model_validate(row)


class TypePolicy(StrEnum):
    """A policy, or the property's."""

    PROPERTY = "property"
    OFF = "off"
    FLAG = "flag"
    HOLD = "hold"
    REFUSE = "refuse"


_TYPE_POLICY = f"{_POLICY}; property: all three are the property's"
SafetyMargin = Annotated[
    Count,
    Field(ge=0, le=1000, description="The last units that are not sold while a channel of theirs is stale"),
]


class UnitTypeIn(In):
    model_config = ConfigDict(json_schema_extra={"examples": [NEW_UNIT_TYPE]})

    property_id: UUID
    name: Line
    category: Category
    let_by: LetBy
    capacity: Guests
    turnaround: Turnaround | None = None
    check_policy: TypePolicy | None = Field(None, description=_TYPE_POLICY)
    check_age_seconds: CheckAge | None = None
    check_deadline_ms: CheckDeadline | None = None
    safety_margin: SafetyMargin = 0
    description: Prose = ""
    amenities: Amenities = Field(default_factory=list)

    def request(self) -> unit_types.NewUnitType:
        return unit_types.NewUnitType(**self.model_dump())


class UnitTypePatch(In):
    """What is not said stays as it is. A new turnaround counts for what is sold from now on."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"capacity": 3}]})

    name: Line | None = None
    category: Category | None = None
    let_by: LetBy | None = Field(None, description="Cannot change while anything is sold")
    capacity: Guests | None = None
    turnaround: Turnaround | None = None
    check_policy: TypePolicy | None = Field(None, description=_TYPE_POLICY)
    check_age_seconds: CheckAge | None = None
    check_deadline_ms: CheckDeadline | None = None
    safety_margin: SafetyMargin | None = None
    description: Prose | None = None
    amenities: Amenities | None = None

    def request(self) -> unit_types.UnitTypeChanges:
        return unit_types.UnitTypeChanges(**self.model_dump())


class UnitTypeOut(Out):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    property_id: UUID
    name: str
    category: str
    let_by: str
    turnaround: int
    check_policy: Policy | None = Field(description="Null, like the next two, where the property's holds")
    check_age_seconds: int | None
    check_deadline_ms: int | None
    safety_margin: int
    capacity: int
    description: str
    amenities: list[str]
    version: int
    created_at: UtcInstant
    updated_at: UtcInstant
    archived_at: UtcInstant | None

    @classmethod
    def of(cls, row: UnitType) -> UnitTypeOut:
        return cls.model_validate(row)

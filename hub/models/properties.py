"""Properties, their unit types, units, and what a composite unit is made of."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from hub import clock
from hub.models.base import Owned, belongs_to, of_organization, one_of
from hub.models.checks import CHECK_POLICIES

CATEGORIES = ("room", "dorm_bed", "home", "car", "yacht", "jet", "other")
LET_BY = ("night", "hour")
UNIT_STATUSES = ("ready", "occupied", "cleaning", "maintenance")


class Edited(Owned):
    """What people edit: `version` is its ETag, and two edits of one version cannot both win."""

    __abstract__ = True

    version: Mapped[int] = mapped_column(sort_order=1)
    created_at: Mapped[datetime] = mapped_column(default=lambda: clock.now(), sort_order=2)
    updated_at: Mapped[datetime] = mapped_column(
        default=lambda: clock.now(), onupdate=lambda: clock.now(), sort_order=3
    )

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.version}


class Property(Edited):
    __tablename__ = "properties"
    __table_args__ = (
        of_organization(),
        UniqueConstraint("slug"),
        CheckConstraint("hold_minutes BETWEEN 1 AND 1440", name="hold_minutes"),
        one_of("check_policy", CHECK_POLICIES),
        CheckConstraint("check_age_seconds BETWEEN 0 AND 86400", name="check_age_seconds"),
        CheckConstraint("check_deadline_ms BETWEEN 100 AND 20000", name="check_deadline_ms"),
    )

    name: Mapped[str]
    slug: Mapped[str]
    time_zone: Mapped[str]
    """IANA name"""
    check_in: Mapped[time]
    check_out: Mapped[time]
    hold_minutes: Mapped[int] = mapped_column(default=15)
    description: Mapped[str] = mapped_column(default="")
    address: Mapped[dict[str, Any]] = mapped_column(default=dict)
    amenities: Mapped[list[str]] = mapped_column(default=list)
    archived_at: Mapped[datetime | None]
    check_policy: Mapped[str] = mapped_column(default="flag")
    """What it means for a booking that a channel could not be asked before"""
    check_age_seconds: Mapped[int] = mapped_column(default=1)
    """A channel that was known as of then is not asked again"""
    check_deadline_ms: Mapped[int] = mapped_column(default=2000)
    """How long a booking waits for channels"""


class UnitType(Edited):
    __tablename__ = "unit_types"
    __table_args__ = (
        belongs_to("properties", "property_id"),
        one_of("category", CATEGORIES),
        one_of("let_by", LET_BY),
        CheckConstraint("turnaround BETWEEN 0 AND 168", name="turnaround"),
        CheckConstraint("capacity BETWEEN 1 AND 1000", name="capacity"),
        one_of("check_policy", CHECK_POLICIES),
        CheckConstraint("check_age_seconds BETWEEN 0 AND 86400", name="check_age_seconds"),
        CheckConstraint("check_deadline_ms BETWEEN 100 AND 20000", name="check_deadline_ms"),
        CheckConstraint("safety_margin BETWEEN 0 AND 1000", name="safety_margin"),
        Index(
            "uq_unit_types_name",
            "organization_id",
            "property_id",
            "name",
            unique=True,
            postgresql_where=text("archived_at IS NULL"),
        ),
    )

    property_id: Mapped[UUID]
    name: Mapped[str]
    category: Mapped[str]
    let_by: Mapped[str]
    turnaround: Mapped[int]
    """Nights for what is let by the night, hours for what is let by the hour."""
    capacity: Mapped[int]
    description: Mapped[str] = mapped_column(default="")
    amenities: Mapped[list[str]] = mapped_column(default=list)
    archived_at: Mapped[datetime | None]
    check_policy: Mapped[str | None]
    check_age_seconds: Mapped[int | None]
    check_deadline_ms: Mapped[int | None]
    """Null where the property's holds"""
    safety_margin: Mapped[int] = mapped_column(default=0)
    """The last units of the type that are not sold while a channel that could contradict it is stale"""


class Unit(Edited):
    """What is let: a leaf, or a composite of leaves (`unit_parts`)."""

    __tablename__ = "units"
    __table_args__ = (
        belongs_to("properties", "property_id"),
        belongs_to("unit_types", "unit_type_id"),
        one_of("status", UNIT_STATUSES),
        Index(
            "uq_units_name",
            "organization_id",
            "property_id",
            "name",
            unique=True,
            postgresql_where=text("archived_at IS NULL"),
        ),
        Index(None, "organization_id", "unit_type_id"),
    )

    property_id: Mapped[UUID]
    unit_type_id: Mapped[UUID]
    name: Mapped[str]
    status: Mapped[str] = mapped_column(default="ready")
    description: Mapped[str] = mapped_column(default="")
    archived_at: Mapped[datetime | None]


class UnitPart(Owned):
    """`part_id`, a leaf, is part of the composite `whole_id`."""

    __tablename__ = "unit_parts"
    __table_args__ = (
        belongs_to("units", "whole_id"),
        belongs_to("units", "part_id"),
        UniqueConstraint("organization_id", "whole_id", "part_id"),
        CheckConstraint("whole_id <> part_id", name="not_itself"),
        Index(None, "organization_id", "part_id"),
    )

    whole_id: Mapped[UUID]
    part_id: Mapped[UUID]

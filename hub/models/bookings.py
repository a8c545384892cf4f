"""Bookings, their items and guests; blackouts; and the allocations by which both take units."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.domain.lifecycle import Status
from hub.models.base import Owned, belongs_to, of_organization, one_of
from hub.models.checks import CHECK_STATES
from hub.models.keys import GuestKey
from hub.models.properties import Edited

BLACKOUT_KINDS = ("maintenance", "owner_stay", "closed")


def one_span() -> CheckConstraint:
    """Either dates and their instants, or instants alone; forwards in both."""
    return CheckConstraint(
        "(arrival IS NULL) = (departure IS NULL) AND (arrival IS NULL OR arrival < departure)"
        " AND starts_at < ends_at",
        name="span",
    )


class Guest(Owned):
    """The one table that holds guests' data, sealed under each one's own key; found by blind index only."""

    __tablename__ = "guests"
    __table_args__ = (
        of_organization(),
        Index(None, "organization_id", "email_index"),
        Index(None, "organization_id", "phone_index"),
    )

    sealed: Mapped[bytes]
    """{"name", "email", "phone", "note"}"""
    email_index: Mapped[bytes | None]
    phone_index: Mapped[bytes | None]
    created_at: Mapped[datetime]

    key: Mapped[GuestKey | None] = relationship(
        primaryjoin="and_(Guest.organization_id == foreign(GuestKey.organization_id),"
        " Guest.id == foreign(GuestKey.id))",
        viewonly=True,
        lazy="joined",
    )
    """Read with the guest, whoever reads it; None once they are forgotten"""


class Booking(Edited):
    __tablename__ = "bookings"
    __table_args__ = (
        belongs_to("properties", "property_id"),
        belongs_to("guests", "guest_id"),
        UniqueConstraint("reference"),
        one_of("status", tuple(Status)),
        CheckConstraint("guests BETWEEN 1 AND 1000", name="guests"),
        CheckConstraint("(status = 'held') = (hold_until IS NOT NULL)", name="hold"),
        one_of("check_state", CHECK_STATES),
        Index(
            "ix_bookings_unanswered",
            "organization_id",
            "check_at",
            postgresql_where=text("check_state IN ('flagged', 'awaiting')"),
        ),
        Index("ix_bookings_newest", "organization_id", "property_id", "starts_at", "id"),
        Index("ix_bookings_arrival", "organization_id", "starts_at", "id"),
        Index(None, "organization_id", "guest_id"),
        Index(
            "ix_bookings_overdue", "hold_until", "organization_id", postgresql_where=text("status = 'held'")
        ),
    )

    property_id: Mapped[UUID]
    guest_id: Mapped[UUID | None]
    reference: Mapped[str]
    status: Mapped[str]
    source: Mapped[str]
    """direct, phone, walk_in, or a channel's slug"""
    guests: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    """The whole booking's extent, for lists; the items hold the truth."""
    hold_until: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancel_reason_sealed: Mapped[bytes | None]
    """Staff's own words, which may name people"""
    check_state: Mapped[str] = mapped_column(default="unchecked")
    check_at: Mapped[datetime | None]
    """When channels were last asked for it; what they say of a later moment settles what is open"""


class BookingItem(Owned):
    """One unit (a leaf or a composite) for one span."""

    __tablename__ = "booking_items"
    __table_args__ = (
        belongs_to("bookings", "booking_id"),
        belongs_to("unit_types", "unit_type_id"),
        belongs_to("units", "unit_id"),
        UniqueConstraint("uid"),
        one_span(),
        Index(None, "organization_id", "booking_id"),
        Index(None, "organization_id", "unit_id"),
    )

    booking_id: Mapped[UUID]
    position: Mapped[int]
    unit_type_id: Mapped[UUID]
    unit_id: Mapped[UUID]
    pinned: Mapped[bool]
    """Asked for by unit, or placed by hand: never moved to make room."""
    arrival: Mapped[date | None]
    departure: Mapped[date | None]
    """Nights as dates are the truth; `starts_at` and `ends_at` follow from them."""
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    uid: Mapped[str]
    """Its name in every feed, for life."""


class Blackout(Edited):
    __tablename__ = "blackouts"
    __table_args__ = (
        belongs_to("properties", "property_id"),
        belongs_to("units", "unit_id"),
        UniqueConstraint("uid"),
        one_of("kind", BLACKOUT_KINDS),
        one_span(),
        Index(None, "organization_id", "unit_id"),
    )

    property_id: Mapped[UUID]
    unit_id: Mapped[UUID]
    kind: Mapped[str]
    note_sealed: Mapped[bytes | None]
    arrival: Mapped[date | None]
    departure: Mapped[date | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    uid: Mapped[str]


class Allocation(Owned):
    """
    A leaf unit taken by us for a period, turnaround included. It exists as long as it takes the unit.

    `starts_at` and `ends_at` are plain columns beside the range because row-level security keeps range
    operators, which are not leakproof, away from every index; comparisons of instants are leakproof.
    """

    __tablename__ = "allocations"
    __table_args__ = (
        belongs_to("units", "unit_id"),
        belongs_to("bookings", "booking_id"),
        belongs_to("booking_items", "item_id"),
        belongs_to("blackouts", "blackout_id"),
        CheckConstraint("starts_at < ends_at AND NOT isempty(during)", name="period"),
        CheckConstraint(
            "(blackout_id IS NULL) = (item_id IS NOT NULL) AND (item_id IS NULL) = (booking_id IS NULL)",
            name="cause",
        ),
        ExcludeConstraint(("unit_id", "="), ("during", "&&"), name="ex_allocations_unit_id_during"),
        Index(
            "ix_allocations_unit_id_ends_at",
            "unit_id",
            "ends_at",
            postgresql_include=["organization_id", "starts_at", "hold_until"],
        ),
        Index(None, "organization_id", "booking_id"),
        Index(None, "organization_id", "blackout_id", postgresql_where=text("blackout_id IS NOT NULL")),
        Index(None, "organization_id", "item_id"),
    )

    unit_id: Mapped[UUID]
    booking_id: Mapped[UUID | None]
    item_id: Mapped[UUID | None]
    blackout_id: Mapped[UUID | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    hold_until: Mapped[datetime | None]
    """While the booking is held: when it lapses. Copied here so that one table answers what is free."""
    during: Mapped[Range[datetime]] = mapped_column(
        TSTZRANGE, Computed("tstzrange(starts_at, ends_at, '[)')", persisted=True)
    )

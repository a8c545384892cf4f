"""Guests, bookings, items, blackouts, allocations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from migrations.walls import wall

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    _guests()
    _bookings()
    _booking_items()
    _blackouts()
    _allocations()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("allocations")
    op.drop_table("blackouts")
    op.drop_table("booking_items")
    op.drop_table("bookings")
    op.drop_table("guests")


def _guests() -> None:
    op.create_table(
        "guests",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("email_index", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_guests_organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_guests")),
    )
    op.create_index(
        op.f("ix_guests_organization_id_email_index"),
        "guests",
        ["organization_id", "email_index"],
        unique=False,
    )
    op.create_index(
        op.f("ix_guests_organization_id_phone_index"),
        "guests",
        ["organization_id", "phone_index"],
        unique=False,
    )
    wall("guests")


def _bookings() -> None:
    op.create_table(
        "bookings",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("property_id", sa.Uuid(), nullable=False),
        sa.Column("guest_id", sa.Uuid(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("guests", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hold_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(status = 'held') = (hold_until IS NOT NULL)", name=op.f("ck_bookings_hold")),
        sa.CheckConstraint(
            "status IN ('held', 'pending', 'confirmed', 'checked_in', 'in_progress', 'checked_out',"
            " 'completed', 'expired', 'cancelled', 'no_show')",
            name=op.f("ck_bookings_status"),
        ),
        sa.CheckConstraint("guests BETWEEN 1 AND 1000", name=op.f("ck_bookings_guests")),
        sa.ForeignKeyConstraint(
            ["organization_id", "guest_id"],
            ["guests.organization_id", "guests.id"],
            name=op.f("fk_bookings_organization_id_guest_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "property_id"],
            ["properties.organization_id", "properties.id"],
            name=op.f("fk_bookings_organization_id_property_id"),
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_bookings")),
        sa.UniqueConstraint("reference", name=op.f("uq_bookings_reference")),
    )
    op.create_index(
        "ix_bookings_newest", "bookings", ["organization_id", "property_id", "starts_at", "id"], unique=False
    )
    op.create_index(
        "ix_bookings_overdue",
        "bookings",
        ["hold_until", "organization_id"],
        unique=False,
        postgresql_where=sa.text("status = 'held'"),
    )
    wall("bookings")


def _booking_items() -> None:
    op.create_table(
        "booking_items",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("unit_type_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("arrival", sa.Date(), nullable=True),
        sa.Column("departure", sa.Date(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(arrival IS NULL) = (departure IS NULL) AND (arrival IS NULL OR arrival < departure)"
            " AND starts_at < ends_at",
            name=op.f("ck_booking_items_span"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "booking_id"],
            ["bookings.organization_id", "bookings.id"],
            name=op.f("fk_booking_items_organization_id_booking_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "unit_id"],
            ["units.organization_id", "units.id"],
            name=op.f("fk_booking_items_organization_id_unit_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "unit_type_id"],
            ["unit_types.organization_id", "unit_types.id"],
            name=op.f("fk_booking_items_organization_id_unit_type_id"),
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_booking_items")),
        sa.UniqueConstraint("uid", name=op.f("uq_booking_items_uid")),
    )
    op.create_index(
        op.f("ix_booking_items_organization_id_booking_id"),
        "booking_items",
        ["organization_id", "booking_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_booking_items_organization_id_unit_id"),
        "booking_items",
        ["organization_id", "unit_id"],
        unique=False,
    )
    wall("booking_items")


def _blackouts() -> None:
    op.create_table(
        "blackouts",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("property_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("arrival", sa.Date(), nullable=True),
        sa.Column("departure", sa.Date(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('maintenance', 'owner_stay', 'closed')", name=op.f("ck_blackouts_kind")),
        sa.CheckConstraint(
            "(arrival IS NULL) = (departure IS NULL) AND (arrival IS NULL OR arrival < departure)"
            " AND starts_at < ends_at",
            name=op.f("ck_blackouts_span"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "property_id"],
            ["properties.organization_id", "properties.id"],
            name=op.f("fk_blackouts_organization_id_property_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "unit_id"],
            ["units.organization_id", "units.id"],
            name=op.f("fk_blackouts_organization_id_unit_id"),
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_blackouts")),
        sa.UniqueConstraint("uid", name=op.f("uq_blackouts_uid")),
    )
    op.create_index(
        op.f("ix_blackouts_organization_id_unit_id"),
        "blackouts",
        ["organization_id", "unit_id"],
        unique=False,
    )
    wall("blackouts")


def _allocations() -> None:
    op.create_table(
        "allocations",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=True),
        sa.Column("item_id", sa.Uuid(), nullable=True),
        sa.Column("blackout_id", sa.Uuid(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hold_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "during",
            pg.TSTZRANGE(),
            sa.Computed("tstzrange(starts_at, ends_at, '[)')", persisted=True),
            nullable=False,
        ),
        pg.ExcludeConstraint(
            (sa.column("unit_id"), "="),
            (sa.column("during"), "&&"),
            using="gist",
            name="ex_allocations_unit_id_during",
        ),
        sa.CheckConstraint(
            "(blackout_id IS NULL) = (item_id IS NOT NULL) AND (item_id IS NULL) = (booking_id IS NULL)",
            name=op.f("ck_allocations_cause"),
        ),
        sa.CheckConstraint("starts_at < ends_at AND NOT isempty(during)", name=op.f("ck_allocations_period")),
        sa.ForeignKeyConstraint(
            ["organization_id", "blackout_id"],
            ["blackouts.organization_id", "blackouts.id"],
            name=op.f("fk_allocations_organization_id_blackout_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "booking_id"],
            ["bookings.organization_id", "bookings.id"],
            name=op.f("fk_allocations_organization_id_booking_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "item_id"],
            ["booking_items.organization_id", "booking_items.id"],
            name=op.f("fk_allocations_organization_id_item_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "unit_id"],
            ["units.organization_id", "units.id"],
            name=op.f("fk_allocations_organization_id_unit_id"),
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_allocations")),
    )
    op.create_index(
        op.f("ix_allocations_organization_id_blackout_id"),
        "allocations",
        ["organization_id", "blackout_id"],
        unique=False,
        postgresql_where=sa.text("blackout_id IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_allocations_organization_id_booking_id"),
        "allocations",
        ["organization_id", "booking_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_allocations_organization_id_item_id"),
        "allocations",
        ["organization_id", "item_id"],
        unique=False,
    )
    op.create_index(
        "ix_allocations_unit_id_ends_at",
        "allocations",
        ["unit_id", "ends_at"],
        unique=False,
        postgresql_include=["organization_id", "starts_at", "hold_until"],
    )
    wall("allocations")

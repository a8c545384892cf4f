"""Properties, unit types, units and composites."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from migrations.walls import wall

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _properties()
    _unit_types()
    _units()
    _unit_parts()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("unit_parts")
    op.drop_table("units")
    op.drop_table("unit_types")
    op.drop_table("properties")


def _properties() -> None:
    op.create_table(
        "properties",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("check_in", sa.Time(), nullable=False),
        sa.Column("check_out", sa.Time(), nullable=False),
        sa.Column("hold_minutes", sa.Integer(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("address", pg.JSONB(), nullable=False),
        sa.Column("amenities", pg.JSONB(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("hold_minutes BETWEEN 1 AND 1440", name=op.f("ck_properties_hold_minutes")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_properties_organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_properties")),
        sa.UniqueConstraint("slug", name=op.f("uq_properties_slug")),
    )
    wall("properties")


def _unit_types() -> None:
    op.create_table(
        "unit_types",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("property_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("let_by", sa.Text(), nullable=False),
        sa.Column("turnaround", sa.Integer(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("amenities", pg.JSONB(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "category IN ('room', 'dorm_bed', 'home', 'car', 'yacht', 'jet', 'other')",
            name=op.f("ck_unit_types_category"),
        ),
        sa.CheckConstraint("let_by IN ('night', 'hour')", name=op.f("ck_unit_types_let_by")),
        sa.CheckConstraint("capacity BETWEEN 1 AND 1000", name=op.f("ck_unit_types_capacity")),
        sa.CheckConstraint("turnaround BETWEEN 0 AND 168", name=op.f("ck_unit_types_turnaround")),
        sa.ForeignKeyConstraint(
            ["organization_id", "property_id"],
            ["properties.organization_id", "properties.id"],
            name=op.f("fk_unit_types_organization_id_property_id"),
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_unit_types")),
    )
    op.create_index(
        "uq_unit_types_name",
        "unit_types",
        ["organization_id", "property_id", "name"],
        unique=True,
        postgresql_where=sa.text("archived_at IS NULL"),
    )
    wall("unit_types")


def _units() -> None:
    op.create_table(
        "units",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("property_id", sa.Uuid(), nullable=False),
        sa.Column("unit_type_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('ready', 'occupied', 'cleaning', 'maintenance')", name=op.f("ck_units_status")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "property_id"],
            ["properties.organization_id", "properties.id"],
            name=op.f("fk_units_organization_id_property_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "unit_type_id"],
            ["unit_types.organization_id", "unit_types.id"],
            name=op.f("fk_units_organization_id_unit_type_id"),
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_units")),
    )
    op.create_index(
        op.f("ix_units_organization_id_unit_type_id"),
        "units",
        ["organization_id", "unit_type_id"],
        unique=False,
    )
    op.create_index(
        "uq_units_name",
        "units",
        ["organization_id", "property_id", "name"],
        unique=True,
        postgresql_where=sa.text("archived_at IS NULL"),
    )
    wall("units")


def _unit_parts() -> None:
    op.create_table(
        "unit_parts",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("whole_id", sa.Uuid(), nullable=False),
        sa.Column("part_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("whole_id <> part_id", name=op.f("ck_unit_parts_not_itself")),
        sa.ForeignKeyConstraint(
            ["organization_id", "part_id"],
            ["units.organization_id", "units.id"],
            name=op.f("fk_unit_parts_organization_id_part_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "whole_id"],
            ["units.organization_id", "units.id"],
            name=op.f("fk_unit_parts_organization_id_whole_id"),
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_unit_parts")),
        sa.UniqueConstraint(
            "organization_id",
            "whole_id",
            "part_id",
            name=op.f("uq_unit_parts_organization_id_whole_id_part_id"),
        ),
    )
    op.create_index(
        op.f("ix_unit_parts_organization_id_part_id"),
        "unit_parts",
        ["organization_id", "part_id"],
        unique=False,
    )
    wall("unit_parts")

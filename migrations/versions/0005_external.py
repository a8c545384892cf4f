"""External events and blocks, and conflicts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from migrations.walls import wall

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _external_events()
    _external_blocks()
    _conflicts()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("conflicts")
    op.drop_table("external_blocks")
    op.drop_table("external_events")


def _external_events() -> None:
    op.create_table(
        "external_events",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("all_day", sa.Boolean(), nullable=False),
        sa.Column("first", sa.Date(), nullable=True),
        sa.Column("after", sa.Date(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("uid_out", sa.Text(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_external_events_period")),
        sa.ForeignKeyConstraint(
            ["organization_id", "link_id"],
            ["links.organization_id", "links.id"],
            name=op.f("fk_external_events_organization_id_link_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_external_events")),
        sa.UniqueConstraint(
            "organization_id", "link_id", "key", name=op.f("uq_external_events_organization_id_link_id_key")
        ),
        sa.UniqueConstraint("uid_out", name=op.f("uq_external_events_uid_out")),
    )
    wall("external_events")


def _external_blocks() -> None:
    op.create_table(
        "external_blocks",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("free_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "starts_at < ends_at AND ends_at <= free_at", name=op.f("ck_external_blocks_period")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "event_id"],
            ["external_events.organization_id", "external_events.id"],
            name=op.f("fk_external_blocks_organization_id_event_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "link_id"],
            ["links.organization_id", "links.id"],
            name=op.f("fk_external_blocks_organization_id_link_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "unit_id"],
            ["units.organization_id", "units.id"],
            name=op.f("fk_external_blocks_organization_id_unit_id"),
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_external_blocks")),
    )
    op.create_index(
        op.f("ix_external_blocks_organization_id_event_id"),
        "external_blocks",
        ["organization_id", "event_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_external_blocks_organization_id_link_id"),
        "external_blocks",
        ["organization_id", "link_id"],
        unique=False,
    )
    op.create_index(
        "ix_external_blocks_unit_id_free_at",
        "external_blocks",
        ["unit_id", "free_at"],
        unique=False,
        postgresql_include=["organization_id", "starts_at"],
    )
    wall("external_blocks")


def _conflicts() -> None:
    op.create_table(
        "conflicts",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("booking_id", sa.Uuid(), nullable=True),
        sa.Column("item_id", sa.Uuid(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("local", pg.JSONB(), nullable=False),
        sa.Column("remote", pg.JSONB(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_conflicts_state")),
        sa.CheckConstraint("type IN ('EXTERNAL_OVERLAP', 'UNPLACED')", name=op.f("ck_conflicts_type")),
        sa.ForeignKeyConstraint(
            ["organization_id", "booking_id"],
            ["bookings.organization_id", "bookings.id"],
            name=op.f("fk_conflicts_organization_id_booking_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "link_id"],
            ["links.organization_id", "links.id"],
            name=op.f("fk_conflicts_organization_id_link_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "unit_id"],
            ["units.organization_id", "units.id"],
            name=op.f("fk_conflicts_organization_id_unit_id"),
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_conflicts")),
    )
    op.create_index(
        op.f("ix_conflicts_organization_id_state"), "conflicts", ["organization_id", "state"], unique=False
    )
    op.create_index(
        "uq_conflicts_open",
        "conflicts",
        [
            "organization_id",
            "event_id",
            sa.literal_column("coalesce(item_id, '00000000-0000-0000-0000-000000000000'::uuid)"),
        ],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    wall("conflicts")

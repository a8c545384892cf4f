"""Connections, links and our feeds to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from migrations.walls import wall

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _connections()
    _links()
    _feed_entries()
    _feed_snapshots()
    _feed_fetches()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("feed_fetches")
    op.drop_table("feed_snapshots")
    op.drop_table("feed_entries")
    op.drop_table("links")
    op.drop_table("connections")


def _connections() -> None:
    op.create_table(
        "connections",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connector", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("settings_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_connections_organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_connections")),
    )
    wall("connections")


def _links() -> None:
    op.create_table(
        "links",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("property_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("unit_type_id", sa.Uuid(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("settings_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_reason", sa.Text(), nullable=True),
        sa.Column("interval_seconds", sa.Integer(), nullable=False),
        sa.Column("next_pull_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cursor", pg.JSONB(), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column(
            "lease_until", sa.DateTime(timezone=True), server_default=sa.text("'epoch'"), nullable=False
        ),
        sa.Column("feed_token_hash", sa.LargeBinary(), nullable=True),
        sa.Column("feed_token_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("uid_domain", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "category IN ('room', 'dorm_bed', 'home', 'car', 'yacht', 'jet', 'other')",
            name=op.f("ck_links_category"),
        ),
        sa.CheckConstraint("direction IN ('import', 'export', 'two_way')", name=op.f("ck_links_direction")),
        sa.CheckConstraint(
            "state IN ('active', 'guarded', 'needs_auth', 'lost', 'paused')", name=op.f("ck_links_state")
        ),
        sa.CheckConstraint("interval_seconds BETWEEN 60 AND 604800", name=op.f("ck_links_interval_seconds")),
        sa.CheckConstraint(
            "num_nonnulls(unit_id, unit_type_id, category) <= 1", name=op.f("ck_links_one_scope")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "connection_id"],
            ["connections.organization_id", "connections.id"],
            name=op.f("fk_links_organization_id_connection_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "property_id"],
            ["properties.organization_id", "properties.id"],
            name=op.f("fk_links_organization_id_property_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "unit_id"],
            ["units.organization_id", "units.id"],
            name=op.f("fk_links_organization_id_unit_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "unit_type_id"],
            ["unit_types.organization_id", "unit_types.id"],
            name=op.f("fk_links_organization_id_unit_type_id"),
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_links")),
        sa.UniqueConstraint("feed_token_hash", name=op.f("uq_links_feed_token_hash")),
    )
    op.create_index(
        "ix_links_due",
        "links",
        ["next_pull_at"],
        unique=False,
        postgresql_where=sa.text("state = 'active' AND direction IN ('import', 'two_way')"),
    )
    op.create_index(
        op.f("ix_links_organization_id_property_id"),
        "links",
        ["organization_id", "property_id"],
        unique=False,
    )
    wall("links")


def _feed_entries() -> None:
    op.create_table(
        "feed_entries",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("content", pg.JSONB(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("exported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "link_id"],
            ["links.organization_id", "links.id"],
            name=op.f("fk_feed_entries_organization_id_link_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_feed_entries")),
        sa.UniqueConstraint(
            "organization_id", "link_id", "uid", name=op.f("uq_feed_entries_organization_id_link_id_uid")
        ),
    )
    wall("feed_entries")


def _feed_snapshots() -> None:
    op.create_table(
        "feed_snapshots",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "id"],
            ["links.organization_id", "links.id"],
            name=op.f("fk_feed_snapshots_organization_id_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_feed_snapshots")),
    )
    wall("feed_snapshots")


def _feed_fetches() -> None:
    op.create_table(
        "feed_fetches",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("full", sa.Integer(), nullable=False),
        sa.Column("not_modified", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "link_id"],
            ["links.organization_id", "links.id"],
            name=op.f("fk_feed_fetches_organization_id_link_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_feed_fetches")),
        sa.UniqueConstraint(
            "organization_id",
            "link_id",
            "consumer",
            "day",
            name=op.f("uq_feed_fetches_organization_id_link_id_consumer_day"),
        ),
    )
    wall("feed_fetches")

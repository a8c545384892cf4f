"""Two-way sync: items, ops and watch channels; what links and conflicts know of them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.walls import wall

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TYPES = "'EXTERNAL_OVERLAP', 'UNPLACED'"
MORE_TYPES = f"{TYPES}, 'REMOTE_MOVE_REJECTED', 'BOTH_CHANGED', 'DELETE_VS_EDIT', 'MIRROR_DELETED'"
POLLED = "direction <> 'export' OR calendar_key IS NOT NULL"
READS = "l.direction IN ('import', 'two_way')"
CLAIMS = (
    "claim_due_links(timestamptz, timestamptz, integer, integer)",
    "claim_due_link_beside(timestamptz, timestamptz, uuid, uuid)",
    "stand_at_host(text, integer, timestamptz)",
)
ZERO, FALSE = "0", sa.false()

CALENDAR: tuple[sa.Column[Any], ...] = (
    sa.Column("calendar_key", sa.LargeBinary(), nullable=True),
    sa.Column("full_pending", sa.Boolean(), nullable=False, server_default=FALSE),
    sa.Column("generation", sa.Integer(), nullable=False, server_default=ZERO),
    sa.Column("dirty_seq", sa.BigInteger(), nullable=False, server_default=ZERO),
    sa.Column("synced_seq", sa.BigInteger(), nullable=False, server_default=ZERO),
    sa.Column("notices", sa.BigInteger(), nullable=False, server_default=ZERO),
    sa.Column("noticed", sa.BigInteger(), nullable=False, server_default=ZERO),
    sa.Column("rests_until", sa.DateTime(timezone=True), nullable=True),
    sa.Column("scan_at", sa.DateTime(timezone=True), nullable=True),
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _links()
    _items()
    _ops()
    _watches()
    _conflicts()
    for table in ("sync_items", "sync_ops", "watch_channels"):
        wall(table)


def _links() -> None:
    for column in CALENDAR:
        op.add_column("links", column)
        if column.server_default is not None:
            op.alter_column("links", column.name, server_default=None)
    op.create_unique_constraint(
        op.f("uq_links_organization_id_calendar_key"), "links", ["organization_id", "calendar_key"]
    )
    op.add_column("links", sa.Column("polled", sa.Boolean(), sa.Computed(POLLED, persisted=True)))
    _due("polled")
    _claims(READS, "l.polled")


def _due(where: str) -> None:
    """The index by which links are found whose time has come."""
    op.drop_index("ix_links_due", table_name="links")
    state = "state IN ('active', 'guarded')"
    op.create_index(
        "ix_links_due", "links", ["next_pull_at"], postgresql_where=sa.text(f"{state} AND {where}")
    )


def _claims(before: str, after: str) -> None:
    """The look-ups that hand links out, with another word for which of them are polled."""
    for signature in CLAIMS:
        op.execute(
            sa.text(
                "DO $$ BEGIN EXECUTE replace(pg_get_functiondef("
                f"'{signature}'::regprocedure), {_quoted(before)}, {_quoted(after)}); END $$"
            )
        )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _items() -> None:
    op.create_table(
        "sync_items",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("local_kind", sa.Text(), nullable=True),
        sa.Column("local_id", sa.Uuid(), nullable=True),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("incarnation", sa.Integer(), nullable=False),
        sa.Column("base_local", JSONB(), nullable=True),
        sa.Column("base_remote", JSONB(), nullable=True),
        sa.Column("remote_state", sa.Text(), nullable=False),
        sa.Column("remote", JSONB(), nullable=True),
        sa.Column("remote_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("remote_etag", sa.Text(), nullable=False),
        sa.Column("remote_updated", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_generation", sa.Integer(), nullable=False),
        sa.Column("series", sa.Text(), nullable=True),
        sa.Column("last_revision", sa.Uuid(), nullable=True),
        sa.Column("touched", sa.Boolean(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("text_of", sa.Text(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("restores", sa.Integer(), nullable=False),
        sa.Column("review", sa.Boolean(), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("gone_agreed", sa.Boolean(), nullable=False),
        sa.Column("tombstoned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(origin = 'hub') = (local_kind IS NOT NULL)", name=op.f("ck_sync_items_kind")),
        sa.CheckConstraint(
            "local_kind IN ('booking_item', 'blackout', 'turnaround', 'stray')",
            name=op.f("ck_sync_items_local_kind"),
        ),
        sa.CheckConstraint("origin IN ('hub', 'remote')", name=op.f("ck_sync_items_origin")),
        sa.CheckConstraint(
            "remote_state <> 'present' OR remote IS NOT NULL", name=op.f("ck_sync_items_shadow")
        ),
        sa.CheckConstraint(
            "remote_state IN ('none', 'present', 'deleted')", name=op.f("ck_sync_items_remote_state")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "link_id"],
            ["links.organization_id", "links.id"],
            name=op.f("fk_sync_items_organization_id_link_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_sync_items")),
        sa.UniqueConstraint(
            "organization_id",
            "link_id",
            "local_kind",
            "local_id",
            name=op.f("uq_sync_items_organization_id_link_id_local_kind_local_id"),
        ),
        sa.UniqueConstraint(
            "organization_id",
            "link_id",
            "remote_id",
            name=op.f("uq_sync_items_organization_id_link_id_remote_id"),
        ),
    )
    _find_items()


def _find_items() -> None:
    op.create_index(
        op.f("ix_sync_items_organization_id_local_id"),
        "sync_items",
        ["organization_id", "local_id"],
        unique=False,
        postgresql_where=sa.text("local_id IS NOT NULL"),
    )
    op.create_index(
        "ix_sync_items_series",
        "sync_items",
        ["organization_id", "link_id", "series"],
        unique=False,
        postgresql_where=sa.text("series IS NOT NULL"),
    )
    op.create_index(
        "ix_sync_items_touched",
        "sync_items",
        ["organization_id", "link_id"],
        unique=False,
        postgresql_where=sa.text("touched"),
    )
    op.add_column("external_events", sa.Column("item_id", sa.Uuid(), nullable=True))
    op.create_index(
        op.f("ix_external_events_organization_id_item_id"),
        "external_events",
        ["organization_id", "item_id"],
        unique=False,
        postgresql_where=sa.text("item_id IS NOT NULL"),
    )


def _ops() -> None:
    op.create_table(
        "sync_ops",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("incarnation", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("groups", JSONB(), nullable=True),
        sa.Column("if_match", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('create', 'update', 'delete')", name=op.f("ck_sync_ops_kind")),
        sa.CheckConstraint(
            "state IN ('ready', 'inflight', 'done', 'settled')", name=op.f("ck_sync_ops_state")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "item_id"],
            ["sync_items.organization_id", "sync_items.id"],
            name=op.f("fk_sync_ops_organization_id_item_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "link_id"],
            ["links.organization_id", "links.id"],
            name=op.f("fk_sync_ops_organization_id_link_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_sync_ops")),
    )
    op.create_index(
        "ix_sync_ops_link",
        "sync_ops",
        ["organization_id", "link_id"],
        unique=False,
        postgresql_where=sa.text("state IN ('ready', 'inflight')"),
    )
    op.create_index(
        op.f("ix_sync_ops_organization_id_item_id"), "sync_ops", ["organization_id", "item_id"], unique=False
    )
    op.create_index(
        "uq_sync_ops_open",
        "sync_ops",
        ["organization_id", "item_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('ready', 'inflight')"),
    )


def _watches() -> None:
    op.create_table(
        "watch_channels",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("notices", sa.Integer(), nullable=False),
        sa.Column("last_notice_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "link_id"],
            ["links.organization_id", "links.id"],
            name=op.f("fk_watch_channels_organization_id_link_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_watch_channels")),
        sa.UniqueConstraint("id", name=op.f("uq_watch_channels_id")),
    )
    op.create_index("ix_watch_channels_expires_at", "watch_channels", ["expires_at"], unique=False)
    op.create_index(
        op.f("ix_watch_channels_organization_id_link_id"),
        "watch_channels",
        ["organization_id", "link_id"],
        unique=False,
    )


def _conflicts() -> None:
    op.add_column("conflicts", sa.Column("sync_item_id", sa.Uuid(), nullable=True))
    op.add_column("conflicts", sa.Column("sealed", sa.LargeBinary(), nullable=True))
    op.alter_column("conflicts", "event_id", existing_type=sa.UUID(), nullable=True)
    op.create_index(
        "uq_conflicts_open_item",
        "conflicts",
        ["organization_id", "sync_item_id", "type"],
        unique=True,
        postgresql_where=sa.text("state = 'open' AND sync_item_id IS NOT NULL"),
    )
    op.create_check_constraint(
        op.f("ck_conflicts_about"), "conflicts", "num_nonnulls(event_id, sync_item_id) = 1"
    )
    _types(MORE_TYPES)


def _types(types: str) -> None:
    op.drop_constraint(op.f("ck_conflicts_type"), "conflicts", type_="check")
    op.create_check_constraint(op.f("ck_conflicts_type"), "conflicts", f"type IN ({types})")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DELETE FROM conflicts WHERE event_id IS NULL")
    _types(TYPES)
    op.drop_constraint(op.f("ck_conflicts_about"), "conflicts", type_="check")
    op.drop_constraint(op.f("uq_links_organization_id_calendar_key"), "links", type_="unique")
    op.drop_index(
        op.f("ix_external_events_organization_id_item_id"),
        table_name="external_events",
        postgresql_where=sa.text("item_id IS NOT NULL"),
    )
    op.drop_column("external_events", "item_id")
    op.drop_index(
        "uq_conflicts_open_item",
        table_name="conflicts",
        postgresql_where=sa.text("state = 'open' AND sync_item_id IS NOT NULL"),
    )
    op.alter_column("conflicts", "event_id", existing_type=sa.UUID(), nullable=False)
    op.drop_column("conflicts", "sealed")
    op.drop_column("conflicts", "sync_item_id")
    op.drop_index(
        "uq_sync_ops_open", table_name="sync_ops", postgresql_where=sa.text("state IN ('ready', 'inflight')")
    )
    op.drop_index(op.f("ix_sync_ops_organization_id_item_id"), table_name="sync_ops")
    op.drop_index(
        "ix_sync_ops_link", table_name="sync_ops", postgresql_where=sa.text("state IN ('ready', 'inflight')")
    )
    op.drop_table("sync_ops")
    op.drop_index(op.f("ix_watch_channels_organization_id_link_id"), table_name="watch_channels")
    op.drop_index("ix_watch_channels_expires_at", table_name="watch_channels")
    op.drop_table("watch_channels")
    op.drop_index("ix_sync_items_touched", table_name="sync_items", postgresql_where=sa.text("touched"))
    op.drop_index(
        "ix_sync_items_series", table_name="sync_items", postgresql_where=sa.text("series IS NOT NULL")
    )
    op.drop_index(
        op.f("ix_sync_items_organization_id_local_id"),
        table_name="sync_items",
        postgresql_where=sa.text("local_id IS NOT NULL"),
    )
    op.drop_table("sync_items")
    _claims("l.polled", READS)
    _due("direction IN ('import', 'two_way')")
    op.drop_column("links", "polled")
    for column in reversed(CALENDAR):
        op.drop_column("links", column.name)

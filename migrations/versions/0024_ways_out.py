"""Conflicts that a person settles: with blackouts and between channels too; and which run brought what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

TYPES = (
    *("EXTERNAL_OVERLAP", "UNPLACED", "REMOTE_MOVE_REJECTED", "BOTH_CHANGED"),
    *("DELETE_VS_EDIT", "MIRROR_DELETED"),
)
MORE_TYPES = ("UNPARSEABLE", "GUARD_TRIPPED")
STATES = ("open", "closed")
MORE_STATES = ("ignored", "accepted")
NOTHING = "'00000000-0000-0000-0000-000000000000'::uuid"
NEW = {
    "external_events": ("same_item_id", "run_id"),
    "external_blocks": ("run_id",),
    "sync_ops": ("run_id",),
    "conflicts": ("blackout_id", "other_event_id"),
}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table, columns in NEW.items():
        for column in columns:
            op.add_column(table, sa.Column(column, sa.Uuid(), nullable=True))
    op.add_column("conflicts", sa.Column("fingerprint", sa.Text(), nullable=False, server_default=""))
    op.alter_column("conflicts", "fingerprint", server_default=None)
    for name in ("uq_conflicts_open", "uq_conflicts_open_item"):
        op.drop_index(name, "conflicts")
    _known(types=(*TYPES, *MORE_TYPES), states=("open", *MORE_STATES, "closed"))
    _about("CASE type WHEN 'GUARD_TRIPPED' THEN 0 ELSE 1 END")
    op.create_check_constraint(
        op.f("ck_conflicts_other_side"),
        "conflicts",
        "num_nonnulls(item_id, blackout_id, other_event_id) <= 1",
    )
    other = f"coalesce(item_id, blackout_id, other_event_id, {NOTHING})"
    _unique("standing", ["event_id", "type", sa.text(other)], "event_id IS NOT NULL")
    _unique("standing_item", ["sync_item_id", "type"], "sync_item_id IS NOT NULL")
    _unique("standing_link", ["link_id"], "type = 'GUARD_TRIPPED'")
    op.create_index(
        "ix_external_events_same",
        "external_events",
        ["organization_id", "same_item_id"],
        postgresql_where=sa.text("same_item_id IS NOT NULL"),
    )
    op.create_index(
        "ix_conflicts_other_event",
        "conflicts",
        ["organization_id", "other_event_id"],
        postgresql_where=sa.text("state <> 'closed' AND other_event_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for name in ("standing", "standing_item", "standing_link"):
        op.drop_index(f"uq_conflicts_{name}", "conflicts")
    op.drop_index("ix_conflicts_other_event", "conflicts")
    op.drop_index("ix_external_events_same", "external_events")
    op.drop_constraint(op.f("ck_conflicts_other_side"), "conflicts")
    op.execute("DELETE FROM conflicts WHERE type IN ('UNPARSEABLE', 'GUARD_TRIPPED')")
    op.execute("DELETE FROM conflicts WHERE blackout_id IS NOT NULL OR other_event_id IS NOT NULL")
    op.execute("UPDATE conflicts SET state = 'open' WHERE state IN ('ignored', 'accepted')")
    _about("1")
    _known(types=TYPES, states=STATES)
    op.create_index(
        "uq_conflicts_open",
        "conflicts",
        ["organization_id", "event_id", sa.text(f"coalesce(item_id, {NOTHING})")],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "uq_conflicts_open_item",
        "conflicts",
        ["organization_id", "sync_item_id", "type"],
        unique=True,
        postgresql_where=sa.text("state = 'open' AND sync_item_id IS NOT NULL"),
    )
    op.drop_column("conflicts", "fingerprint")
    for table, columns in reversed(NEW.items()):
        for column in reversed(columns):
            op.drop_column(table, column)


def _known(*, types: tuple[str, ...], states: tuple[str, ...]) -> None:
    for column, values in (("type", types), ("state", states)):
        op.drop_constraint(op.f(f"ck_conflicts_{column}"), "conflicts")
        listed = ", ".join(f"'{value}'" for value in values)
        op.create_check_constraint(op.f(f"ck_conflicts_{column}"), "conflicts", f"{column} IN ({listed})")


def _about(number: str) -> None:
    op.drop_constraint(op.f("ck_conflicts_about"), "conflicts")
    op.create_check_constraint(
        op.f("ck_conflicts_about"), "conflicts", f"num_nonnulls(event_id, sync_item_id) = {number}"
    )


def _unique(name: str, columns: list[str | sa.TextClause], where: str) -> None:
    op.create_index(
        f"uq_conflicts_{name}",
        "conflicts",
        ["organization_id", *columns],
        unique=True,
        postgresql_where=sa.text(f"state <> 'closed' AND {where}"),
    )

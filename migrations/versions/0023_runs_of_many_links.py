"""Runs of many links with a child for each, and what channels sent, kept by its hash."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.walls import wall

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

STATES = ("queued", "running", "done", "failed", "cancelled", "quarantined")
COLUMNS = ("parent_id", "criteria", "mode", "request_hash", "left_out", "headline", "changed")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _runs()
    _payloads()
    _run_payloads()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("run_payloads")
    op.drop_table("payloads")
    for name in ("parents", "children"):
        op.drop_index(f"ix_sync_runs_{name}", "sync_runs")
    for name in ("parent", "child"):
        op.drop_constraint(op.f(f"ck_sync_runs_{name}"), "sync_runs")
    op.execute("DELETE FROM sync_runs WHERE link_id IS NULL")
    op.execute("UPDATE sync_runs SET state = 'failed' WHERE state = 'retried'")
    for column in reversed(COLUMNS):
        op.drop_column("sync_runs", column)
    op.alter_column("sync_runs", "link_id", nullable=False)
    _states(STATES)


def _states(states: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_sync_runs_state"), "sync_runs")
    listed = ", ".join(f"'{state}'" for state in states)
    op.create_check_constraint(op.f("ck_sync_runs_state"), "sync_runs", f"state IN ({listed})")


def _runs() -> None:
    op.alter_column("sync_runs", "link_id", nullable=True)
    _states((*STATES, "retried"))
    op.add_column("sync_runs", sa.Column("parent_id", sa.Uuid(), nullable=True))
    op.add_column("sync_runs", sa.Column("criteria", postgresql.JSONB(), nullable=True))
    op.add_column("sync_runs", sa.Column("mode", sa.Text(), nullable=True))
    op.add_column("sync_runs", sa.Column("request_hash", sa.LargeBinary(), nullable=True))
    for name, kind, default in (
        ("left_out", postgresql.JSONB(), "[]"),
        ("headline", sa.Text(), ""),
        ("changed", sa.Boolean(), "false"),
    ):
        op.add_column("sync_runs", sa.Column(name, kind, nullable=False, server_default=default))
        op.alter_column("sync_runs", name, server_default=None)
    op.execute("UPDATE sync_runs SET changed = true WHERE summary <> '[]'")
    op.create_check_constraint(op.f("ck_sync_runs_mode"), "sync_runs", "mode IN ('pull', 'push', 'both')")
    op.create_check_constraint(
        op.f("ck_sync_runs_parent"), "sync_runs", "(link_id IS NULL) = (criteria IS NOT NULL)"
    )
    op.create_check_constraint(
        op.f("ck_sync_runs_child"), "sync_runs", "parent_id IS NULL OR link_id IS NOT NULL"
    )
    op.create_foreign_key(
        op.f("fk_sync_runs_organization_id_parent_id"),
        "sync_runs",
        "sync_runs",
        ["organization_id", "parent_id"],
        ["organization_id", "id"],
        ondelete="CASCADE",
    )
    op.create_index(
        "ix_sync_runs_children",
        "sync_runs",
        ["organization_id", "parent_id", "state"],
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    )
    op.create_index(
        "ix_sync_runs_parents",
        "sync_runs",
        ["organization_id", "id"],
        postgresql_where=sa.text("link_id IS NULL"),
    )


def _payloads() -> None:
    op.create_table(
        "payloads",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_payloads_organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_payloads")),
        sa.UniqueConstraint("organization_id", "digest", name=op.f("uq_payloads_organization_id_digest")),
    )
    op.create_index(op.f("ix_payloads_organization_id_last_at"), "payloads", ["organization_id", "last_at"])
    wall("payloads")


def _run_payloads() -> None:
    op.create_table(
        "run_payloads",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("payload_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_run_payloads")),
        *(
            sa.ForeignKeyConstraint(
                ["organization_id", column],
                [f"{table}.organization_id", f"{table}.id"],
                name=op.f(f"fk_run_payloads_organization_id_{column}"),
                ondelete="CASCADE",
            )
            for column, table in (("run_id", "sync_runs"), ("payload_id", "payloads"))
        ),
    )
    for column in ("run_id", "payload_id"):
        op.create_index(
            op.f(f"ix_run_payloads_organization_id_{column}"), "run_payloads", ["organization_id", column]
        )
    wall("run_payloads")

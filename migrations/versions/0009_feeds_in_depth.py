"""What an event stands for, why it waits or is our own word; what our feeds said; who fetched them whence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from migrations.walls import wall

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_EMPTY_LIST = sa.text("'[]'::jsonb")


def _event_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("nature", sa.Text(), nullable=False, server_default="unknown"),
        sa.Column("code", sa.Text(), nullable=False, server_default=""),
        sa.Column("text_digest", sa.LargeBinary(), nullable=False, server_default=sa.text("''::bytea")),
        sa.Column("slide", sa.Text(), nullable=True),
        sa.Column("called", pg.JSONB(), nullable=False, server_default=_EMPTY_LIST),
        sa.Column("mark", pg.JSONB(none_as_null=True), nullable=True),
        sa.Column("remainder", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("missing_since", _INSTANT, nullable=True),
        sa.Column("missing_read_at", _INSTANT, nullable=True),
        sa.Column("missing_reads", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("missing_needs", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("kept_at", _INSTANT, nullable=True),
        sa.Column("standing", sa.Text(), nullable=False, server_default="external"),
        sa.Column("echo", pg.JSONB(), nullable=False, server_default=_EMPTY_LIST),
        sa.Column("draining_since", _INSTANT, nullable=True),
    ]


_EVENT_CHECKS = {
    "nature": "nature IN ('stay', 'block', 'unknown')",
    "standing": "standing IN ('external', 'echo', 'draining', 'muted')",
    "slide": "slide IN ('lead', 'horizon')",
}


def _link_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("source", sa.Text(), nullable=False, server_default=""),
        sa.Column("host", sa.Text(), nullable=False, server_default=""),
        sa.Column("guard", pg.JSONB(none_as_null=True), nullable=True),
    ]


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _add("external_events", _event_columns())
    for name, condition in _EVENT_CHECKS.items():
        op.create_check_constraint(op.f(f"ck_external_events_{name}"), "external_events", condition)
    _add("links", _link_columns())
    _due("state IN ('active', 'guarded')")
    op.create_index("ix_links_host", "links", ["host"], postgresql_where=sa.text("host <> ''"))
    _feed_exports()
    _add("feed_fetches", [sa.Column("network", sa.Text(), nullable=False, server_default="")])
    _fetches_by("consumer", "network", "day", before=("consumer", "day"))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DELETE FROM feed_fetches WHERE network <> ''")
    _fetches_by("consumer", "day", before=("consumer", "network", "day"))
    op.drop_column("feed_fetches", "network")
    op.drop_table("feed_exports")
    op.drop_index("ix_links_host", table_name="links")
    _due("state = 'active'")
    for column in _link_columns():
        op.drop_column("links", column.name)
    for name in _EVENT_CHECKS:
        op.drop_constraint(op.f(f"ck_external_events_{name}"), "external_events", type_="check")
    for column in _event_columns():
        op.drop_column("external_events", column.name)


def _add(table: str, columns: list[sa.Column[object]]) -> None:
    """The defaults are for the rows that exist: from now on the application says what it means."""
    for column in columns:
        op.add_column(table, column)
        if column.server_default is not None:
            op.alter_column(table, column.name, server_default=None)


def _due(state: str) -> None:
    op.execute("DROP INDEX IF EXISTS ix_links_due")
    where = sa.text(f"{state} AND direction IN ('import', 'two_way')")
    op.create_index("ix_links_due", "links", ["next_pull_at"], postgresql_where=where)


def _fetches_by(*columns: str, before: tuple[str, ...]) -> None:
    key = ("organization_id", "link_id")
    old, new = ("_".join(("uq_feed_fetches", *key, *names)) for names in (before, columns))
    op.drop_constraint(op.f(old), "feed_fetches", type_="unique")
    op.create_unique_constraint(op.f(new), "feed_fetches", [*key, *columns])


def _feed_exports() -> None:
    op.create_table(
        "feed_exports",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("starts_at", _INSTANT, nullable=False),
        sa.Column("ends_at", _INSTANT, nullable=False),
        sa.Column("since_revision", sa.Integer(), nullable=False),
        sa.Column("since_at", _INSTANT, nullable=False),
        sa.Column("until_revision", sa.Integer(), nullable=True),
        sa.Column("until_at", _INSTANT, nullable=True),
        sa.Column("seen", sa.Boolean(), nullable=False),
        sa.Column("drained_at", _INSTANT, nullable=True),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_feed_exports_period")),
        sa.ForeignKeyConstraint(
            ["organization_id", "link_id"],
            ["links.organization_id", "links.id"],
            name=op.f("fk_feed_exports_organization_id_link_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_feed_exports")),
    )
    op.create_index(
        "uq_feed_exports_live",
        "feed_exports",
        ["organization_id", "link_id", "uid"],
        unique=True,
        postgresql_where=sa.text("until_at IS NULL"),
    )
    op.create_index(
        op.f("ix_feed_exports_organization_id_link_id_until_at"),
        "feed_exports",
        ["organization_id", "link_id", "until_at"],
    )
    op.create_index(op.f("ix_feed_exports_organization_id_uid"), "feed_exports", ["organization_id", "uid"])
    wall("feed_exports")

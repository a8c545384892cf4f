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

_FETCHES_BY_DAY = "uq_feed_fetches_organization_id_link_id_consumer_day"
_FETCHES_BY_REVISION = ["organization_id", "link_id", "consumer", "network", "day", "revision"]
# The older schema has one row for a consumer and a day.
_NEWEST_ALONE = """
    DELETE FROM feed_fetches older USING feed_fetches newer
    WHERE (older.organization_id, older.link_id, older.consumer, older.day)
          = (newer.organization_id, newer.link_id, newer.consumer, newer.day)
      AND (older.revision, older.id) < (newer.revision, newer.id)
"""


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
        sa.Column("muted", pg.JSONB(), nullable=False, server_default=_EMPTY_LIST),
        sa.Column("draining_since", _INSTANT, nullable=True),
    ]


_EVENT_CHECKS = {
    "nature": "nature IN ('stay', 'block', 'unknown')",
    "standing": "standing IN ('external', 'echo', 'draining', 'muted')",
    "slide": "slide IN ('lead', 'horizon')",
}


def _block_columns() -> list[sa.Column[object]]:
    return [sa.Column("muted", sa.Boolean(), nullable=False, server_default=sa.false())]


def _link_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("source", sa.Text(), nullable=False, server_default=""),
        sa.Column("returns_ours", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("host", sa.Text(), nullable=False, server_default=""),
        sa.Column("guard", pg.JSONB(none_as_null=True), nullable=True),
    ]


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _add("external_events", _event_columns())
    for name, condition in _EVENT_CHECKS.items():
        op.create_check_constraint(op.f(f"ck_external_events_{name}"), "external_events", condition)
    _add("external_blocks", _block_columns())
    _add("links", _link_columns())
    _due("state IN ('active', 'guarded')")
    op.create_index("ix_links_host", "links", ["host"], postgresql_where=sa.text("host <> ''"))
    _feed_exports()
    _add("feed_fetches", [sa.Column("network", sa.Text(), nullable=False, server_default="")])
    op.drop_constraint(op.f(_FETCHES_BY_DAY), "feed_fetches", type_="unique")
    op.create_unique_constraint("uq_feed_fetches_row", "feed_fetches", _FETCHES_BY_REVISION)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(_NEWEST_ALONE)
    op.drop_constraint("uq_feed_fetches_row", "feed_fetches", type_="unique")
    op.create_unique_constraint(op.f(_FETCHES_BY_DAY), "feed_fetches", [*_FETCHES_BY_REVISION[:3], "day"])
    op.drop_column("feed_fetches", "network")
    op.drop_table("feed_exports")
    op.drop_index("ix_links_host", table_name="links")
    op.execute("UPDATE links SET state = 'active', state_reason = NULL WHERE state = 'guarded'")
    _due("state = 'active'")
    for column in _link_columns():
        op.drop_column("links", column.name)
    for column in _block_columns():
        op.drop_column("external_blocks", column.name)
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

"""Sign-ins of accounts at channels; look-ups of these, of watches that are due, and of notices; walls."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from migrations.walls import lookup, wall

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

SIGN_IN = "organization_of_connection_sign_in(bytea)"
CLAIM = "claim_watches(timestamptz, timestamptz, integer)"
NOTICE = "take_notice(uuid, bytea, text, boolean, timestamptz, timestamptz)"

# Both are asked once per statement, not once per row: they stand in queries of their own.
_UNLIMITED = "(SELECT NULLIF(current_setting('hub.properties', true), '') IS NULL)"
_THEIRS = "((SELECT NULLIF(current_setting('hub.properties', true), ''))::uuid[])"
OF_LINKS = ("sync_items", "sync_ops", "watch_channels")
"""What staff who are limited to properties see of their links alone"""

COLUMNS: tuple[sa.Column[Any], ...] = (
    sa.Column("emptying", sa.Boolean(), nullable=False, server_default=sa.false()),
    sa.Column("watch_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("'epoch'")),
    sa.Column("watch_failures", sa.Integer(), nullable=False, server_default="0"),
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for column in COLUMNS:
        op.add_column("links", column)
        if column.name != "watch_at":
            op.alter_column("links", column.name, server_default=None)
    op.create_index(
        "ix_links_watch_at", "links", ["watch_at"], postgresql_where=sa.text("calendar_key IS NOT NULL")
    )
    _sign_ins()
    _watches()
    _notices()
    for table in OF_LINKS:
        # Row-level security of links decides within.
        within = f"link_id IN (SELECT l.id FROM links l WHERE l.property_id = ANY {_THEIRS})"  # noqa: S608
        op.execute(
            f"CREATE POLICY properties ON {table} AS RESTRICTIVE TO hub_app"
            f" USING ({_UNLIMITED} OR {within}) WITH CHECK ({_UNLIMITED} OR {within})"
        )


def _sign_ins() -> None:
    op.create_table(
        "connection_sign_ins",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("state_hash", sa.LargeBinary(), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "connection_id"],
            ["connections.organization_id", "connections.id"],
            name=op.f("fk_connection_sign_ins_organization_id_connection_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "member_id"],
            ["members.organization_id", "members.id"],
            name=op.f("fk_connection_sign_ins_organization_id_member_id"),
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_connection_sign_ins")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_connection_sign_ins_state_hash")),
    )
    op.create_index("ix_connection_sign_ins_expires_at", "connection_sign_ins", ["expires_at"])
    wall("connection_sign_ins")
    # $1 the hash of the state that the browser brings back.
    lookup(SIGN_IN, "uuid", "SELECT organization_id FROM connection_sign_ins WHERE state_hash = $1")


def _watches() -> None:
    # $1 now, $2 when they are due again if whoever tends them is lost, $3 how many at most. Links whose
    # calendar is to be watched, and those that are to be watched no more and have a watch still.
    lookup(
        CLAIM,
        "TABLE (organization_id uuid, link_id uuid)",
        "UPDATE links AS tended SET watch_at = $2 FROM ("
        " SELECT l.organization_id, l.id FROM links l"
        " WHERE l.calendar_key IS NOT NULL AND l.watch_at <= $1"
        " AND (l.state IN ('active', 'guarded') OR EXISTS (SELECT FROM watch_channels w"
        " WHERE w.organization_id = l.organization_id AND w.link_id = l.id))"
        " ORDER BY l.watch_at LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED) AS due"
        " WHERE tended.organization_id = due.organization_id AND tended.id = due.id"
        " RETURNING tended.organization_id, tended.id",
        volatile=True,
    )


def _notices() -> None:
    # $1 the watch, $2 the hash of its token, $3 the connector's slug, $4 whether it only says hello, $5 now,
    # $6 when the link is due, unless it was listed only just now, for a burst of notices is one change; and
    # unless it rests, or backs off after failures: nobody outside may cut that short.
    # The link's row comes before the watch's, as for whoever removes the link.
    lookup(
        NOTICE,
        "boolean",
        "WITH found AS ("
        " SELECT w.organization_id, w.link_id FROM watch_channels w"
        " JOIN links l ON l.organization_id = w.organization_id AND l.id = w.link_id"
        " JOIN connections c ON c.organization_id = l.organization_id AND c.id = l.connection_id"
        " WHERE w.id = $1 AND w.token_hash = $2 AND c.connector = $3),"
        " nudged AS ("
        " UPDATE links l SET notices = l.notices + 1,"
        " next_pull_at = CASE WHEN l.failures > 0 OR l.rests_until > $5 THEN l.next_pull_at"
        " ELSE least(l.next_pull_at, greatest($6, l.verified_at + interval '5 seconds')) END FROM found"
        " WHERE NOT $4 AND l.organization_id = found.organization_id AND l.id = found.link_id"
        " AND l.state IN ('active', 'guarded') RETURNING l.id),"
        " counted AS ("
        " UPDATE watch_channels w SET notices = w.notices + 1, last_notice_at = $5"
        " FROM found LEFT JOIN nudged ON nudged.id = found.link_id"
        " WHERE NOT $4 AND w.id = $1 RETURNING w.id)"
        " SELECT EXISTS (SELECT FROM found)",
        volatile=True,
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in reversed(OF_LINKS):
        op.execute(f"DROP POLICY properties ON {table}")
    for signature in (NOTICE, CLAIM, SIGN_IN):
        op.execute(f"DROP FUNCTION {signature}")
    op.drop_index("ix_connection_sign_ins_expires_at", table_name="connection_sign_ins")
    op.drop_table("connection_sign_ins")
    op.drop_index(
        "ix_links_watch_at", table_name="links", postgresql_where=sa.text("calendar_key IS NOT NULL")
    )
    for column in reversed(COLUMNS):
        op.drop_column("links", column.name)

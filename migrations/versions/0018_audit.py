"""The change log is written once, and found by who did it, for whom, and by which request."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

INDEXES = {"actor": "actor_id", "for": "for_id", "request": "request_id"}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON changes FROM hub_app")
    op.execute("""
        CREATE FUNCTION changes_stay() RETURNS trigger LANGUAGE plpgsql
        SET search_path = pg_catalog, pg_temp AS $body$
        BEGIN
            RAISE EXCEPTION 'the change log is only ever added to' USING ERRCODE = 'insufficient_privilege';
        END
        $body$
    """)
    op.execute(
        "CREATE TRIGGER changes_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON changes"
        " FOR EACH STATEMENT EXECUTE FUNCTION changes_stay()"
    )
    for name, column in INDEXES.items():
        op.create_index(
            f"ix_changes_{name}",
            "changes",
            ["organization_id", column, "at"],
            unique=False,
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for name in reversed(INDEXES):
        op.drop_index(f"ix_changes_{name}", "changes")
    op.execute("DROP TRIGGER changes_stay ON changes")
    op.execute("DROP FUNCTION changes_stay()")

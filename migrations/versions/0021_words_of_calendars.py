"""Until when the words of calendars' events matter: what is kept of them is forgotten after a while."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

SWEPT_BY = ("words_until", "tombstoned_at")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("sync_items", sa.Column("words_until", sa.DateTime(timezone=True), nullable=True))
    # Whatever was seen before is looked at once.
    op.execute("UPDATE sync_items SET words_until = 'epoch' WHERE remote_sealed IS NOT NULL")
    for column in SWEPT_BY:
        op.create_index(
            f"ix_sync_items_{column}",
            "sync_items",
            ["organization_id", column],
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for column in reversed(SWEPT_BY):
        op.drop_index(f"ix_sync_items_{column}", table_name="sync_items")
    op.drop_column("sync_items", "words_until")

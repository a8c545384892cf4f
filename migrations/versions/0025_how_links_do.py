"""How a link does: since when it fails, when it was asked last, and how long it is unknown on average."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("links", sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("links", sa.Column("began_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("links", sa.Column("measured_seconds", sa.Double(), nullable=True))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for column in ("measured_seconds", "began_at", "failing_since"):
        op.drop_column("links", column)

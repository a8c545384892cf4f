"""Whether a link's channel closes a whole day for every hour that it reads in our feed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("links", sa.Column("whole_days", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.alter_column("links", "whole_days", server_default=None)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_column("links", "whole_days")

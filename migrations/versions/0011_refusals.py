"""How often in a row, and as what, a channel refused a link: failures of other kinds say nothing of that."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("links", sa.Column("refused", sa.Text(), nullable=False, server_default=""))
    op.add_column("links", sa.Column("refusals", sa.Integer(), nullable=False, server_default="0"))
    for column in ("refused", "refusals"):
        op.alter_column("links", column, server_default=None)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for column in ("refusals", "refused"):
        op.drop_column("links", column)

"""Indexes by which bookings and changes are listed and found."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_index("ix_bookings_arrival", "bookings", ["organization_id", "starts_at", "id"], unique=False)
    op.create_index(
        op.f("ix_bookings_organization_id_guest_id"),
        "bookings",
        ["organization_id", "guest_id"],
        unique=False,
    )
    op.create_index("ix_changes_newest", "changes", ["organization_id", "at", "id"], unique=False)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index("ix_changes_newest", table_name="changes")
    op.drop_index(op.f("ix_bookings_organization_id_guest_id"), table_name="bookings")
    op.drop_index("ix_bookings_arrival", table_name="bookings")

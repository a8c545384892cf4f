"""The live check: policies, what channels said before a booking was accepted, and who waits for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.walls import lookup, wall

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

POLICIES = "check_policy IN ('off', 'refuse', 'flag', 'hold')"
AGES = "check_age_seconds BETWEEN 0 AND 86400"
DEADLINES = "check_deadline_ms BETWEEN 100 AND 20000"
STANDING = "links_standing(links uuid[])"
UNANSWERED = "organizations_unanswered()"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _add("properties", sa.Column("check_policy", sa.Text(), nullable=False, server_default="flag"))
    _add("properties", sa.Column("check_age_seconds", sa.Integer(), nullable=False, server_default="1"))
    _add("properties", sa.Column("check_deadline_ms", sa.Integer(), nullable=False, server_default="2000"))
    op.add_column("unit_types", sa.Column("check_policy", sa.Text(), nullable=True))
    op.add_column("unit_types", sa.Column("check_age_seconds", sa.Integer(), nullable=True))
    op.add_column("unit_types", sa.Column("check_deadline_ms", sa.Integer(), nullable=True))
    _add("unit_types", sa.Column("safety_margin", sa.Integer(), nullable=False, server_default="0"))
    for table in ("properties", "unit_types"):
        op.create_check_constraint(op.f(f"ck_{table}_check_policy"), table, POLICIES)
        op.create_check_constraint(op.f(f"ck_{table}_check_age_seconds"), table, AGES)
        op.create_check_constraint(op.f(f"ck_{table}_check_deadline_ms"), table, DEADLINES)
    op.create_check_constraint(
        op.f("ck_unit_types_safety_margin"), "unit_types", "safety_margin BETWEEN 0 AND 1000"
    )
    _bookings()
    _checks()
    # Those who wait for channels are of many organizations; one look tells each how its links stand.
    lookup(
        STANDING,
        "TABLE (link_id uuid, verified_at timestamptz, failures integer, state text, state_reason text,"
        " leased boolean)",
        "SELECT l.id, l.verified_at, l.failures, l.state, l.state_reason,"
        " l.lease_until > clock_timestamp() FROM links l WHERE l.id = ANY($1)",
    )
    lookup(
        UNANSWERED,
        "SETOF uuid",
        "SELECT DISTINCT organization_id FROM bookings WHERE check_state IN ('flagged', 'awaiting')",
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(f"DROP FUNCTION {UNANSWERED}")
    op.execute(f"DROP FUNCTION {STANDING}")
    op.drop_table("checks")
    op.drop_index("ix_bookings_unanswered", "bookings")
    op.drop_column("bookings", "check_at")
    op.drop_column("bookings", "check_state")
    op.drop_column("unit_types", "safety_margin")
    for table in ("unit_types", "properties"):
        for column in ("check_deadline_ms", "check_age_seconds", "check_policy"):
            op.drop_column(table, column)


def _add(table: str, column: sa.Column) -> None:  # type: ignore[type-arg]
    """With a value for the rows that there are, and none for those that come."""
    op.add_column(table, column)
    op.alter_column(table, column.name, server_default=None)


def _bookings() -> None:
    _add("bookings", sa.Column("check_state", sa.Text(), nullable=False, server_default="unchecked"))
    op.add_column("bookings", sa.Column("check_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f("ck_bookings_check_state"),
        "bookings",
        "check_state IN ('unchecked', 'verified', 'flagged', 'awaiting')",
    )
    op.create_index(
        "ix_bookings_unanswered",
        "bookings",
        ["organization_id", "check_at"],
        postgresql_where=sa.text("check_state IN ('flagged', 'awaiting')"),
    )


def _checks() -> None:
    op.create_table(
        "checks",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "stage IN ('booked', 'moved', 'confirmed', 'awaited')", name=op.f("ck_checks_stage")
        ),
        sa.CheckConstraint(
            "verdict IN ('fresh', 'answered', 'late', 'failed', 'spared', 'unreachable', 'paused')",
            name=op.f("ck_checks_verdict"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "booking_id"],
            ["bookings.organization_id", "bookings.id"],
            name=op.f("fk_checks_organization_id_booking_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_checks")),
    )
    op.create_index(
        op.f("ix_checks_organization_id_booking_id_id"), "checks", ["organization_id", "booking_id", "id"]
    )
    wall("checks")

"""Look-ups of people's ways in: invitations, resets, registrations, identities, failed tries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.walls import lookup

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

FUNCTIONS = (
    "organization_of_invitation(bytea)",
    "organization_of_registration(bytea)",
    "organization_of_password_reset(bytea)",
    "organization_of_property(text)",
    "open_memberships(uuid)",
    "account_of_identity(bytea)",
    "link_identity(uuid, uuid, text, bytea, timestamptz)",
    "end_sign_ins(uuid, timestamptz)",
    "sign_in_attempts_of(bytea)",
    "lock_sign_in_attempts(bytea, timestamptz)",
    "note_sign_in_attempts(bytea, integer, timestamptz, timestamptz)",
    "forget_sign_in_attempts(bytea)",
    "sweep_sign_in_attempts(timestamptz)",
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("accounts", sa.Column("proven_at", sa.DateTime(timezone=True), nullable=True))
    # Who began an organization was let in by whoever runs the hub; all others came by an admin, who may have
    # chosen their password, and prove their address by a reset.
    op.execute(
        "UPDATE accounts SET proven_at = created_at WHERE id IN (SELECT account_id FROM"
        " (SELECT DISTINCT ON (organization_id) account_id, role FROM members"
        " ORDER BY organization_id, created_at, id) AS first WHERE role IN ('admin', 'super_admin'))"
    )
    _ways_in()
    _identities()
    _attempts()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for signature in reversed(FUNCTIONS):
        op.execute(f"DROP FUNCTION {signature}")
    op.drop_column("accounts", "proven_at")


def _ways_in() -> None:
    for name, table in (
        ("invitation", "invitations"),
        ("registration", "registrations"),
        ("password_reset", "password_resets"),
    ):
        lookup(
            f"organization_of_{name}(bytea)",
            "uuid",
            f"SELECT organization_id FROM {table} WHERE token_hash = $1",  # noqa: S608 -- names of ours
        )
    lookup(
        "organization_of_property(text)",
        "uuid",
        "SELECT organization_id FROM properties WHERE slug = $1 AND archived_at IS NULL",
    )
    # Locks come first: who signs in at this moment either is seen and ended, or sees the new password.
    lookup(
        "end_sign_ins(uuid, timestamptz)",
        "void",
        "SELECT 1 FROM members WHERE account_id = $1 ORDER BY organization_id, id FOR NO KEY UPDATE;"
        " UPDATE refresh_tokens r SET revoked_at = $2 FROM members m"
        " WHERE m.account_id = $1 AND r.organization_id = m.organization_id AND r.member_id = m.id"
        " AND r.revoked_at IS NULL;"
        " UPDATE password_resets SET used_at = $2 WHERE account_id = $1 AND used_at IS NULL",
        volatile=True,
    )


def _identities() -> None:
    # An account of which nobody has proved the address leads into no organization but its first.
    lookup(
        "open_memberships(uuid)",
        "TABLE (organization_id uuid, member_id uuid, organization_name text)",
        "SELECT m.organization_id, m.id, o.name FROM members m"
        " JOIN organizations o ON o.id = m.organization_id JOIN accounts a ON a.id = m.account_id"
        " WHERE m.account_id = $1 AND m.deactivated_at IS NULL AND (a.proven_at IS NOT NULL OR m.id ="
        " (SELECT id FROM members WHERE account_id = $1 ORDER BY created_at, id LIMIT 1))"
        " ORDER BY m.created_at, m.id",
    )
    lookup(
        "account_of_identity(bytea)",
        "TABLE (account_id uuid, disabled boolean)",
        "SELECT a.id, a.disabled_at IS NOT NULL FROM identities i JOIN accounts a ON a.id = i.account_id"
        " WHERE i.subject_index = $1",
    )
    lookup(
        "link_identity(uuid, uuid, text, bytea, timestamptz)",
        "void",
        "INSERT INTO identities (id, account_id, provider, subject_index, created_at)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (subject_index) DO NOTHING",
        volatile=True,
    )


def _attempts() -> None:
    kept = "TABLE (failures integer, last_at timestamptz, locked_until timestamptz)"
    lookup(
        "sign_in_attempts_of(bytea)",
        kept,
        "SELECT failures, last_at, locked_until FROM sign_in_attempts WHERE key = $1",
    )
    lookup(
        "lock_sign_in_attempts(bytea, timestamptz)",
        kept,
        "INSERT INTO sign_in_attempts AS kept (key, failures, last_at) VALUES ($1, 0, $2)"
        " ON CONFLICT (key) DO UPDATE SET failures = kept.failures RETURNING failures, last_at, locked_until",
        volatile=True,
    )
    lookup(
        "note_sign_in_attempts(bytea, integer, timestamptz, timestamptz)",
        "void",
        "UPDATE sign_in_attempts SET failures = $2, last_at = $3, locked_until = $4 WHERE key = $1",
        volatile=True,
    )
    # An account's key, and those of its places, which begin with it and are 32 bytes longer at most.
    lookup(
        "forget_sign_in_attempts(bytea)",
        "void",
        "SELECT 1 FROM sign_in_attempts WHERE key = $1 FOR UPDATE;"
        " DELETE FROM sign_in_attempts WHERE key BETWEEN $1 AND $1 || decode(repeat('ff', 33), 'hex')",
        volatile=True,
    )
    # A few at a time, whenever somebody fails: the table never holds more than is still worth knowing.
    lookup(
        "sweep_sign_in_attempts(timestamptz)",
        "void",
        "DELETE FROM sign_in_attempts WHERE key IN (SELECT key FROM sign_in_attempts WHERE last_at < $1"
        " ORDER BY last_at LIMIT 20 FOR UPDATE SKIP LOCKED)",
        volatile=True,
    )

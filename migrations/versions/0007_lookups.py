"""The look-ups that come before an organization is known: login, feed token, and the timetable's."""

from __future__ import annotations

from alembic import op

from migrations.walls import lookup

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

LOOKUPS = (
    "account_of_email(bytea)",
    "memberships_of_account(uuid)",
    "organization_of_refresh_token(bytea)",
    "link_of_feed_token(bytea)",
    "claim_due_links(timestamptz, timestamptz, integer)",
    "organizations_with_lapsed_holds(timestamptz)",
    "organizations_with_ready_facts(timestamptz)",
    "all_organizations()",
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    lookup(
        "account_of_email(bytea)",
        "TABLE (account_id uuid, password_hash text, disabled boolean)",
        "SELECT id, password_hash, disabled_at IS NOT NULL FROM accounts WHERE email_index = $1",
    )
    lookup(
        "memberships_of_account(uuid)",
        "TABLE (organization_id uuid, member_id uuid, organization_name text)",
        "SELECT m.organization_id, m.id, o.name"
        " FROM members m JOIN organizations o ON o.id = m.organization_id"
        " WHERE m.account_id = $1 AND m.deactivated_at IS NULL ORDER BY m.created_at, m.id",
    )
    lookup(
        "organization_of_refresh_token(bytea)",
        "uuid",
        "SELECT organization_id FROM refresh_tokens WHERE token_hash = $1",
    )
    lookup(
        "link_of_feed_token(bytea)",
        "TABLE (organization_id uuid, link_id uuid)",
        "SELECT organization_id, id FROM links WHERE feed_token_hash = $1",
    )
    # $1 now, $2 when to claim it again if nobody reports back, $3 how many
    lookup(
        "claim_due_links(timestamptz, timestamptz, integer)",
        "TABLE (organization_id uuid, link_id uuid)",
        "UPDATE links SET next_pull_at = $2 FROM ("
        " SELECT l.organization_id, l.id FROM links l"
        " WHERE l.state = 'active' AND l.direction IN ('import', 'two_way') AND l.next_pull_at <= $1"
        " ORDER BY l.next_pull_at LIMIT $3 FOR UPDATE SKIP LOCKED) AS due"
        " WHERE links.organization_id = due.organization_id AND links.id = due.id"
        " RETURNING links.organization_id, links.id",
        volatile=True,
    )
    lookup(
        "organizations_with_lapsed_holds(timestamptz)",
        "SETOF uuid",
        "SELECT DISTINCT organization_id FROM bookings WHERE status = 'held' AND hold_until <= $1",
    )
    lookup(
        "organizations_with_ready_facts(timestamptz)",
        "SETOF uuid",
        "SELECT DISTINCT organization_id FROM outbox WHERE state = 'ready' AND not_before <= $1",
    )
    lookup("all_organizations()", "SETOF uuid", "SELECT id FROM organizations ORDER BY id")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for signature in LOOKUPS:
        op.execute(f"DROP FUNCTION {signature}")

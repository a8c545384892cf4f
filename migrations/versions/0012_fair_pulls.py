"""Whether an organization's pulls crowd out the others', told with how a host stands."""

from __future__ import annotations

from alembic import op

from migrations.walls import lookup

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BEFORE = "stand_at_host(text)"
AFTER = "stand_at_host(text, integer, timestamptz)"

_STANDS = "running bigint, failures integer, not_before timestamptz, asked_until timestamptz"

# $1 host, empty for none; $2 so many leases an organization may have while a link of another's is due before
# $3. The asker's own lease counts in both. Whoever begins at that host, or for that organization, at once
# with this transaction waits for its end, and counts it.
_STAND = """
    SELECT pg_advisory_xact_lock(-20261122, hashtext(current_setting('hub.organization', true)));
    SELECT pg_advisory_xact_lock(-20261121, hashtext($1)) WHERE $1 <> '';
    WITH own AS (
        SELECT NULLIF(current_setting('hub.organization', true), '')::uuid AS id
    ), running AS (
        SELECT count(*) FILTER (WHERE host = $1 AND $1 <> '') AS there,
               count(*) FILTER (WHERE organization_id = (SELECT id FROM own)) AS of_own
        FROM links WHERE lease_until > clock_timestamp() AND lease_until > 'epoch'
    )
    SELECT running.there, h.failures, h.not_before, h.asked_until,
           CASE WHEN running.of_own > $2 THEN EXISTS (
               SELECT FROM links l LEFT JOIN remote_hosts r ON r.name = l.host
               WHERE l.organization_id <> (SELECT id FROM own) AND l.next_pull_at <= $3
                 AND l.lease_until <= clock_timestamp() AND (r.not_before IS NULL OR r.not_before <= $3)
                 AND l.state IN ('active', 'guarded') AND l.direction IN ('import', 'two_way'))
           ELSE false END
    FROM running LEFT JOIN remote_hosts h ON h.name = $1
"""
_STAND_BEFORE = """
    SELECT pg_advisory_xact_lock(-20261121, hashtext($1));
    SELECT (SELECT count(*) FROM links WHERE host = $1 AND lease_until > clock_timestamp()
                                         AND lease_until > 'epoch'),
           h.failures, h.not_before, h.asked_until
    FROM (SELECT) AS always LEFT JOIN remote_hosts h ON h.name = $1
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(f"DROP FUNCTION {BEFORE}")
    lookup(AFTER, f"TABLE ({_STANDS}, crowding boolean)", _STAND, volatile=True)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(f"DROP FUNCTION {AFTER}")
    lookup(BEFORE, f"TABLE ({_STANDS})", _STAND_BEFORE, volatile=True)

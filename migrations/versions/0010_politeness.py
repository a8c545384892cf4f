"""Hosts that are spared, and links handed out so that no host is asked by too many at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.walls import lookup

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)

CLAIM_BEFORE = "claim_due_links(timestamptz, timestamptz, integer)"
LOOKUPS = (
    "claim_due_links(timestamptz, timestamptz, integer, integer)",
    "claim_due_link_beside(timestamptz, timestamptz, uuid, uuid)",
    "stand_at_host(text)",
    "spare_host(text, integer, timestamptz, timestamptz, timestamptz)",
    "trust_host(text, timestamptz)",
    "spared_hosts(timestamptz)",
    "forget_hosts(timestamptz)",
)

# $1 now, $2 when to claim it again if nobody reports back, $3 how many, $4 how many at one host at once.
# `more` says that others of the same host had to stay behind. Organizations take turns, and what somebody
# asked for goes first. A host that failed is tried by one alone; what names no host shares none.
_CLAIM = """
    WITH running AS (
        SELECT host, count(*) AS number FROM links
        WHERE lease_until > clock_timestamp() AND lease_until > 'epoch' AND host <> '' GROUP BY host
    ), asked AS MATERIALIZED (
        SELECT DISTINCT organization_id, link_id FROM sync_runs WHERE state = 'queued'
    ), due AS (
        SELECT l.organization_id, l.id, l.host, l.next_pull_at, asked.link_id IS NOT NULL AS asked,
               h.failures, h.not_before, h.asked_until
        FROM links l
        LEFT JOIN asked ON asked.organization_id = l.organization_id AND asked.link_id = l.id
        LEFT JOIN remote_hosts h ON h.name = l.host
        WHERE l.state IN ('active', 'guarded') AND l.direction IN ('import', 'two_way')
          AND l.next_pull_at <= $1 AND (h.asked_until IS NULL OR h.asked_until <= $1)
    ), ranked AS (
        SELECT due.*, count(*) OVER (PARTITION BY host) AS of_host,
               row_number() OVER (PARTITION BY host ORDER BY asked DESC, next_pull_at, id) AS at_host,
               row_number() OVER (PARTITION BY organization_id
                                  ORDER BY asked DESC, next_pull_at, id) AS turn
        FROM due WHERE asked OR not_before IS NULL OR not_before <= $1
    ), roomy AS (
        SELECT ranked.*, CASE WHEN ranked.host = '' THEN of_host WHEN failures > 0 THEN 1 ELSE $4 END
                         - coalesce(running.number, 0) AS room
        FROM ranked LEFT JOIN running USING (host)
    ), chosen AS (
        SELECT organization_id, id, of_host > room AS more FROM roomy WHERE at_host <= room
        ORDER BY turn, asked DESC, next_pull_at LIMIT $3
    ), held AS (
        SELECT l.organization_id, l.id, chosen.more
        FROM links l JOIN chosen ON chosen.organization_id = l.organization_id AND chosen.id = l.id
        WHERE l.next_pull_at <= $1 FOR UPDATE OF l SKIP LOCKED
    )
    UPDATE links SET next_pull_at = $2 FROM held
    WHERE links.organization_id = held.organization_id AND links.id = held.id
    RETURNING links.organization_id, links.id, held.more
"""
# $1 now, $2 as above, $3 and $4 a link: the next one that is due at its host, for whoever comes back from it
_CLAIM_BESIDE = """
    UPDATE links SET next_pull_at = $2 FROM (
        SELECT l.organization_id, l.id
        FROM links l JOIN links pulled ON pulled.host = l.host
        WHERE pulled.organization_id = $3 AND pulled.id = $4 AND l.host <> ''
          AND l.state IN ('active', 'guarded') AND l.direction IN ('import', 'two_way')
          AND l.next_pull_at <= $1
          AND NOT EXISTS (SELECT FROM remote_hosts h
                          WHERE h.name = l.host AND (h.failures > 0 OR h.asked_until > $1))
        ORDER BY l.next_pull_at LIMIT 1 FOR UPDATE OF l SKIP LOCKED) AS due
    WHERE links.organization_id = due.organization_id AND links.id = due.id
    RETURNING links.organization_id, links.id
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _remote_hosts()
    op.drop_index("ix_links_host", table_name="links")
    op.create_index(
        "ix_links_running",
        "links",
        ["host", "lease_until"],
        postgresql_where=sa.text("lease_until > 'epoch'"),
    )
    op.create_index(
        "ix_sync_runs_open",
        "sync_runs",
        ["organization_id", "link_id", "id"],
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    )
    op.execute(f"DROP FUNCTION {CLAIM_BEFORE}")
    _claims()
    _memory()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for signature in LOOKUPS:
        op.execute(f"DROP FUNCTION {signature}")
    lookup(
        CLAIM_BEFORE,
        "TABLE (organization_id uuid, link_id uuid)",
        "UPDATE links SET next_pull_at = $2 FROM ("
        " SELECT l.organization_id, l.id FROM links l"
        " WHERE l.state = 'active' AND l.direction IN ('import', 'two_way') AND l.next_pull_at <= $1"
        " ORDER BY l.next_pull_at LIMIT $3 FOR UPDATE SKIP LOCKED) AS due"
        " WHERE links.organization_id = due.organization_id AND links.id = due.id"
        " RETURNING links.organization_id, links.id",
        volatile=True,
    )
    op.drop_index("ix_sync_runs_open", table_name="sync_runs")
    op.drop_index("ix_links_running", table_name="links")
    op.create_index("ix_links_host", "links", ["host"], postgresql_where=sa.text("host <> ''"))
    op.drop_table("remote_hosts")


def _remote_hosts() -> None:
    op.create_table(
        "remote_hosts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("not_before", _INSTANT, nullable=True),
        sa.Column("asked_until", _INSTANT, nullable=True),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_remote_hosts")),
    )
    # A host is no organization's, and what one learnt of it is not told to another: the functions alone know.
    op.execute("ALTER TABLE remote_hosts ENABLE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY nobody ON remote_hosts TO hub_app USING (false) WITH CHECK (false)")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON remote_hosts TO hub_app")


def _claims() -> None:
    claimed = "TABLE (organization_id uuid, link_id uuid, more boolean)"
    lookup(LOOKUPS[0], claimed, _CLAIM, volatile=True)
    lookup(LOOKUPS[1], "TABLE (organization_id uuid, link_id uuid)", _CLAIM_BESIDE, volatile=True)


def _memory() -> None:
    # How a host stands with us. Holds its lock until the transaction ends, so that of two who begin at once
    # the second counts the first: `running` are the leases of all, the asker's own included.
    lookup(
        "stand_at_host(text)",
        "TABLE (running bigint, failures integer, not_before timestamptz, asked_until timestamptz)",
        """
        SELECT pg_advisory_xact_lock(-20261121, hashtext($1));
        SELECT (SELECT count(*) FROM links WHERE host = $1 AND lease_until > clock_timestamp()
                                             AND lease_until > 'epoch'),
               h.failures, h.not_before, h.asked_until
        FROM (SELECT) AS always LEFT JOIN remote_hosts h ON h.name = $1
        """,
        volatile=True,
    )
    # $1 host, $2 failures in a row, $3 not before, $4 asked until, $5 now; two who failed at once count once
    lookup(
        "spare_host(text, integer, timestamptz, timestamptz, timestamptz)",
        "void",
        "INSERT INTO remote_hosts AS h (name, failures, not_before, asked_until, updated_at)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO UPDATE SET"
        " failures = greatest(h.failures, $2), not_before = greatest(h.not_before, $3),"
        " asked_until = greatest(h.asked_until, $4), updated_at = $5",
        volatile=True,
    )
    # $1 host, $2 now: it answered. What it asked for still counts.
    lookup(
        "trust_host(text, timestamptz)",
        "void",
        "DELETE FROM remote_hosts WHERE name = $1 AND (asked_until IS NULL OR asked_until <= $2);"
        " UPDATE remote_hosts SET failures = 0, not_before = NULL, updated_at = $2 WHERE name = $1",
        volatile=True,
    )
    lookup(
        "spared_hosts(timestamptz)",
        "TABLE (name text, failures integer, not_before timestamptz, asked_until timestamptz)",
        "SELECT name, failures, not_before, asked_until FROM remote_hosts"
        " WHERE not_before > $1 OR asked_until > $1 ORDER BY name",
    )
    # $1: those that nobody has asked since
    lookup(
        "forget_hosts(timestamptz)",
        "bigint",
        "WITH gone AS (DELETE FROM remote_hosts WHERE updated_at < $1"
        " AND coalesce(not_before, updated_at) < $1 AND coalesce(asked_until, updated_at) < $1 RETURNING 1)"
        " SELECT count(*) FROM gone",
        volatile=True,
    )

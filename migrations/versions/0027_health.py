"""What a monitor may see of the whole hub: numbers and names of channels, of no guest and no booking."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.walls import lookup

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

LINKS = "measured_links(timestamptz, integer)"
TOTALS = "measured_link_totals(timestamptz, double precision[], double precision, double precision, integer)"
CONFLICTS = "measured_conflicts()"
OUTBOX = "measured_outbox(timestamptz)"
RUNS = "measured_runs(uuid, timestamptz)"
HOLDS = "measured_holds(timestamptz)"
ALERTS = "measured_alerts()"

_READ = "l.polled AND l.state IN ('active', 'guarded')"
_AGE = "CAST(greatest(0, extract(epoch FROM $1 - l.verified_at)) AS double precision)"
_SINCE = "extract(epoch FROM $1 - coalesce(l.verified_at, l.created_at))"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_index(
        "ix_outbox_quarantined",
        "outbox",
        ["organization_id"],
        postgresql_where=sa.text("state = 'quarantined'"),
    )
    _links()
    lookup(
        CONFLICTS,
        "TABLE (type text, state text, number bigint)",
        "SELECT type, state, count(*) FROM conflicts WHERE state <> 'closed' GROUP BY type, state",
    )
    # $1 now: `oldest` is how long the longest waiting could have been done by now
    lookup(
        OUTBOX,
        "TABLE (ready bigint, oldest double precision, quarantined bigint)",
        "SELECT count(*), CAST(greatest(0, extract(epoch FROM $1 - min(not_before))) AS double precision),"
        " (SELECT count(*) FROM outbox WHERE state = 'quarantined')"
        " FROM outbox WHERE state = 'ready'",
    )
    # $1 an id that is older than all of them, $2 since when: by the key of the table, so that years of runs
    # cost nothing. Of many links the syncs of each count, and not that they were asked for together.
    lookup(
        RUNS,
        "TABLE (state text, trigger text, number bigint)",
        "SELECT r.state, r.trigger, count(*) FROM organizations o JOIN LATERAL ("
        " SELECT state, trigger FROM sync_runs WHERE organization_id = o.id AND id >= $1"
        " AND created_at >= $2 AND link_id IS NOT NULL) r ON true GROUP BY r.state, r.trigger",
    )
    lookup(HOLDS, "bigint", "SELECT count(*) FROM bookings WHERE status = 'held' AND hold_until > $1")
    lookup(
        ALERTS,
        "TABLE (cause text, severity text, number bigint)",
        "SELECT cause, severity, count(*) FROM alerts"
        " WHERE opened_at IS NOT NULL AND recovered_at IS NULL GROUP BY cause, severity",
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for signature in (ALERTS, HOLDS, RUNS, OUTBOX, CONFLICTS, TOTALS, LINKS):
        op.execute(f"DROP FUNCTION {signature}")
    op.drop_index(
        "ix_outbox_quarantined",
        table_name="outbox",
        postgresql_where=sa.text("state = 'quarantined'"),
    )


def _links() -> None:
    # $1 now, $2 how many
    lookup(
        LINKS,
        "TABLE (organization_id uuid, link_id uuid, channel text, age double precision, failures integer,"
        " next_pull double precision, interval_seconds integer, measured double precision)",
        f"SELECT l.organization_id, l.id, c.name, {_AGE}, l.failures,"  # noqa: S608 -- made of constants
        f" CASE WHEN {_READ} THEN CAST(extract(epoch FROM l.next_pull_at - $1) AS double precision) END,"
        " l.interval_seconds, l.measured_seconds"
        " FROM links l JOIN connections c ON c.organization_id = l.organization_id AND c.id = l.connection_id"
        " WHERE l.polled ORDER BY l.organization_id, l.id LIMIT $2",
    )
    # $1 now, $2 bounds of the ages in seconds, $3 stale after so many intervals, $4 but not before so many
    # seconds, $5 failing from so many failures in a row; `place` is how many bounds an age has reached
    lookup(
        TOTALS,
        "TABLE (connector text, state text, place integer, number bigint, age double precision,"
        " stale bigint, failing bigint)",
        f"SELECT c.connector, l.state,"  # noqa: S608 -- made of constants
        f" CASE WHEN l.polled THEN width_bucket({_AGE}, $2) END AS place, count(*),"
        f" coalesce(sum({_AGE}) FILTER (WHERE l.polled), 0),"
        f" count(*) FILTER (WHERE {_READ} AND {_SINCE} > greatest($3 * l.interval_seconds, $4)),"
        f" count(*) FILTER (WHERE {_READ} AND l.failures >= $5)"
        " FROM links l JOIN connections c ON c.organization_id = l.organization_id AND c.id = l.connection_id"
        " GROUP BY 1, 2, 3",
    )

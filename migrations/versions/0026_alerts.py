"""Alerts, who is told of them, signs of life; functions that alone write them, for they may be nobody's."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from migrations.walls import SCOPE, lookup, wall

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_UNLIMITED = "(SELECT NULLIF(current_setting('hub.properties', true), '') IS NULL)"
_THEIRS = "((SELECT NULLIF(current_setting('hub.properties', true), ''))::uuid[])"
NOBODYS = ("alert_deliveries", "heartbeats")

# A unit of work changes its organization's alerts; one without an organization those of the whole hub.
_OURS = f"a.organization_id IS NOT DISTINCT FROM {SCOPE} AND a.recovered_at IS NULL"
_STEP = f"UPDATE alerts a SET {{}} WHERE a.key = $1 AND {_OURS}"  # noqa: S608 -- made of constants
# $1 key, $2 now, $3 destinations: what was not so yet is so, and whoever is to hear of it is put down
_TOLD = (
    f"WITH changed AS ({_STEP} AND {{}} RETURNING a.id)"  # noqa: S608 -- made of constants
    " INSERT INTO alert_deliveries (alert_id, event, destination, state, attempts, next_at, created_at)"
    " SELECT changed.id, '{}', told, 'ready', 0, $2, $2 FROM changed, unnest($3) AS told"
    " ON CONFLICT DO NOTHING"
)

SEE = "see_alert(uuid, text, text, text, text, text, jsonb, uuid, timestamptz)"
STANDING = "standing_alerts()"
STEPS: dict[str, str] = {
    "open_alert(text, timestamptz, text[])": _TOLD.format("opened_at = $2", "a.opened_at IS NULL", "opened"),
    "recover_alert(text, timestamptz, text[])": _TOLD.format(
        "recovered_at = $2", "a.opened_at IS NOT NULL", "recovered"
    ),
    "miss_alert(text, timestamptz)": _STEP.format("missing_since = coalesce(a.missing_since, $2)"),
    "return_alert(text)": _STEP.format("missing_since = NULL"),
    "drop_alert(text)": f"DELETE FROM alerts a WHERE a.key = $1 AND a.opened_at IS NULL AND {_OURS}",  # noqa: S608
    "forget_alerts(timestamptz)": "DELETE FROM alerts WHERE recovered_at < $1",
}
LATEST = "hub_alerts(integer)"

CLAIM = "claim_alert_deliveries(timestamptz, timestamptz, text, integer)"
SETTLE = "settle_alert_delivery(uuid, text, text, text, text, timestamptz)"
REST = "rest_alert_destination(text, timestamptz)"
GIVE_UP = "give_up_alert_deliveries(timestamptz, timestamptz)"
COUNTS = "alert_delivery_counts(timestamptz)"
BEAT = "beat_heart(text, timestamptz, boolean)"
HEARTS = "hearts()"

# Nothing is put off for as long as that: what is due later was written by a clock that was ahead.
_FAR = "$1 + interval '6 hours'"
# $1 now, $2 when to claim it again if nobody reports back, $3 the destination, $4 how many at most. Nothing
# while another is being sent, wherever to. A recovery waits until it was told what recovers. What failed
# least goes first, of that what waited longest: a message that is never taken holds nothing else up.
_CLAIM = f"""
    WITH due AS (
        SELECT d.alert_id, d.event, d.destination, d.attempts, d.created_at FROM alert_deliveries d
        WHERE d.state = 'ready' AND (d.next_at <= $1 OR d.next_at > {_FAR}) AND d.destination = $3
          AND (d.event = 'opened' OR NOT EXISTS (
              SELECT FROM alert_deliveries before
              WHERE before.alert_id = d.alert_id AND before.destination = d.destination
                AND before.event = 'opened' AND before.state = 'ready'))
          AND NOT EXISTS (
              SELECT FROM alert_deliveries busy
              WHERE busy.state = 'ready' AND busy.claimed_until > $1 AND busy.claimed_until <= {_FAR})
    ), held AS (
        SELECT alert_id, event, destination FROM due WHERE attempts = (SELECT min(attempts) FROM due)
        ORDER BY created_at, alert_id, event LIMIT $4
    ), claimed AS (
        UPDATE alert_deliveries d SET attempts = d.attempts + 1, next_at = $2, claimed_until = $2 FROM held
        WHERE d.alert_id = held.alert_id AND d.event = held.event AND d.destination = held.destination
          AND d.state = 'ready'
        RETURNING d.alert_id, d.event, d.destination, d.attempts
    )
    SELECT c.alert_id, c.event, c.destination, c.attempts, a.organization_id, o.name, a.cause, a.severity,
           a.subject, a.words, a.about, a.opened_at, a.recovered_at
    FROM claimed c JOIN alerts a ON a.id = c.alert_id LEFT JOIN organizations o ON o.id = a.organization_id
    ORDER BY coalesce(a.recovered_at, a.opened_at), c.alert_id
"""  # noqa: S608 -- made of constants
_CLAIMED = (
    "TABLE (alert_id uuid, event text, destination text, attempts integer, organization_id uuid,"
    " organization text, cause text, severity text, subject text, words text, about jsonb,"
    " opened_at timestamptz, recovered_at timestamptz)"
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _alerts()
    _deliveries()
    op.create_table(
        "heartbeats",
        _needed("name", sa.Text()),
        _needed("at", _INSTANT),
        sa.CheckConstraint("name IN ('beat', 'worker')", name=op.f("ck_heartbeats_name")),
        sa.PrimaryKeyConstraint("name", name="pk_heartbeats"),
    )
    op.create_index(
        "ix_external_events_draining",
        "external_events",
        ["organization_id", "link_id", "draining_since"],
        postgresql_where=sa.text("draining_since IS NOT NULL"),
    )
    # Staff who are limited to properties see what is about these, and nothing of the organization as a whole.
    wall("alerts")
    op.execute(
        "CREATE POLICY properties ON alerts AS RESTRICTIVE TO hub_app"
        f" USING ({_UNLIMITED} OR property_id = ANY {_THEIRS})"
        f" WITH CHECK ({_UNLIMITED} OR property_id = ANY {_THEIRS})"
    )
    for table in NOBODYS:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY nobody ON {table} TO hub_app USING (false) WITH CHECK (false)")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO hub_app")
    _looks()
    _sending()
    _hearts()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for signature in (HEARTS, BEAT, COUNTS, GIVE_UP, REST, SETTLE, CLAIM, LATEST, STANDING, SEE, *STEPS):
        op.execute(f"DROP FUNCTION {signature}")
    op.drop_index(
        "ix_external_events_draining",
        table_name="external_events",
        postgresql_where=sa.text("draining_since IS NOT NULL"),
    )
    for table in ("heartbeats", "alert_deliveries", "alerts"):
        op.drop_table(table)


def _needed(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _maybe(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)


def _alerts() -> None:
    op.create_table(
        "alerts",
        _maybe("organization_id", sa.Uuid()),
        _needed("id", sa.Uuid()),
        *(_needed(name, sa.Text()) for name in ("key", "cause", "severity", "subject", "words")),
        _needed("about", pg.JSONB()),
        _maybe("property_id", sa.Uuid()),
        _needed("seen_at", _INSTANT),
        *(_maybe(name, _INSTANT) for name in ("opened_at", "missing_since", "recovered_at")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_alerts_organization_id")
        ),
        sa.CheckConstraint("severity IN ('warning', 'critical')", name=op.f("ck_alerts_severity")),
        sa.CheckConstraint("opened_at IS NOT NULL OR recovered_at IS NULL", name=op.f("ck_alerts_recovered")),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
    )
    standing = sa.text("recovered_at IS NULL")
    op.create_index("uq_alerts_standing", "alerts", ["key"], unique=True, postgresql_where=standing)
    op.create_index("ix_alerts_newest", "alerts", ["organization_id", "opened_at", "id"])
    op.create_index("ix_alerts_recovered_at", "alerts", ["recovered_at"])


def _deliveries() -> None:
    checks = {
        "event": "event IN ('opened', 'recovered')",
        "destination": "destination IN ('webhook', 'mail')",
        "state": "state IN ('ready', 'sent', 'given_up')",
    }
    op.create_table(
        "alert_deliveries",
        _needed("alert_id", sa.Uuid()),
        *(_needed(name, sa.Text()) for name in ("event", "destination", "state")),
        _needed("attempts", sa.Integer()),
        _needed("next_at", _INSTANT),
        _maybe("claimed_until", _INSTANT),
        _maybe("error", sa.Text()),
        _needed("created_at", _INSTANT),
        _maybe("done_at", _INSTANT),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["alerts.id"], name=op.f("fk_alert_deliveries_alert_id"), ondelete="CASCADE"
        ),
        *(
            sa.CheckConstraint(words, name=op.f(f"ck_alert_deliveries_{name}"))
            for name, words in checks.items()
        ),
        sa.PrimaryKeyConstraint("alert_id", "event", "destination", name="pk_alert_deliveries"),
    )
    ready = sa.text("state = 'ready'")
    op.create_index("ix_alert_deliveries_ready", "alert_deliveries", ["next_at"], postgresql_where=ready)


def _looks() -> None:
    lookup(STANDING, "SETOF alerts", f"SELECT a.* FROM alerts a WHERE {_OURS} ORDER BY a.key")  # noqa: S608
    # $1 id, $2 key, $3 cause, $4 severity, $5 subject, $6 words, $7 about, $8 property, $9 now; of two who
    # saw it at once the second changes nothing
    lookup(
        SEE,
        "void",
        "INSERT INTO alerts (organization_id, id, key, cause, severity, subject,"  # noqa: S608 -- constants
        " words, about, property_id,"
        f" seen_at) VALUES ({SCOPE}, $1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
        volatile=True,
    )
    for signature, body in STEPS.items():
        lookup(signature, "void", body, volatile=True)
    # $1 how many: of the whole hub, for who operates it
    lookup(
        LATEST,
        "SETOF alerts",
        "SELECT * FROM alerts WHERE organization_id IS NULL AND opened_at IS NOT NULL"
        " ORDER BY opened_at DESC, id DESC LIMIT $1",
    )


def _sending() -> None:
    lookup(CLAIM, _CLAIMED, _CLAIM, volatile=True)
    # $1 to $3 which, $4 its state, $5 the error in words, $6 when: it was done, or comes next
    lookup(
        SETTLE,
        "void",
        "UPDATE alert_deliveries SET state = $4, error = $5, claimed_until = NULL,"
        " next_at = CASE $4 WHEN 'ready' THEN $6 ELSE next_at END,"
        " done_at = CASE $4 WHEN 'ready' THEN NULL ELSE $6 END"
        " WHERE alert_id = $1 AND event = $2 AND destination = $3 AND state = 'ready'",
        volatile=True,
    )
    # $1 the destination, $2 until when nothing is sent there
    lookup(
        REST,
        "void",
        "UPDATE alert_deliveries SET next_at = $2"
        " WHERE destination = $1 AND state = 'ready' AND next_at < $2",
        volatile=True,
    )
    # $1: what was to be told before then is told no more; $2 now. What nobody tried is given longer: the hub
    # was not there, or something else was in its way
    lookup(
        GIVE_UP,
        "TABLE (alert_id uuid, event text, destination text, attempts integer, error text)",
        "UPDATE alert_deliveries SET state = 'given_up', done_at = $2"
        " WHERE state = 'ready' AND created_at < $1"
        " AND (attempts > 0 OR created_at < $1 - interval '6 days')"
        " RETURNING alert_id, event, destination, attempts, error",
        volatile=True,
    )
    # $1: of what was given up, that since then
    lookup(
        COUNTS,
        "TABLE (destination text, state text, number bigint, tried bigint, error text)",
        "SELECT destination, state, count(*), count(*) FILTER (WHERE error IS NOT NULL), max(error)"
        " FROM alert_deliveries WHERE state = 'ready' OR (state = 'given_up' AND done_at >= $1)"
        " GROUP BY destination, state ORDER BY destination, state",
    )


def _hearts() -> None:
    # $1 who, $2 now, $3 whether only if it never gave a sign before; what is ahead by more than clocks
    # differ was written by one that has been put right since
    lookup(
        BEAT,
        "void",
        "INSERT INTO heartbeats AS h (name, at) VALUES ($1, $2)"
        " ON CONFLICT (name) DO UPDATE SET"
        " at = CASE WHEN h.at > $2 + interval '1 minute' THEN $2 ELSE greatest(h.at, $2) END WHERE NOT $3",
        volatile=True,
    )
    lookup(HEARTS, "TABLE (name text, at timestamptz)", "SELECT name, at FROM heartbeats")

"""
How a link does: since when it fails, when it was asked last, and how long it is unknown on average. Turns at
hosts, of those that are asked at intervals and of organizations; and whose links a run of many is about.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.walls import lookup

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

# A host whose next turn is further away than that is left to whoever has it.
SOON = "clock_timestamp() + interval '1 second'"
CLAIM = "claim_due_links(timestamptz, timestamptz, integer, integer)"
BESIDE = "claim_due_link_beside(timestamptz, timestamptz, uuid, uuid)"
TRUST = "trust_host(text, timestamptz)"
TURN = "take_turn_at_host(text, double precision, double precision, timestamptz)"

# What was lost at work was asked for as what waits: a lease that has run out is nobody's.
_ASKED = """
        SELECT organization_id, link_id, bool_or(state = 'queued') AS waits FROM sync_runs
        WHERE state IN ('queued', 'running') AND link_id IS NOT NULL GROUP BY 1, 2
    ), due AS ("""
_IS_ASKED = "asked.link_id IS NOT NULL AND (asked.waits OR l.lease_until <= clock_timestamp()) AS asked,"
# A host's next turn is that of the organization which had the fewest there of late; each one's own links come
# as before. So who asks for a thousand at once waits for them, and others for one or two. Where all that is
# due has room, nobody looks who had how many.
_RANKED = """
    ), crowded AS (
        SELECT FROM due LEFT JOIN running USING (host) WHERE host <> '' GROUP BY host
        HAVING count(*) + coalesce(max(number), 0) > CASE WHEN max(failures) > 0 THEN 1 ELSE $4 END
    ), served AS (
        SELECT host, organization_id, count(*) AS number FROM links
        WHERE EXISTS (SELECT FROM crowded)
          AND ((lease_until > clock_timestamp() AND lease_until > 'epoch')
            OR (began_at BETWEEN $1 - interval '1 minute' AND $1 + interval '1 minute' AND next_pull_at > $1))
        GROUP BY 1, 2
    ), lined AS (
        SELECT due.*, count(*) OVER (PARTITION BY host) AS of_host,
               coalesce(served.number, 0) + row_number() OVER (
                   PARTITION BY host, organization_id ORDER BY asked DESC, next_pull_at, id) AS turn_there
        FROM due LEFT JOIN served USING (host, organization_id)
        WHERE asked OR not_before IS NULL OR not_before <= $1
    ), ranked AS (
        SELECT lined.*, row_number() OVER (
                   PARTITION BY host ORDER BY turn_there, asked DESC, next_pull_at, id) AS at_host
        FROM lined
    ), roomy AS ("""
_CHOSEN = """
    ), fitting AS (
        SELECT organization_id, id, asked, next_pull_at, of_host > room AS more,
               row_number() OVER (PARTITION BY organization_id ORDER BY asked DESC, next_pull_at, id) AS turn
        FROM roomy WHERE at_host <= room
    ), chosen AS (
        SELECT organization_id, id, more FROM fitting
        ORDER BY turn, asked DESC, next_pull_at LIMIT $3"""
_ASKED_BEFORE = """
        SELECT DISTINCT organization_id, link_id FROM sync_runs WHERE state = 'queued'
    ), due AS ("""
_RANKED_BEFORE = """
    ), ranked AS (
        SELECT due.*, count(*) OVER (PARTITION BY host) AS of_host,
               row_number() OVER (PARTITION BY host ORDER BY asked DESC, next_pull_at, id) AS at_host,
               row_number() OVER (PARTITION BY organization_id
                                  ORDER BY asked DESC, next_pull_at, id) AS turn
        FROM due WHERE asked OR not_before IS NULL OR not_before <= $1
    ), roomy AS ("""
_CHOSEN_BEFORE = """
    ), chosen AS (
        SELECT organization_id, id, of_host > room AS more FROM roomy WHERE at_host <= room
        ORDER BY turn, asked DESC, next_pull_at LIMIT $3"""

REPLACED: dict[str, tuple[tuple[str, str], ...]] = {
    CLAIM: (
        (
            "(h.asked_until IS NULL OR h.asked_until <= $1)",
            f"(h.asked_until IS NULL OR h.asked_until <= $1) AND (h.turn_at IS NULL OR h.turn_at <= {SOON})",
        ),
        (_ASKED_BEFORE, _ASKED),
        ("asked.link_id IS NOT NULL AS asked,", _IS_ASKED),
        (_RANKED_BEFORE, _RANKED),
        (_CHOSEN_BEFORE, _CHOSEN),
    ),
    # As a plain subquery what it takes could be taken again for every link, one more each time.
    BESIDE: (
        ("h.asked_until > $1))", f"h.asked_until > $1 OR h.turn_at > {SOON}))"),
        ("UPDATE links SET next_pull_at = $2 FROM (", "WITH due AS MATERIALIZED ("),
        ("SKIP LOCKED) AS due", "SKIP LOCKED) UPDATE links SET next_pull_at = $2 FROM due"),
    ),
    TRUST: (
        (
            "(asked_until IS NULL OR asked_until <= $2);",
            "(asked_until IS NULL OR asked_until <= $2)"
            " AND (turn_at IS NULL OR turn_at <= clock_timestamp());",
        ),
    ),
}
"""What the look-ups say otherwise"""

# $1 host, $2 seconds between two, $3 how long the asker would wait, $4 now. Nobody else asks meanwhile:
# stand_at_host keeps them out.
_TURN = """
    WITH next AS (
        SELECT greatest(clock_timestamp(), (SELECT turn_at FROM remote_hosts WHERE name = $1)) AS at
    ), taken AS (
        INSERT INTO remote_hosts AS h (name, failures, updated_at, turn_at)
        SELECT $1, 0, $4, next.at + make_interval(secs => $2) FROM next
        WHERE next.at <= clock_timestamp() + make_interval(secs => $3)
        ON CONFLICT (name) DO UPDATE SET turn_at = excluded.turn_at, updated_at = excluded.updated_at
        RETURNING 1
    )
    SELECT EXISTS (SELECT FROM taken), greatest(0, extract(epoch FROM next.at - clock_timestamp()))::float8
    FROM next
"""
_UNLIMITED = "(SELECT NULLIF(current_setting('hub.properties', true), '') IS NULL)"
_THEIRS = "((SELECT NULLIF(current_setting('hub.properties', true), ''))::uuid[])"
_OF_LINKS = f"link_id IN (SELECT l.id FROM links l WHERE l.property_id = ANY {_THEIRS})"  # noqa: S608
_OF_MANY = f"link_id IS NULL AND property_ids <@ {_THEIRS}"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("links", sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("links", sa.Column("began_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("links", sa.Column("measured_seconds", sa.Double(), nullable=True))
    op.create_index("ix_links_began", "links", ["began_at"])
    op.add_column("remote_hosts", sa.Column("turn_at", sa.DateTime(timezone=True), nullable=True))
    lookup(TURN, "TABLE (taken boolean, seconds double precision)", _TURN, volatile=True)
    for signature, words in REPLACED.items():
        _say(signature, words)
    op.add_column("sync_runs", sa.Column("property_ids", postgresql.ARRAY(sa.Uuid()), nullable=True))
    _limit_runs(f"{_OF_LINKS} OR {_OF_MANY}")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _limit_runs(_OF_LINKS)
    op.drop_column("sync_runs", "property_ids")
    for signature, words in REPLACED.items():
        _say(signature, tuple((after, before) for before, after in reversed(words)))
    op.execute(f"DROP FUNCTION {TURN}")
    op.drop_column("remote_hosts", "turn_at")
    op.drop_index("ix_links_began", table_name="links")
    for column in ("measured_seconds", "began_at", "failing_since"):
        op.drop_column("links", column)


def _say(signature: str, words: tuple[tuple[str, str], ...]) -> None:
    """A look-up with other words in some places."""
    body = f"pg_get_functiondef('{signature}'::regprocedure)"
    for before, after in words:
        body = f"replace({body}, {_quoted(before)}, {_quoted(after)})"
    op.execute(sa.text(f"DO $$ BEGIN EXECUTE {body}; END $$"))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _limit_runs(within: str) -> None:
    """Who is limited to properties meets runs of their links, and of many links if all are theirs."""
    op.execute("DROP POLICY properties ON sync_runs")
    op.execute(
        "CREATE POLICY properties ON sync_runs AS RESTRICTIVE TO hub_app"
        f" USING ({_UNLIMITED} OR {within}) WITH CHECK ({_UNLIMITED} OR {within})"
    )

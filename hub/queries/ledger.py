"""Who fetched our feeds: counted by consumer, network, day and revision."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from hub.database import organization_of
from hub.domain.consumers import SERVICES, Consumer
from hub.ids import new_id


def record_fetches(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """
    Add to the ledger, in one statement. A row has link_id, consumer, network, day, revision, full,
    not_modified, first_at and last_at; what was fetched of a link that is gone by now is dropped.
    """
    columns = {name: [row[name] for row in rows] for name in _COLUMNS}
    columns["id"] = [new_id() for _ in rows]
    session.execute(_RECORD, {"organization": organization_of(session), **columns})


_COLUMNS = (
    "link_id",
    "consumer",
    "network",
    "day",
    "revision",
    "full",
    "not_modified",
    "first_at",
    "last_at",
)

# Sorted, so that two processes that write the same rows wait for each other in one order.
_RECORD = text("""
    INSERT INTO feed_fetches AS known
        (organization_id, id, link_id, consumer, network, day, revision, "full", not_modified,
         first_at, last_at)
    SELECT CAST(:organization AS uuid), f.id, f.link_id, f.consumer, f.network, f.day, f.revision, f."full",
           f.not_modified, f.first_at, f.last_at
    FROM unnest(CAST(:id AS uuid[]), CAST(:link_id AS uuid[]), CAST(:consumer AS text[]),
                CAST(:network AS text[]), CAST(:day AS text[]), CAST(:revision AS int[]),
                CAST(:full AS int[]), CAST(:not_modified AS int[]),
                CAST(:first_at AS timestamptz[]), CAST(:last_at AS timestamptz[]))
         AS f(id, link_id, consumer, network, day, revision, "full", not_modified, first_at, last_at)
    JOIN links l ON l.organization_id = CAST(:organization AS uuid) AND l.id = f.link_id
    ORDER BY f.link_id, f.consumer, f.network, f.day, f.revision
    ON CONFLICT (organization_id, link_id, consumer, network, day, revision) DO UPDATE SET
        "full" = known."full" + excluded."full",
        not_modified = known.not_modified + excluded.not_modified,
        first_at = least(known.first_at, excluded.first_at),
        last_at = greatest(known.last_at, excluded.last_at)
""")


def consumers(session: Session, link_ids: Collection[UUID]) -> tuple[Consumer, ...]:
    """Everybody who ever fetched one of these feeds, the latest first; once for each feed."""
    parameters = {"links": list(link_ids), "services": list(SERVICES)}
    return tuple(_consumer(row) for row in session.execute(_CONSUMERS, parameters))


WHENCE = "CASE WHEN consumer = ANY(CAST(:services AS text[])) THEN '' ELSE network END"
"""What tells consumers of one name apart: their network, unless the name is that of one service"""

# A consumer's last seven days are counted from its own last fetch: one that stopped keeps its interval.
_CONSUMERS = text(f"""
    WITH fetches AS (
        SELECT *, {WHENCE} AS whence, max(day) OVER (PARTITION BY link_id, consumer, {WHENCE}) AS last_day
        FROM feed_fetches WHERE link_id = ANY(CAST(:links AS uuid[]))
    )
    SELECT link_id, consumer, sum("full") AS "full", sum(not_modified) AS not_modified,
           max(revision) AS revision, min(first_at) AS first_at, max(last_at) AS last_at,
           array_agg(DISTINCT network ORDER BY network) FILTER (WHERE network <> '') AS networks,
           sum("full" + not_modified) FILTER (WHERE recent) AS recent,
           min(first_at) FILTER (WHERE recent) AS recent_first_at
    FROM fetches, LATERAL (SELECT CAST(day AS date) > CAST(last_day AS date) - 7 AS recent) AS of_late
    GROUP BY link_id, consumer, whence ORDER BY max(last_at) DESC, consumer, whence
""")  # noqa: S608 -- made of the constants above


def _consumer(row: Row[Any]) -> Consumer:
    often = row.recent > 1 and row.last_at > row.recent_first_at
    return Consumer(
        link_id=row.link_id,
        name=row.consumer,
        networks=tuple(row.networks or ()),
        full=row.full,
        not_modified=row.not_modified,
        revision=row.revision,
        first_at=row.first_at,
        last_at=row.last_at,
        interval=(row.last_at - row.recent_first_at) / (row.recent - 1) if often else None,
    )

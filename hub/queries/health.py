"""How links do, and what is sold by them: of a thousand links in as many statements as of one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

_LINKS = text("""
    SELECT l.id, l.property_id, p.name AS place, c.connector, c.name AS channel,
           coalesce(u.name, t.name, l.category, p.name) AS scope,
           l.direction, l.state, l.state_reason, l.polled, l.calendar_key IS NOT NULL AS by_event,
           l.created_at, l.verified_at, l.failures, l.failing_since, l.began_at, l.measured_seconds,
           l.interval_seconds, l.next_pull_at, l.rests_until, l.dirty_seq, l.synced_seq, l.notices, l.noticed,
           l.lease_until > clock_timestamp() AND l.lease_until > 'epoch' AS running,
           l.feed_token_hash IS NOT NULL AS has_feed
    FROM links l
    JOIN connections c ON c.organization_id = l.organization_id AND c.id = l.connection_id
    JOIN properties p ON p.organization_id = l.organization_id AND p.id = l.property_id
    LEFT JOIN units u ON u.organization_id = l.organization_id AND u.id = l.unit_id
    LEFT JOIN unit_types t ON t.organization_id = l.organization_id AND t.id = l.unit_type_id
    WHERE (CAST(:link AS uuid) IS NULL OR l.id = CAST(:link AS uuid))
      AND (CAST(:properties AS uuid[]) IS NULL OR l.property_id = ANY(CAST(:properties AS uuid[])))
    ORDER BY l.id
""")

# The leaves that a link speaks of: of one unit, those of a type or a category, or all of a property's.
_LEAVES = """
    SELECT l.id AS link_id, l.connection_id, l.source, coalesce(of.part_id, u.id) AS leaf
    FROM links l
    JOIN units u ON u.organization_id = l.organization_id AND u.property_id = l.property_id
                AND u.archived_at IS NULL AND u.id = coalesce(l.unit_id, u.id)
                AND u.unit_type_id = coalesce(l.unit_type_id, u.unit_type_id)
    JOIN unit_types t ON t.organization_id = u.organization_id AND t.id = u.unit_type_id
                     AND t.category = coalesce(l.category, t.category)
    LEFT JOIN unit_parts of ON of.organization_id = u.organization_id AND of.whole_id = u.id
"""

# A booking whose source is the channel itself came from there: it is no sale here.
_RATES = text(f"""
    WITH mine AS ({_LEAVES} WHERE l.id = ANY(CAST(:links AS uuid[]))),
    sold AS (
        SELECT DISTINCT b.id, b.source, coalesce(of.part_id, i.unit_id) AS leaf
        FROM bookings b
        JOIN booking_items i ON i.organization_id = b.organization_id AND i.booking_id = b.id
        LEFT JOIN unit_parts of ON of.organization_id = i.organization_id AND of.whole_id = i.unit_id
        WHERE b.created_at >= CAST(:since AS timestamptz)
    ),
    here AS (
        SELECT m.link_id, count(DISTINCT s.id) AS number
        FROM mine m JOIN connections c ON c.id = m.connection_id
        JOIN sold s ON s.leaf = m.leaf AND s.source <> m.source AND s.source <> c.connector
        GROUP BY m.link_id
    ),
    there AS (
        SELECT e.link_id, count(*) AS number
        FROM external_events e JOIN links l ON l.organization_id = e.organization_id AND l.id = e.link_id
        WHERE e.link_id = ANY(CAST(:links AS uuid[])) AND e.first_seen_at >= CAST(:since AS timestamptz)
          AND e.first_seen_at >= l.created_at + CAST(:first_reading AS interval)
          AND e.nature <> 'block' AND e.standing = 'external' AND NOT e.remainder
        GROUP BY e.link_id
    )
    SELECT l.id, coalesce(h.number, 0) AS here, coalesce(t.number, 0) AS there
    FROM unnest(CAST(:links AS uuid[])) AS l(id)
    LEFT JOIN here h ON h.link_id = l.id LEFT JOIN there t ON t.link_id = l.id
""")  # noqa: S608 -- made of the constants above

_UNLINKED = text(f"""
    WITH spoken_of AS ({_LEAVES} WHERE l.property_id = ANY(CAST(:properties AS uuid[])))
    SELECT u.property_id, u.id, u.name FROM units u
    WHERE u.property_id = ANY(CAST(:properties AS uuid[])) AND u.archived_at IS NULL
      AND u.id NOT IN (SELECT leaf FROM spoken_of)
      AND NOT EXISTS (SELECT FROM unit_parts of JOIN spoken_of s ON s.leaf = of.part_id
                      WHERE of.whole_id = u.id)
    ORDER BY u.name, u.id
""")  # noqa: S608 -- made of the constants above

_FETCHED = text("""
    SELECT link_id, max(last_at) AS fetched_at FROM feed_fetches
    WHERE link_id = ANY(CAST(:links AS uuid[])) AND consumer <> ALL(CAST(:persons AS text[]))
    GROUP BY link_id
""")


def links(
    session: Session, *, link_id: UUID | None = None, property_ids: Collection[UUID] | None = None
) -> Sequence[Row[Any]]:
    """
    All that is known of how links do: of one, of those of some properties, or of all. `channel`, `scope` and
    `place` are names as people know them.
    """
    properties = list(property_ids) if property_ids is not None else None
    return session.execute(_LINKS, {"link": link_id, "properties": properties}).all()


def rates(
    session: Session, link_ids: Collection[UUID], since: datetime, first: timedelta
) -> Mapping[UUID, tuple[int, int]]:
    """
    By link: bookings on its units since then that are not its own channel's, cancelled ones too; and stays
    that came by its calendar since then, but not within `first` of its being linked.
    """
    known = {"links": list(link_ids), "since": since, "first_reading": first}
    rows = session.execute(_RATES, known).all() if link_ids else ()
    return {row.id: (row.here, row.there) for row in rows}


def unlinked(session: Session, property_ids: Collection[UUID]) -> Sequence[Row[Any]]:
    """(property_id, id, name) of units of which no link speaks, nor of a part or a whole of them; by name."""
    return session.execute(_UNLINKED, {"properties": list(property_ids)}).all() if property_ids else ()


def fetched(
    session: Session, link_ids: Collection[UUID], persons: Collection[str]
) -> Mapping[UUID, datetime]:
    """When anybody but these consumers last fetched each feed."""
    known = {"links": list(link_ids), "persons": list(persons)}
    rows = session.execute(_FETCHED, known).all() if link_ids else ()
    return {row.link_id: row.fetched_at for row in rows}

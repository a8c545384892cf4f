"""
Where external events meet what we sold, what we closed and what other channels say, and what else is wrong
with them: all that may be a conflict, whether it is one is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

# In two steps: nearly always there is nothing, and asked in one, PostgreSQL may read all events of the
# organization before it finds that out. What a step needs of the one before is named in full.
#
# Each event and each block is asked for by itself (OFFSET 0 keeps PostgreSQL from asking for all at once), so
# that indices are read whatever is known of the tables: after a first import of many calendars nothing is.
# Time that is bounded on both sides is taken for little then, so that no second index is read to narrow it.
#
# Of two channels the event that was here first is the other side, whichever of them is looked at.
MET = text("""
    WITH mine AS MATERIALIZED (
        SELECT b.organization_id, b.event_id, b.link_id, b.unit_id, b.starts_at, b.ends_at, b.muted,
               e.same_item_id, e.first_seen_at, e.problem IS NOT NULL AS in_part
        FROM unnest(CAST(:events AS uuid[])) AS asked(id)
        CROSS JOIN LATERAL (
            SELECT y.id, y.same_item_id, y.first_seen_at, y.problem FROM external_events y
            WHERE y.id = asked.id AND NOT y.remainder
            OFFSET 0
        ) AS e
        CROSS JOIN LATERAL (
            SELECT x.* FROM external_blocks x WHERE x.event_id = e.id AND x.ends_at > :now
            OFFSET 0
        ) AS b
    )
    SELECT 'EXTERNAL_OVERLAP' AS type, b.event_id, a.item_id, a.blackout_id,
           CAST(NULL AS uuid) AS other_event_id, min(b.unit_id::text) AS unit_id,
           min(greatest(a.starts_at, b.starts_at)) AS starts_at, max(least(a.ends_at, b.ends_at)) AS ends_at
    FROM mine b
    CROSS JOIN LATERAL (
        SELECT x.item_id, x.blackout_id, x.starts_at, x.ends_at FROM allocations x
        WHERE x.unit_id = b.unit_id AND x.ends_at > b.starts_at AND x.ends_at > :now
          AND x.starts_at < b.ends_at AND (x.hold_until IS NULL OR x.hold_until > :now)
        OFFSET 0
    ) AS a
    WHERE NOT b.muted AND (a.item_id IS NULL OR b.same_item_id IS NULL OR a.item_id <> b.same_item_id)
    GROUP BY b.event_id, a.item_id, a.blackout_id
    UNION ALL
    SELECT 'EXTERNAL_OVERLAP', met.later, NULL, NULL, met.first, min(met.unit_id::text),
           min(met.starts_at), max(met.ends_at)
    FROM (
        SELECT CASE WHEN mine_first THEN other_id ELSE event_id END AS later,
               CASE WHEN mine_first THEN event_id ELSE other_id END AS first,
               unit_id, starts_at, ends_at
        FROM (
            SELECT b.event_id, o.event_id AS other_id, b.unit_id,
                   greatest(o.starts_at, b.starts_at) AS starts_at, least(o.ends_at, b.ends_at) AS ends_at,
                   (b.first_seen_at, b.event_id) < (e.first_seen_at, e.id) AS mine_first
            FROM mine b
            CROSS JOIN LATERAL (
                SELECT x.event_id, x.starts_at, x.ends_at FROM external_blocks x
                WHERE x.unit_id = b.unit_id AND x.free_at > b.starts_at AND x.free_at > :now
                  AND x.free_at < 'infinity'
                  AND x.starts_at < b.ends_at AND x.ends_at > b.starts_at AND x.ends_at > :now
                  AND x.link_id <> b.link_id AND NOT x.muted
                OFFSET 0
            ) AS o
            CROSS JOIN LATERAL (
                SELECT y.id, y.first_seen_at FROM external_events y
                WHERE y.organization_id = b.organization_id AND y.id = o.event_id AND NOT y.remainder
                OFFSET 0
            ) AS e
            WHERE NOT b.muted
        ) AS pairs
    ) AS met
    GROUP BY met.later, met.first
    UNION ALL
    SELECT 'UNPLACED', event_id, NULL, NULL, NULL, NULL, min(starts_at), max(ends_at)
    FROM mine WHERE unit_id IS NULL GROUP BY event_id
    UNION ALL
    SELECT 'UNPARSEABLE', event_id, NULL, NULL, NULL, min(unit_id::text), min(starts_at), max(ends_at)
    FROM mine WHERE in_part AND NOT muted GROUP BY event_id
""")

# A stretch that two channels tell of one stay of ours, as a person said of one of them, is no second sale
# while that stay is there.
_TOLD = text("""
    WITH met AS MATERIALIZED (
        SELECT * FROM unnest(
            CAST(:types AS text[]), CAST(:events AS uuid[]), CAST(:items AS uuid[]),
            CAST(:blackouts AS uuid[]), CAST(:others AS uuid[]), CAST(:units AS uuid[]),
            CAST(:begins AS timestamptz[]), CAST(:ends AS timestamptz[])
        ) AS met(type, event_id, item_id, blackout_id, other_event_id, unit_id, starts_at, ends_at)
    )
    SELECT met.type, met.event_id, met.item_id, met.blackout_id, met.other_event_id, met.unit_id,
           met.starts_at, met.ends_at, e.link_id, p.time_zone, p.id AS property_id,
           c.name AS channel, e.first, e.after, e.starts_at AS event_starts_at, e.ends_at AS event_ends_at,
           e.nature, e.mark, e.uid_out, e.problem, e.key, e.item_id AS family_id,
           e.missing_since IS NOT NULL AND e.kept_at IS NULL AS waits,
           CASE WHEN e.missing_since IS NULL THEN greatest(l.verified_at, e.changed_at) END AS seen_at,
           i.booking_id, bk.reference, bk.status, bk.source, i.arrival, i.departure,
           i.starts_at AS item_starts_at, i.ends_at AS item_ends_at,
           bo.kind, bo.arrival AS blackout_first, bo.departure AS blackout_after,
           bo.starts_at AS blackout_starts_at, bo.ends_at AS blackout_ends_at,
           o.link_id AS other_link_id, oc.name AS other_channel, o.first AS other_first,
           o.after AS other_after, o.starts_at AS other_starts_at, o.ends_at AS other_ends_at,
           o.nature AS other_nature, o.mark AS other_mark, o.uid_out AS other_uid_out,
           o.missing_since IS NOT NULL AND o.kept_at IS NULL AS other_waits,
           CASE WHEN o.missing_since IS NULL THEN greatest(ol.verified_at, o.changed_at) END AS other_seen_at
    FROM met
    JOIN external_events e ON e.id = met.event_id AND e.id = ANY(CAST(:events AS uuid[]))
    JOIN links l ON l.organization_id = e.organization_id AND l.id = e.link_id
    JOIN connections c ON c.organization_id = l.organization_id AND c.id = l.connection_id
    JOIN properties p ON p.organization_id = l.organization_id AND p.id = l.property_id
    LEFT JOIN booking_items i ON i.organization_id = e.organization_id AND i.id = met.item_id
    LEFT JOIN bookings bk ON bk.organization_id = i.organization_id AND bk.id = i.booking_id
    LEFT JOIN blackouts bo ON bo.organization_id = e.organization_id AND bo.id = met.blackout_id
    LEFT JOIN external_events o ON o.organization_id = e.organization_id AND o.id = met.other_event_id
    LEFT JOIN links ol ON ol.organization_id = o.organization_id AND ol.id = o.link_id
    LEFT JOIN connections oc ON oc.organization_id = ol.organization_id AND oc.id = ol.connection_id
    WHERE met.other_event_id IS NULL OR coalesce(e.same_item_id, o.same_item_id) IS NULL OR NOT EXISTS (
        SELECT FROM allocations s
        WHERE s.organization_id = e.organization_id AND s.item_id IN (e.same_item_id, o.same_item_id)
          AND s.unit_id = met.unit_id AND s.starts_at <= met.starts_at AND s.ends_at >= met.ends_at
          AND (s.hold_until IS NULL OR s.hold_until > :now)
    )
""")
_COLUMNS = ("types", "events", "items", "blackouts", "others", "units", "begins", "ends")


def of_events(session: Session, event_ids: Collection[UUID], now: datetime) -> Sequence[Row[Any]]:
    """
    What these events meet and is not over yet: a row each for a booking's item, a blackout or another
    channel's event; for having no unit (`UNPLACED`); for having been read only in part (`UNPARSEABLE`).
    """
    met = session.execute(MET, {"events": list(event_ids), "now": now}).all()
    if not met:
        return ()
    columns = dict(zip(_COLUMNS, map(list, zip(*met, strict=True)), strict=True))
    return session.execute(_TOLD, {**columns, "now": now}).all()


_NAMES = text("""
    SELECT id AS event_id, link_id, key, item_id AS family_id FROM external_events
    WHERE id = ANY(CAST(:events AS uuid[]))
""")


def names(session: Session, event_ids: Collection[UUID]) -> Sequence[Row[Any]]:
    """What these events are called, and what they recur with."""
    return session.execute(_NAMES, {"events": list(event_ids)}).all()

"""Both sides of conflicts, and what takes the units around them: few statements, however many conflicts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from hub.domain.availability import Cause, Taken
from hub.domain.periods import Period

_EVENTS = text("""
    SELECT e.id, e.link_id, e.item_id, e.first, e.after, e.starts_at, e.ends_at, e.same_item_id,
           e.changed_at, l.property_id, l.unit_id, l.unit_type_id, l.category, c.name AS channel, c.connector,
           e.echo <> '[]'::jsonb OR e.muted <> '[]'::jsonb OR e.remainder AS partly,
           e.remainder OR e.missing_since IS NOT NULL OR e.kept_at IS NOT NULL AS untold,
           blocked.leaves, blocked.taken
    FROM external_events e
    JOIN links l ON l.organization_id = e.organization_id AND l.id = e.link_id
    JOIN connections c ON c.organization_id = l.organization_id AND c.id = l.connection_id
    LEFT JOIN LATERAL (
        SELECT array_agg(DISTINCT b.unit_id) FILTER (WHERE b.unit_id IS NOT NULL) AS leaves,
               array_agg(concat_ws(' ', b.unit_id, b.starts_at, b.ends_at)
                         ORDER BY b.unit_id, b.starts_at) AS taken
        FROM external_blocks b WHERE b.organization_id = e.organization_id AND b.event_id = e.id
    ) AS blocked ON true
    WHERE e.id = ANY(CAST(:ids AS uuid[]))
""")
_ITEMS = text("""
    SELECT i.id, i.booking_id, i.unit_id, i.arrival, i.departure, i.starts_at, i.ends_at,
           b.reference, b.status, b.source, b.guests, b.hold_until, b.version
    FROM booking_items i
    JOIN bookings b ON b.organization_id = i.organization_id AND b.id = i.booking_id
    WHERE i.booking_id IN (SELECT booking_id FROM booking_items WHERE id = ANY(CAST(:ids AS uuid[])))
    ORDER BY i.booking_id, i.position
""")
_BLACKOUTS = text("""
    SELECT b.id, b.unit_id, b.kind, b.arrival, b.departure, b.starts_at, b.ends_at, b.version,
           b.version = 1 AND EXISTS (
               SELECT FROM changes c
               WHERE c.organization_id = b.organization_id AND c.entity = 'blackout' AND c.entity_id = b.id
                     AND c.action = 'added' AND c.after ->> 'undid' IS NOT NULL
           ) AS held_again
    FROM blackouts b WHERE b.id = ANY(CAST(:ids AS uuid[]))
""")
_LINKS = text("""
    SELECT l.id, l.property_id, p.time_zone, l.calendar_key IS NOT NULL AS by_event
    FROM links l
    JOIN properties p ON p.organization_id = l.organization_id AND p.id = l.property_id
    WHERE l.id = ANY(CAST(:ids AS uuid[]))
""")
_TAKEN = text("""
    WITH asked AS MATERIALIZED (
        SELECT * FROM unnest(
            CAST(:units AS uuid[]), CAST(:begins AS timestamptz[]), CAST(:ends AS timestamptz[])
        ) AS asked(unit_id, starts_at, ends_at)
    )
    SELECT a.unit_id, a.starts_at, a.ends_at AS free_at, coalesce(a.item_id, a.blackout_id) AS owner,
           CASE WHEN a.blackout_id IS NOT NULL THEN 'blackout'
                WHEN a.hold_until IS NOT NULL THEN 'hold' ELSE 'booking' END AS cause,
           coalesce('booking ' || b.reference, 'a blackout') AS label
    FROM asked
    JOIN allocations a ON a.unit_id = asked.unit_id
         AND a.ends_at > asked.starts_at AND a.starts_at < asked.ends_at
    LEFT JOIN bookings b ON b.organization_id = a.organization_id AND b.id = a.booking_id
    WHERE a.hold_until IS NULL OR a.hold_until > :now
    UNION ALL
    SELECT x.unit_id, x.starts_at, x.free_at, x.event_id, 'external', c.name
    FROM asked
    JOIN external_blocks x ON x.unit_id = asked.unit_id
         AND x.free_at > asked.starts_at AND x.starts_at < asked.ends_at
    JOIN links l ON l.organization_id = x.organization_id AND l.id = x.link_id
    JOIN connections c ON c.organization_id = l.organization_id AND c.id = l.connection_id
""")
_CLASH = text("""
    SELECT EXISTS (
        SELECT FROM external_blocks x
        JOIN allocations a ON a.organization_id = x.organization_id AND a.unit_id = x.unit_id
             AND a.starts_at < x.ends_at AND a.ends_at > x.starts_at
        WHERE x.event_id = CAST(:event AS uuid)
          AND CAST(:owner AS uuid) IN (a.item_id, a.blackout_id)
          AND (a.hold_until IS NULL OR a.hold_until > :now)
        UNION ALL
        SELECT FROM external_blocks x
        JOIN external_blocks y ON y.organization_id = x.organization_id AND y.unit_id = x.unit_id
             AND y.starts_at < x.ends_at AND y.ends_at > x.starts_at
        WHERE x.event_id = CAST(:event AS uuid) AND y.event_id = CAST(:owner AS uuid)
    )
""")
_SEEN = text("""
    SELECT e.id, greatest(l.verified_at, e.changed_at) AS seen_at
    FROM external_events e
    JOIN links l ON l.organization_id = e.organization_id AND l.id = e.link_id
    WHERE e.id = ANY(CAST(:ids AS uuid[])) AND e.missing_since IS NULL
""")
_UNITS = text("SELECT id, name FROM units WHERE id = ANY(CAST(:ids AS uuid[]))")


def events(session: Session, ids: Collection[UUID]) -> Mapping[UUID, Row[Any]]:
    """Events with their link's scope, their channel, and what they take as units and as words."""
    return _by_id(session, _EVENTS, ids)


def items(session: Session, ids: Collection[UUID]) -> Sequence[Row[Any]]:
    """All items of the bookings that these are items of, each with its booking."""
    return session.execute(_ITEMS, {"ids": list(ids)}).all() if ids else ()


def blackouts(session: Session, ids: Collection[UUID]) -> Mapping[UUID, Row[Any]]:
    return _by_id(session, _BLACKOUTS, ids)


def links(session: Session, ids: Collection[UUID]) -> Mapping[UUID, Row[Any]]:
    """Where they are, and whether they are synced event by event."""
    return _by_id(session, _LINKS, ids)


def last_seen(session: Session, ids: Collection[UUID]) -> Mapping[UUID, datetime]:
    """When the channels of these events were last known to tell them; nothing of what is missing there."""
    return {event_id: row.seen_at for event_id, row in _by_id(session, _SEEN, ids).items()}


def unit_names(session: Session, ids: Collection[UUID]) -> Mapping[UUID, str]:
    """Of archived ones too: a conflict that is closed says where it was."""
    return {unit_id: row.name for unit_id, row in _by_id(session, _UNITS, ids).items()}


def takings(session: Session, asked: Mapping[UUID, Sequence[Period]], now: datetime) -> tuple[Taken, ...]:
    """
    What takes these leaf units in these periods; the reference of each is its item, blackout or event. Holds
    that lapsed do not count.
    """
    windows = [(unit_id, one.starts_at, one.ends_at) for unit_id, found in asked.items() for one in found]
    if not windows:
        return ()
    units, begins, ends = map(list, zip(*windows, strict=True))
    rows = session.execute(_TAKEN, {"units": units, "begins": begins, "ends": ends, "now": now})
    return tuple(
        Taken(row.unit_id, Period(row.starts_at, row.free_at), Cause(row.cause), row.owner, row.label)
        for row in rows
    )


def clash(session: Session, event_id: UUID, owner_id: UUID, now: datetime) -> bool:
    """Whether an event meets this item, blackout or other event at this moment."""
    return bool(session.scalar(_CLASH, {"event": event_id, "owner": owner_id, "now": now}))


def _by_id(session: Session, statement: Any, ids: Collection[UUID]) -> dict[UUID, Row[Any]]:
    return {row.id: row for row in session.execute(statement, {"ids": list(ids)})} if ids else {}

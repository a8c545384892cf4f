"""What was deleted in calendars synced event by event, while the guard holds what that would free."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from hub.models.links import Link

_HELD = text("""
    SELECT i.id AS item_id, e.id AS event_id, coalesce(i.local_kind, 'event') AS kind, i.gone_at,
           coalesce(e.first, o.arrival, b.arrival) AS first,
           coalesce(e.after, o.departure, b.departure) AS after,
           coalesce(e.starts_at, o.starts_at, b.starts_at) AS starts_at,
           coalesce(e.ends_at, o.ends_at, b.ends_at) AS ends_at,
           CASE WHEN e.id IS NULL THEN ARRAY[coalesce(o.unit_id, b.unit_id)]
                ELSE ARRAY(SELECT DISTINCT x.unit_id FROM external_blocks x
                           WHERE x.organization_id = i.organization_id AND x.event_id = e.id
                             AND x.unit_id IS NOT NULL ORDER BY x.unit_id) END AS unit_ids
    FROM sync_items i
    LEFT JOIN external_events e ON e.organization_id = i.organization_id AND e.item_id = i.id
    LEFT JOIN booking_items o ON i.local_kind = 'booking_item'
         AND o.organization_id = i.organization_id AND o.id = i.local_id
    LEFT JOIN blackouts b ON i.local_kind = 'blackout'
         AND b.organization_id = i.organization_id AND b.id = i.local_id
    WHERE i.link_id = CAST(:link AS uuid) AND i.gone_at IS NOT NULL AND NOT i.gone_agreed
      AND i.tombstoned_at IS NULL AND coalesce(e.id, o.id, b.id) IS NOT NULL
    ORDER BY starts_at, i.id, e.id
""")


def held(session: Session, link_id: UUID) -> Sequence[Row[Any]]:
    """
    (item_id, event_id, kind, gone_at, first, after, starts_at, ends_at, unit_ids), by their beginning. `kind`
    is "event" for what is theirs; of what is ours there is no event.
    """
    return session.execute(_HELD, {"link": link_id}).all()


def links(session: Session) -> tuple[Link, ...]:
    """The links on which something waits to be freed, by id."""
    return tuple(session.scalars(select(Link).where(Link.guard.is_not(None)).order_by(Link.id)))

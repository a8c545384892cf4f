"""How calendars that are synced event by event stand to a booking: what was written, and how that ended."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from hub.models.bookings import BookingItem
from hub.models.sync import SyncItem

_ITEMS = text("""
    SELECT s.link_id, s.local_kind AS kind, s.local_id AS item_id, s.remote_id, s.remote_state, s.hidden,
           s.review, s.touched, s.gone_at IS NOT NULL AND NOT s.gone_agreed AS held,
           o.kind AS op, o.state AS op_state, o.outcome, w.written_at
    FROM sync_items s
    LEFT JOIN LATERAL (
        SELECT kind, state, outcome FROM sync_ops
        WHERE organization_id = s.organization_id AND item_id = s.id ORDER BY id DESC LIMIT 1
    ) o ON true
    LEFT JOIN LATERAL (
        SELECT max(closed_at) AS written_at FROM sync_ops
        WHERE organization_id = s.organization_id AND item_id = s.id
          AND (state = 'done' OR id = s.last_revision)
    ) w ON true
    WHERE s.local_id IN (SELECT id FROM booking_items WHERE booking_id = CAST(:booking AS uuid))
      AND s.local_kind <> 'stray'
""")

_LINKS = text("""
    SELECT l.id, c.name AS channel, coalesce(u.name, t.name, l.category, p.name) AS scope,
           l.state, l.state_reason, l.rests_until
    FROM links l
    JOIN connections c ON c.organization_id = l.organization_id AND c.id = l.connection_id
    JOIN properties p ON p.organization_id = l.organization_id AND p.id = l.property_id
    LEFT JOIN units u ON u.organization_id = l.organization_id AND u.id = l.unit_id
    LEFT JOIN unit_types t ON t.organization_id = l.organization_id AND t.id = l.unit_type_id
    WHERE l.id = ANY(CAST(:links AS uuid[]))
""")


def items(session: Session, booking_id: UUID) -> Sequence[Row[Any]]:
    """
    (link_id, kind, item_id, remote_id, remote_state, hidden, review, touched, held, op, op_state, outcome,
    written_at) of all that stands for a booking; `op` is the last write, `held` by the guard.
    """
    return session.execute(_ITEMS, {"booking": booking_id}).all()


def links(session: Session, link_ids: Collection[UUID]) -> Mapping[UUID, Row[Any]]:
    """(channel, scope, state, state_reason, rests_until) by link."""
    rows = session.execute(_LINKS, {"links": list(link_ids)}).all() if link_ids else ()
    return {row.id: row for row in rows}


def of_booking(session: Session, link_id: UUID, booking_id: UUID) -> Sequence[SyncItem]:
    """Items of one link that stand for a booking, locked, as they are now. The link's row is locked."""
    mine = select(BookingItem.id).where(BookingItem.booking_id == booking_id)
    statement = (
        select(SyncItem)
        .where(SyncItem.link_id == link_id, SyncItem.local_id.in_(mine), SyncItem.local_kind != "stray")
        .order_by(SyncItem.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return session.scalars(statement).all()

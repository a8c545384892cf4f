"""What a sync changed, and what is there now of it: a statement for each kind of thing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text, tuple_
from sqlalchemy.orm import Session

from hub.models.external import ExternalEvent
from hub.models.records import Change

_EVENTS = text("""
    SELECT e.id, e.item_id, e.run_id,
           coalesce(taken.ahead, false) AS ahead, taken.unit_ids, e.standing = 'ignored' AS ignored,
           e.item_id IS NULL
               AND coalesce((e.called -> -1 ->> 'until')::timestamptz > :ended, false) AS other,
           e.item_id IS NOT NULL AND EXISTS (
               SELECT FROM external_events other
               WHERE other.organization_id = e.organization_id AND other.item_id = e.item_id
                 AND other.ends_at > :now AND other.run_id IS DISTINCT FROM e.run_id) AS with_others
    FROM external_events e
    LEFT JOIN LATERAL (
        SELECT bool_or(b.free_at > :now) AS ahead,
               array_agg(DISTINCT b.unit_id) FILTER (WHERE b.unit_id IS NOT NULL) AS unit_ids
        FROM external_blocks b WHERE b.organization_id = e.organization_id AND b.event_id = e.id
    ) AS taken ON true
    WHERE e.id = ANY(CAST(:ids AS uuid[])) AND e.link_id = CAST(:link AS uuid)
""")
_PLACES = text("""
    SELECT i.id, i.booking_id, i.unit_id, i.arrival, i.departure, i.starts_at, i.ends_at, b.reference
    FROM booking_items i
    JOIN bookings b ON b.organization_id = i.organization_id AND b.id = i.booking_id
    WHERE i.booking_id = ANY(CAST(:ids AS uuid[]))
    ORDER BY i.booking_id, i.position
""")


def changes_of(session: Session, run_id: UUID, kinds: Collection[tuple[str, str]]) -> tuple[Change, ...]:
    """Rows of the change log of these kinds, (entity, action), that a run wrote, newest first."""
    statement = select(Change).where(Change.run_id == run_id)
    statement = statement.where(tuple_(Change.entity, Change.action).in_(kinds))
    return tuple(session.scalars(statement.order_by(Change.at.desc(), Change.id.desc())))


def events(
    session: Session, link_id: UUID, ids: Collection[UUID], now: datetime, ended: datetime
) -> Sequence[Row[Any]]:
    """
    `ahead`: whether it takes what is not over; `with_others`: whether its series takes what another run
    brought; `other`: whether a feed told it under another name, or in other words, since the run `ended`.
    """
    asked = {"link": link_id, "ids": list(ids), "now": now, "ended": ended}
    return session.execute(_EVENTS, asked).all() if ids else ()


def waiting(session: Session, link_id: UUID, run_id: UUID) -> frozenset[UUID]:
    """What a run left of events that shrank or moved, and that is not free yet."""
    statement = select(ExternalEvent.id).where(
        ExternalEvent.link_id == link_id,
        ExternalEvent.run_id == run_id,
        ExternalEvent.remainder,
        ExternalEvent.missing_since.is_not(None),
    )
    return frozenset(session.scalars(statement))


def places(session: Session, booking_ids: Collection[UUID]) -> Sequence[Row[Any]]:
    """Where the items of these bookings are."""
    return session.execute(_PLACES, {"ids": list(booking_ids)}).all() if booking_ids else ()

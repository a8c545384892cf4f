"""Events of channels of which a person said that they are the very stay of a booking's item."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text, update
from sqlalchemy.orm import Session

from hub.models.external import ExternalEvent

_SAID = """
    SELECT e.id, e.first, e.after, e.starts_at, e.ends_at, e.same_item_id, l.property_id,
           i.unit_id, i.arrival, i.departure, i.starts_at AS item_starts_at, i.ends_at AS item_ends_at
    FROM external_events e
    JOIN booking_items i ON i.organization_id = e.organization_id AND i.id = e.same_item_id
    JOIN links l ON l.organization_id = e.organization_id AND l.id = e.link_id
    WHERE e.same_item_id IS NOT NULL AND {which} ORDER BY e.id
"""
_OF_EVENTS = text(_SAID.format(which="e.id = ANY(CAST(:events AS uuid[]))"))
_OF_BOOKING = text(_SAID.format(which="i.booking_id = CAST(:booking AS uuid)"))


def of_events(session: Session, event_ids: Collection[UUID]) -> Sequence[Row[Any]]:
    """Those of these events, each with the item that it is."""
    return session.execute(_OF_EVENTS, {"events": list(event_ids)}).all()


def of_booking(session: Session, booking_id: UUID) -> Sequence[Row[Any]]:
    """Those that are an item of this booking, each with the item."""
    return session.execute(_OF_BOOKING, {"booking": booking_id}).all()


def part(session: Session, event_id: UUID, item_id: UUID) -> None:
    """The event is that item no longer."""
    session.execute(
        update(ExternalEvent)
        .where(ExternalEvent.id == event_id, ExternalEvent.same_item_id == item_id)
        .values(same_item_id=None)
    )

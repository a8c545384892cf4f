"""A channel's event that a person said is the very stay of a booking: for as long as the two go together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from hub.domain import same_stay
from hub.domain.periods import Hours, Nights, Period, Span
from hub.queries import inventory
from hub.queries import same_stays as query
from hub.services import changes


def event_changed(session: Session, event_ids: Collection[UUID]) -> None:
    """Those of these events that do not go with their booking any more are events like any other."""
    if event_ids:
        _part(session, query.of_events(session, event_ids))


def booking_moved(session: Session, booking_id: UUID) -> None:
    """The same of the events that are a booking's stay, within the transaction that moved it."""
    _part(session, query.of_booking(session, booking_id))


def _part(session: Session, said: Sequence[Row[Any]]) -> None:
    if not said:
        return
    offers = {offer.unit.id: offer for offer in inventory.of_units(session, {row.unit_id for row in said})}
    for row in said:
        offer = offers.get(row.unit_id)
        if offer is None:
            continue  # its unit is archived, and nothing is sold there
        theirs = same_stay.told(row.first, row.after, Period(row.starts_at, row.ends_at), offer)
        if same_stay.nearly(_span(row), offer.zone, theirs):
            continue
        query.part(session, row.id, row.same_item_id)
        why = {"same_item_id": str(row.same_item_id)}
        changes.record(
            session, "external_event", row.id, "separated", before=why, property_id=row.property_id
        )


def _span(row: Row[Any]) -> Span:
    if row.arrival is not None and row.departure is not None:
        return Nights(row.arrival, row.departure)
    return Hours(row.item_starts_at, row.item_ends_at)

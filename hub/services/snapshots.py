"""Inventory as JSON for the change log: what a row says, without the guest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hub.models.bookings import Blackout, Booking, BookingItem


def booking(row: Booking, items: Iterable[BookingItem]) -> dict[str, Any]:
    return {
        "reference": row.reference,
        "status": row.status,
        "source": row.source,
        "guests": row.guests,
        "hold_until": row.hold_until.isoformat() if row.hold_until else None,
        "items": [item_of(item) for item in items],
    }


def item_of(item: BookingItem) -> dict[str, Any]:
    return {"id": str(item.id), "unit_id": str(item.unit_id), "pinned": item.pinned, **span(item)}


def blackout(row: Blackout) -> dict[str, Any]:
    return {"unit_id": str(row.unit_id), "kind": row.kind, **span(row)}


def span(row: BookingItem | Blackout) -> dict[str, Any]:
    """Nights as dates, hours as instants: each as it is kept."""
    if row.arrival is not None and row.departure is not None:
        return {"arrival": row.arrival.isoformat(), "departure": row.departure.isoformat()}
    return {"starts_at": row.starts_at.isoformat(), "ends_at": row.ends_at.isoformat()}

"""The outbox: facts for the rest of the house, written with the change they tell of."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.orm import Session

from hub import clock
from hub.database import organization_of
from hub.models.records import Fact

INVENTORY_CHANGED = "inventory_changed"
"""{"unit_ids": [...], "cause": "booking.confirmed", "entity_id": ...}: look at these units again"""

SHOWN_CHANGED = "shown_changed"
"""
{"booking_ids": [...], "blackout_ids": [...], "property_ids": [...]}: they take what they took, and what is
told of them in calendars is something else; of a property, of all that it has
"""

STRUCTURE_CHANGED = "structure_changed"
"""{"property_id": ...}: what channels' events take of this property's units is to be fitted anew"""


def inventory_changed(session: Session, unit_ids: Iterable[UUID], cause: str, entity_id: UUID) -> None:
    """Tell that what is taken on these leaf units is no longer what it was."""
    session.add(change_of_inventory(session, unit_ids, cause, entity_id))


def change_of_inventory(session: Session, unit_ids: Iterable[UUID], cause: str, entity_id: UUID) -> Fact:
    """What `inventory_changed` tells, for who writes it together with other rows."""
    return _fact(
        session,
        INVENTORY_CHANGED,
        {"unit_ids": sorted(map(str, set(unit_ids))), "cause": cause, "entity_id": str(entity_id)},
    )


def shown_changed(
    session: Session,
    *,
    booking_ids: Iterable[UUID] = (),
    blackout_ids: Iterable[UUID] = (),
    property_ids: Iterable[UUID] = (),
) -> None:
    """Tell that these are not called, or described, as they were; who changes the inventory tells that."""
    named = {"booking_ids": booking_ids, "blackout_ids": blackout_ids, "property_ids": property_ids}
    payload: dict[str, object] = {name: sorted(map(str, set(ids))) for name, ids in named.items()}
    if any(payload.values()):
        record(session, SHOWN_CHANGED, payload)


def structure_changed(session: Session, property_id: UUID) -> None:
    """
    Tell that units of a property, or the terms on which they are let, are not what they were.

    The relay, which looks every second, then fits channels' events to them. Until it has, what is free is
    told by the old blocks: a night that an event takes under the new terms alone can still be sold, and
    opens a conflict.
    """
    record(session, STRUCTURE_CHANGED, {"property_id": str(property_id)})


def record(session: Session, kind: str, payload: dict[str, object]) -> None:
    session.add(_fact(session, kind, payload))


def _fact(session: Session, kind: str, payload: dict[str, object]) -> Fact:
    now = clock.now()
    return Fact(
        organization_id=organization_of(session),
        kind=kind,
        payload=payload,
        not_before=now,
        created_at=now,
    )

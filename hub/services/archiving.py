"""The end of a property, unit type or unit: never deleted, because bookings of the past name it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy.orm import Session

from hub import clock
from hub.errors import Conflict
from hub.models.properties import Property, Unit, UnitType
from hub.queries import commitments, locks
from hub.queries import units as query
from hub.services import changes, editing


def allowed(
    session: Session,
    units: Collection[UUID],
    cannot: str,
    *,
    unit_types: Collection[UUID] = (),
    properties: Collection[UUID] = (),
) -> None:
    """
    Conflict where something still binds these units, or a link names them, their types or properties.

    The caller holds the locks of all leaves; StaleRead where they have become more.
    """
    scope = query.scope(session, units)
    locks.require(session, scope.leaves)
    for _, whole in query.wholes_of(session, units):
        if whole.id not in units:
            raise Conflict.because("part_of", f"{cannot}: {whole.name} is made of it; archive that first")
    editing.unbound(session, scope, clock.now(), cannot, blackouts=False)
    channel = commitments.link(session, units=units, unit_types=unit_types, properties=properties)
    if channel is not None:
        message = f"{cannot}: a link to {channel} serves it; remove the link first"
        raise Conflict.because("linked", message)


def mark(session: Session, entity: str, rows: Iterable[Property | UnitType | Unit]) -> None:
    """Archive rows that are locked and that nothing binds any more."""
    now = clock.now()
    for row in rows:
        row.archived_at = now
        property_id = row.id if isinstance(row, Property) else row.property_id
        before = {"name": row.name}
        changes.record(session, entity, row.id, "archived", before=before, property_id=property_id)
    session.flush()

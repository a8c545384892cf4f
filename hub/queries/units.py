"""Reading units as people edit them, and what they are made of; `inventory` reads them as they are sold."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session, aliased

from hub.database import organization_of
from hub.domain.composites import Part
from hub.domain.periods import LetBy
from hub.errors import NotFound
from hub.models.properties import Unit, UnitPart, UnitType
from hub.queries.commitments import Scope


def one(session: Session, unit_id: UUID) -> Unit:
    """Archived or not."""
    found = session.get(Unit, (organization_of(session), unit_id))
    if found is None:
        raise NotFound.because("not_found", "there is no such unit")
    return found


def locked(session: Session, unit_ids: Collection[UUID]) -> tuple[Unit, ...]:
    """Their rows, locked in the order of their ids, as they are now."""
    statement = (
        select(Unit)
        .where(Unit.id.in_(unit_ids))
        .order_by(Unit.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return tuple(session.scalars(statement))


def page(
    session: Session,
    property_id: UUID | None,
    unit_type_id: UUID | None,
    limit: int,
    after: tuple[datetime, UUID] | None,
) -> tuple[Unit, ...]:
    """Living ones, the oldest first; `after` is the (created_at, id) of the last one already seen."""
    statement = select(Unit).where(Unit.archived_at.is_(None)).order_by(Unit.created_at, Unit.id).limit(limit)
    if property_id is not None:
        statement = statement.where(Unit.property_id == property_id)
    if unit_type_id is not None:
        statement = statement.where(Unit.unit_type_id == unit_type_id)
    if after is not None:
        statement = statement.where(tuple_(Unit.created_at, Unit.id) > after)
    return tuple(session.scalars(statement))


def living_ids(
    session: Session, *, property_id: UUID | None = None, unit_type_id: UUID | None = None
) -> frozenset[UUID]:
    """Of a property, or of a type."""
    where = Unit.property_id == property_id if property_id else Unit.unit_type_id == unit_type_id
    return frozenset(session.scalars(select(Unit.id).where(Unit.archived_at.is_(None), where)))


def names(session: Session, property_id: UUID) -> frozenset[str]:
    """Of all living units of a property."""
    statement = select(Unit.name).where(Unit.property_id == property_id, Unit.archived_at.is_(None))
    return frozenset(session.scalars(statement))


def parts(session: Session, unit_ids: Collection[UUID]) -> dict[UUID, tuple[UUID, ...]]:
    """The parts of those units that have any, in the order of their ids."""
    statement = (
        select(UnitPart.whole_id, UnitPart.part_id)
        .where(UnitPart.whole_id.in_(unit_ids))
        .order_by(UnitPart.part_id)
    )
    found: dict[UUID, tuple[UUID, ...]] = {}
    for whole_id, part_id in session.execute(statement):
        found[whole_id] = (*found.get(whole_id, ()), part_id)
    return found


def scope(session: Session, unit_ids: Collection[UUID]) -> Scope:
    """These units told apart: leaves, composites, and what those are made of."""
    composites = parts(session, unit_ids)
    return Scope(
        own=frozenset(unit_ids) - composites.keys(),
        wholes=frozenset(composites),
        parts=frozenset(part for made_of in composites.values() for part in made_of),
    )


def wholes_of(session: Session, part_ids: Collection[UUID]) -> tuple[tuple[UUID, Unit], ...]:
    """Each part with a living composite that it belongs to."""
    statement = (
        select(UnitPart.part_id, Unit)
        .join(Unit, (Unit.organization_id == UnitPart.organization_id) & (Unit.id == UnitPart.whole_id))
        .where(UnitPart.part_id.in_(part_ids), Unit.archived_at.is_(None))
        .order_by(Unit.name, UnitPart.part_id)
    )
    return tuple((part_id, whole) for part_id, whole in session.execute(statement))


def as_parts(session: Session, unit_ids: Collection[UUID]) -> dict[UUID, Part]:
    """What the rules of composites ask of living units."""
    made_of = aliased(UnitPart)
    has_parts = select(made_of.id).where(made_of.whole_id == Unit.id).exists()
    statement = (
        select(Unit.id, Unit.name, Unit.property_id, UnitType.let_by, has_parts)
        .join(
            UnitType,
            (UnitType.organization_id == Unit.organization_id) & (UnitType.id == Unit.unit_type_id),
        )
        .where(Unit.id.in_(unit_ids), Unit.archived_at.is_(None))
    )
    return {
        unit_id: Part(name, property_id, LetBy(let_by), composite)
        for unit_id, name, property_id, let_by, composite in session.execute(statement)
    }

"""Reading unit types: one, many, and locked while something under them is made."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from hub.database import organization_of
from hub.errors import NotFound
from hub.models.properties import UnitType


def one(session: Session, unit_type_id: UUID) -> UnitType:
    """Archived or not."""
    found = session.get(UnitType, (organization_of(session), unit_type_id))
    if found is None:
        raise NotFound.because("not_found", "there is no such unit type")
    return found


def locked(session: Session, unit_type_id: UUID) -> UnitType:
    """As it is now, and as it stays until the transaction ends."""
    statement = select(UnitType).where(UnitType.id == unit_type_id).with_for_update(key_share=True)
    found = session.scalar(statement.execution_options(populate_existing=True))
    if found is None:
        raise NotFound.because("not_found", "there is no such unit type")
    return found


def open_for(session: Session, unit_type_id: UUID) -> UnitType | None:
    """A type that is not archived, and cannot be until the transaction ends: for units that are made."""
    statement = select(UnitType).where(UnitType.id == unit_type_id, UnitType.archived_at.is_(None))
    return session.scalar(statement.with_for_update(read=True).execution_options(populate_existing=True))


def page(
    session: Session, property_id: UUID | None, limit: int, after: tuple[datetime, UUID] | None
) -> tuple[UnitType, ...]:
    """Living ones, the oldest first; `after` is the (created_at, id) of the last one already seen."""
    statement = (
        select(UnitType)
        .where(UnitType.archived_at.is_(None))
        .order_by(UnitType.created_at, UnitType.id)
        .limit(limit)
    )
    if property_id is not None:
        statement = statement.where(UnitType.property_id == property_id)
    if after is not None:
        statement = statement.where(tuple_(UnitType.created_at, UnitType.id) > after)
    return tuple(session.scalars(statement))


def living(session: Session, property_id: UUID) -> tuple[UnitType, ...]:
    """All of a property, locked in the order of their ids."""
    statement = (
        select(UnitType)
        .where(UnitType.property_id == property_id, UnitType.archived_at.is_(None))
        .order_by(UnitType.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return tuple(session.scalars(statement))

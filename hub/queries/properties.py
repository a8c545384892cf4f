"""Reading properties: one, many, and locked while something under them is made."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from hub.database import organization_of
from hub.errors import NotFound
from hub.models.properties import Property


def one(session: Session, property_id: UUID) -> Property:
    """Archived or not."""
    found = session.get(Property, (organization_of(session), property_id))
    if found is None:
        raise NotFound.because("not_found", "there is no such property")
    return found


def locked(session: Session, property_id: UUID) -> Property:
    """As it is now, and as it stays until the transaction ends."""
    statement = select(Property).where(Property.id == property_id).with_for_update(key_share=True)
    found = session.scalar(statement.execution_options(populate_existing=True))
    if found is None:
        raise NotFound.because("not_found", "there is no such property")
    return found


def open_for(session: Session, property_id: UUID) -> Property | None:
    """A property that is not archived, and cannot be until the transaction ends: for what is made in it."""
    statement = select(Property).where(Property.id == property_id, Property.archived_at.is_(None))
    return session.scalar(statement.with_for_update(read=True).execution_options(populate_existing=True))


def known(session: Session, property_ids: Collection[UUID]) -> frozenset[UUID]:
    """Those of them that are this organization's."""
    if not property_ids:
        return frozenset()
    return frozenset(session.scalars(select(Property.id).where(Property.id.in_(property_ids))))


def page(session: Session, limit: int, after: tuple[datetime, UUID] | None) -> tuple[Property, ...]:
    """Living ones, the oldest first; `after` is the (created_at, id) of the last one already seen."""
    statement = (
        select(Property)
        .where(Property.archived_at.is_(None))
        .order_by(Property.created_at, Property.id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(tuple_(Property.created_at, Property.id) > after)
    return tuple(session.scalars(statement))

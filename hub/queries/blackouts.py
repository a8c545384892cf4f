"""Reading blackouts."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from hub.database import organization_of
from hub.errors import NotFound
from hub.models.bookings import Allocation, Blackout


def one(session: Session, blackout_id: UUID) -> Blackout:
    row = session.get(Blackout, (organization_of(session), blackout_id))
    if row is None:
        raise NotFound.because("not_found", "there is no such blackout")
    return row


def locked(session: Session, blackout_id: UUID) -> Blackout:
    """The blackout as it is now, its row locked; NotFound if it went meanwhile."""
    statement = (
        select(Blackout)
        .where(Blackout.id == blackout_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = session.scalars(statement).one_or_none()
    if row is None:
        raise NotFound.because("not_found", "there is no such blackout")
    return row


def units_of(session: Session, blackout_id: UUID) -> frozenset[UUID]:
    """The leaf units it takes."""
    statement = select(Allocation.unit_id).where(Allocation.blackout_id == blackout_id)
    return frozenset(session.scalars(statement))


def page(
    session: Session,
    *,
    property_id: UUID | None = None,
    unit_id: UUID | None = None,
    ends_after: datetime | None = None,
    starts_before: datetime | None = None,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
) -> tuple[Blackout, ...]:
    """Blackouts by start, then id; `after` is the (starts_at, id) of the last one already seen."""
    statement = select(Blackout)
    if property_id is not None:
        statement = statement.where(Blackout.property_id == property_id)
    if unit_id is not None:
        statement = statement.where(Blackout.unit_id == unit_id)
    if ends_after is not None:
        statement = statement.where(Blackout.ends_at > ends_after)
    if starts_before is not None:
        statement = statement.where(Blackout.starts_at < starts_before)
    if after is not None:
        statement = statement.where(tuple_(Blackout.starts_at, Blackout.id) > after)
    return tuple(session.scalars(statement.order_by(Blackout.starts_at, Blackout.id).limit(limit)))

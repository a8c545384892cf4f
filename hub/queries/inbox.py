"""The list of conflicts that people work through, and how many there are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, func, or_, select, tuple_
from sqlalchemy.orm import Session

from hub.models.external import ConflictRecord, ExternalEvent
from hub.models.links import Link
from hub.queries.conflicts import STANDS


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which conflicts; what is not said is any."""

    states: Collection[str] = ()
    types: Collection[str] = ()
    property_id: UUID | None = None
    link_id: UUID | None = None
    """Of either side"""
    unit_id: UUID | None = None
    booking_id: UUID | None = None


def page(
    session: Session, wanted: Wanted, *, limit: int, after: tuple[datetime, UUID] | None = None
) -> tuple[ConflictRecord, ...]:
    """Newest first; `after` is the (opened_at, id) of the last one already seen."""
    statement = select(ConflictRecord)
    if wanted.states:
        statement = statement.where(ConflictRecord.state.in_(wanted.states))
    if wanted.types:
        statement = statement.where(ConflictRecord.type.in_(wanted.types))
    if wanted.property_id is not None:
        links = select(Link.id).where(Link.property_id == wanted.property_id)
        statement = statement.where(ConflictRecord.link_id.in_(links))
    if wanted.link_id is not None:
        events = select(ExternalEvent.id).where(ExternalEvent.link_id == wanted.link_id)
        either = or_(ConflictRecord.link_id == wanted.link_id, ConflictRecord.other_event_id.in_(events))
        statement = statement.where(either)
    equal = {ConflictRecord.unit_id: wanted.unit_id, ConflictRecord.booking_id: wanted.booking_id}
    statement = statement.where(*(column == value for column, value in equal.items() if value is not None))
    position = tuple_(ConflictRecord.opened_at, ConflictRecord.id)
    if after is not None:
        statement = statement.where(position < after)
    newest_first = (ConflictRecord.opened_at.desc(), ConflictRecord.id.desc())
    return tuple(session.scalars(statement.order_by(*newest_first).limit(limit)))


def counts(session: Session, property_id: UUID | None = None) -> Sequence[Row[UUID, str, str, int]]:
    """How many stand, by property, type and state."""
    statement = (
        select(Link.property_id, ConflictRecord.type, ConflictRecord.state, func.count().label("number"))
        .join(Link, Link.id == ConflictRecord.link_id)
        .where(STANDS)
        .group_by(Link.property_id, ConflictRecord.type, ConflictRecord.state)
        .order_by(Link.property_id, ConflictRecord.type, ConflictRecord.state)
    )
    if property_id is not None:
        statement = statement.where(Link.property_id == property_id)
    return session.execute(statement).all()

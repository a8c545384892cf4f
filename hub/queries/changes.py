"""Reading the change log."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from hub.models.records import Change


def history(session: Session, entity: str, entity_id: UUID) -> tuple[Change, ...]:
    """All that happened to one thing, oldest first."""
    statement = select(Change).where(Change.entity == entity, Change.entity_id == entity_id)
    return tuple(session.scalars(statement.order_by(Change.at, Change.id)))


def page(
    session: Session,
    *,
    entity: str | None = None,
    entity_id: UUID | None = None,
    actor_id: UUID | None = None,
    run_id: UUID | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
) -> tuple[Change, ...]:
    """Changes, newest first; `after` is the (at, id) of the last one already seen."""
    equal = {
        Change.entity: entity,
        Change.entity_id: entity_id,
        Change.actor_id: actor_id,
        Change.run_id: run_id,
    }
    statement = select(Change).where(
        *(column == value for column, value in equal.items() if value is not None)
    )
    if starts_at is not None:
        statement = statement.where(Change.at >= starts_at)
    if ends_at is not None:
        statement = statement.where(Change.at < ends_at)
    if after is not None:
        statement = statement.where(tuple_(Change.at, Change.id) < after)
    return tuple(session.scalars(statement.order_by(Change.at.desc(), Change.id.desc()).limit(limit)))

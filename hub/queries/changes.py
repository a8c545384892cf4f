"""Reading the change log."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from hub.models.records import Change


def history(session: Session, entity: str, entity_id: UUID) -> tuple[Change, ...]:
    """All that happened to one thing, oldest first."""
    statement = select(Change).where(Change.entity == entity, Change.entity_id == entity_id)
    return tuple(session.scalars(statement.order_by(Change.at, Change.id)))


def last(session: Session, entity: str, entity_id: UUID, action: str) -> Change | None:
    """When this was last done to it."""
    statement = select(Change).where(
        Change.entity == entity, Change.entity_id == entity_id, Change.action == action
    )
    return session.scalars(statement.order_by(Change.at.desc(), Change.id.desc()).limit(1)).one_or_none()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which changes; None is any. Each but the two ends of time is a column's name."""

    entity: str | None = None
    entity_id: UUID | None = None
    action: str | None = None
    actor_id: UUID | None = None
    for_id: UUID | None = None
    run_id: UUID | None = None
    request_id: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


def page(
    session: Session, wanted: Wanted, *, limit: int, after: tuple[datetime, UUID] | None = None
) -> tuple[Change, ...]:
    """Changes, newest first; `after` is the (at, id) of the last one already seen."""
    equal = {name: value for name, value in asdict(wanted).items() if name not in ("starts_at", "ends_at")}
    statement = select(Change).where(
        *(getattr(Change, name) == value for name, value in equal.items() if value is not None)
    )
    if wanted.starts_at is not None:
        statement = statement.where(Change.at >= wanted.starts_at)
    if wanted.ends_at is not None:
        statement = statement.where(Change.at < wanted.ends_at)
    if after is not None:
        statement = statement.where(tuple_(Change.at, Change.id) < after)
    return tuple(session.scalars(statement.order_by(Change.at.desc(), Change.id.desc()).limit(limit)))

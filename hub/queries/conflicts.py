"""Reading conflicts."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from hub.database import organization_of
from hub.errors import NotFound
from hub.models.external import ConflictRecord
from hub.models.links import Link


def one(session: Session, conflict_id: UUID) -> ConflictRecord:
    """As it is now."""
    key = (organization_of(session), conflict_id)
    found = session.get(ConflictRecord, key, populate_existing=True)
    if found is None:
        raise NotFound.because("not_found", "there is no such conflict")
    return found


def page(
    session: Session,
    *,
    state: str | None = None,
    property_id: UUID | None = None,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
) -> tuple[ConflictRecord, ...]:
    """Conflicts, newest first; `after` is the (opened_at, id) of the last one already seen."""
    statement = select(ConflictRecord)
    if state is not None:
        statement = statement.where(ConflictRecord.state == state)
    if property_id is not None:
        links = select(Link.id).where(Link.property_id == property_id)
        statement = statement.where(ConflictRecord.link_id.in_(links))
    position = tuple_(ConflictRecord.opened_at, ConflictRecord.id)
    if after is not None:
        statement = statement.where(position < after)
    newest_first = (ConflictRecord.opened_at.desc(), ConflictRecord.id.desc())
    return tuple(session.scalars(statement.order_by(*newest_first).limit(limit)))

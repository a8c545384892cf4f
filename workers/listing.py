"""Links as people know them: by channel and by what they speak of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub import clock
from hub.models.links import Connection, Link
from hub.models.properties import Property, Unit, UnitType
from sync.planning import link_words


@dataclass(frozen=True, slots=True)
class Listed:
    id: UUID
    channel: str
    scope: str
    """The unit, the type or the category, and its property"""
    direction: str
    state: str
    reason: str
    verified_at: datetime | None
    interval_seconds: int
    words: str
    to_do: str

    @property
    def imports(self) -> bool:
        return self.direction != "export"


def listed(session: Session, *, property_id: UUID | None = None, state: str | None = None) -> list[Listed]:
    """All links of the organization, of one of its properties or in one state, as they were made."""
    statement = (
        select(Link, Connection.name, Property.name, Unit.name, UnitType.name)
        .join(Connection, Connection.id == Link.connection_id)
        .join(Property, Property.id == Link.property_id)
        .outerjoin(Unit, Unit.id == Link.unit_id)
        .outerjoin(UnitType, UnitType.id == Link.unit_type_id)
        .order_by(Link.id)
    )
    if property_id is not None:
        statement = statement.where(Link.property_id == property_id)
    if state is not None:
        statement = statement.where(Link.state == state)
    now = clock.now()
    return [
        Listed(
            id=link.id,
            channel=channel,
            scope=", ".join(part for part in (unit or unit_type or link.category, place) if part),
            direction=link.direction,
            state=link.state,
            reason=link.state_reason or "",
            verified_at=link.verified_at,
            interval_seconds=link.interval_seconds,
            words=told.words,
            to_do=told.to_do or "",
        )
        for link, channel, place, unit, unit_type in session.execute(statement)
        for told in (link_words.told(link, now),)
    ]

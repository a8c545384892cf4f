"""
Alerts: what they are about, and their rows. What changes a row is a function of the database, which acts for
the organization of the unit of work, and for the whole hub in one that has none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, func, select, text, tuple_
from sqlalchemy.orm import Session

from hub.models.alerts import Alert
from hub.models.external import ConflictRecord, ExternalEvent
from hub.models.links import Connection, Link
from hub.models.properties import Property, Unit, UnitType
from hub.models.records import Fact

_LOCK = text("SELECT pg_try_advisory_xact_lock(-20261122, hashtext(:whose))")
_STANDING = text("SELECT * FROM standing_alerts()")
_SEE = text(
    "SELECT see_alert(:id, :key, :cause, :severity, :subject, :words, CAST(:about AS jsonb), :property, :now)"
)
_STEPS: Mapping[str, Any] = {
    "open": text("SELECT open_alert(:key, :now, :destinations)"),
    "recover": text("SELECT recover_alert(:key, :now, :destinations)"),
    "miss": text("SELECT miss_alert(:key, :now)"),
    "return": text("SELECT return_alert(:key)"),
    "drop": text("SELECT drop_alert(:key)"),
}
_LATEST_OF_HUB = text("SELECT * FROM hub_alerts(:most)")
_FORGET = text("SELECT forget_alerts(:before)")


def alone(session: Session, organization_id: UUID | None) -> bool:
    """
    Whether nobody else looks at these alerts until the transaction ends. Ask first, then read: what is read
    is what the last one who looked has left.
    """
    return bool(session.execute(_LOCK, {"whose": str(organization_id)}).scalar_one())


def standing(session: Session) -> Sequence[Row[Any]]:
    """Those that are not over."""
    return session.execute(_STANDING).all()


def see(session: Session, **row: Any) -> None:
    """A cause is there for the first time."""
    session.execute(_SEE, row | {"about": json.dumps(row["about"])})


def take_step(session: Session, kind: str, key: str, now: datetime, destinations: Sequence[str]) -> None:
    """What was done already is not done again, and nobody is told of it twice."""
    known: dict[str, Any] = {"key": key, "now": now, "destinations": list(destinations)}
    wanted = _STEPS[kind]
    session.execute(wanted, {name: known[name] for name in wanted.compile().params})


def links(session: Session) -> Sequence[tuple[Any, ...]]:
    """(Link, channel, property, unit, unit type, draining_since) of those that nobody paused."""
    since = (
        select(ExternalEvent.link_id, func.min(ExternalEvent.draining_since).label("since"))
        .where(ExternalEvent.draining_since.is_not(None))
        .group_by(ExternalEvent.link_id)
        .subquery()
    )
    statement = (
        select(Link, Connection.name, Property.name, Unit.name, UnitType.name, since.c.since)
        .join(Connection, Connection.id == Link.connection_id)
        .join(Property, Property.id == Link.property_id)
        .outerjoin(Unit, Unit.id == Link.unit_id)
        .outerjoin(UnitType, UnitType.id == Link.unit_type_id)
        .outerjoin(since, since.c.link_id == Link.id)
        .where(Link.state != "paused")
    )
    return [tuple(row) for row in session.execute(statement)]


def conflicts(session: Session) -> Sequence[tuple[Any, ...]]:
    """
    (ConflictRecord, property_id, channel, property, unit) of those that somebody must decide on, on links
    that nobody paused; without guards, of which their link tells.
    """
    statement = (
        select(ConflictRecord, Link.property_id, Connection.name, Property.name, Unit.name)
        .join(Link, Link.id == ConflictRecord.link_id)
        .join(Connection, Connection.id == Link.connection_id)
        .join(Property, Property.id == Link.property_id)
        .outerjoin(Unit, Unit.id == ConflictRecord.unit_id)
        .where(ConflictRecord.state == "open", ConflictRecord.type != "GUARD_TRIPPED")
        .where(Link.state != "paused")
    )
    return [tuple(row) for row in session.execute(statement)]


def stuck_facts(session: Session, before: datetime) -> int:
    """How many facts that happened before then were not told, or were set aside."""
    waiting = and_(Fact.state.in_(("ready", "quarantined")), Fact.created_at < before)
    return session.scalar(select(func.count()).select_from(Fact).where(waiting)) or 0


def page(
    session: Session,
    *,
    state: str | None = None,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
) -> tuple[Alert, ...]:
    """The organization's, newest first; `after` is the (opened_at, id) of the last one already seen."""
    statement = select(Alert).where(Alert.opened_at.is_not(None))
    if state == "open":
        statement = statement.where(Alert.recovered_at.is_(None))
    elif state == "recovered":
        statement = statement.where(Alert.recovered_at.is_not(None))
    if after is not None:
        statement = statement.where(tuple_(Alert.opened_at, Alert.id) < after)
    newest_first = (Alert.opened_at.desc(), Alert.id.desc())
    return tuple(session.scalars(statement.order_by(*newest_first).limit(limit)))


def latest_of_hub(session: Session, most: int) -> Sequence[Row[Any]]:
    """Of the whole hub, newest first: for who operates it."""
    return session.execute(_LATEST_OF_HUB, {"most": most}).all()


def forget(session: Session, before: datetime) -> None:
    """Those of all that were over before then, with who was told."""
    session.execute(_FORGET, {"before": before})

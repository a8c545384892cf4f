"""
Reading and locking conflicts.

One that is not closed stands: it is `open`, or a person put it aside (`ignored`, until a side changes: then
it is open again) or lives with it (`accepted`, for as long as it lasts). All that stand are kept as they are
now, and closed when their cause goes. `fingerprint` is of both sides as they were last looked at: who decides
by what was seen compares it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Select, Uuid, any_, bindparam, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import CollectionAggregate

from hub.database import organization_of
from hub.errors import NotFound
from hub.models.external import ConflictRecord, ExternalEvent

STANDS = ConflictRecord.state != "closed"
GUARD_TRIPPED = "GUARD_TRIPPED"
IN_PART = "UNPARSEABLE"


def one(session: Session, conflict_id: UUID) -> ConflictRecord:
    """As it is now."""
    key = (organization_of(session), conflict_id)
    found = session.get(ConflictRecord, key, populate_existing=True)
    if found is None:
        raise NotFound.because("not_found", "there is no such conflict")
    return found


def locked(session: Session, conflict_id: UUID) -> ConflictRecord:
    """The same, its row locked: after the link's, and after the units."""
    statement = select(ConflictRecord).where(ConflictRecord.id == conflict_id)
    found = session.scalars(_locking(statement)).one_or_none()
    if found is None:
        raise NotFound.because("not_found", "there is no such conflict")
    return found


def of_events(session: Session, event_ids: Collection[UUID]) -> tuple[ConflictRecord, ...]:
    """
    Those that stand about these events, whichever side they are. Locked in the order of their ids: another
    who looks at the same event waits, then reads afresh.
    """
    these = _any(event_ids)
    sides = or_(ConflictRecord.event_id == these, ConflictRecord.other_event_id == these)
    return tuple(session.scalars(_locking(select(ConflictRecord).where(STANDS, sides))))


def of_item(session: Session, sync_item_id: UUID, kind: str | None = None) -> tuple[ConflictRecord, ...]:
    """Those that stand about an event of ours, of one type or of any; locked."""
    statement = select(ConflictRecord).where(STANDS, ConflictRecord.sync_item_id == sync_item_id)
    if kind is not None:
        statement = statement.where(ConflictRecord.type == kind)
    return tuple(session.scalars(_locking(statement)))


def of_guard(session: Session, link_id: UUID) -> ConflictRecord | None:
    """The one that stands about a link's guard, locked."""
    statement = select(ConflictRecord).where(
        STANDS, ConflictRecord.type == GUARD_TRIPPED, ConflictRecord.link_id == link_id
    )
    return session.scalars(_locking(statement)).one_or_none()


def read_in_part(session: Session, link_ids: Collection[UUID]) -> tuple[ConflictRecord, ...]:
    """Those that stand about events of these links that were read only in part."""
    statement = select(ConflictRecord).where(
        STANDS, ConflictRecord.type == IN_PART, ConflictRecord.link_id == _any(link_ids)
    )
    return tuple(session.scalars(statement))


def over(session: Session, now: datetime, most: int) -> tuple[ConflictRecord, ...]:
    """Those that stand about time that has passed, locked. A guard goes with what waits, not with time."""
    passed = (ConflictRecord.ends_at <= now, ConflictRecord.type != GUARD_TRIPPED)
    return tuple(session.scalars(_locking(select(ConflictRecord).where(STANDS, *passed)).limit(most)))


def of_link(session: Session, link_id: UUID) -> tuple[ConflictRecord, ...]:
    """Those that stand about a link, or about its events as the other side; locked."""
    events = select(ExternalEvent.id).where(ExternalEvent.link_id == link_id)
    concerned = or_(ConflictRecord.link_id == link_id, ConflictRecord.other_event_id.in_(events))
    return tuple(session.scalars(_locking(select(ConflictRecord).where(STANDS, concerned))))


def _any(ids: Collection[UUID]) -> CollectionAggregate[Any]:
    """One parameter, however many there are: a statement with one for each is made anew for each number."""
    return any_(bindparam(None, list(ids), ARRAY(Uuid)))


def _locking(statement: Select[ConflictRecord]) -> Select[ConflictRecord]:
    return statement.order_by(ConflictRecord.id).with_for_update().execution_options(populate_existing=True)

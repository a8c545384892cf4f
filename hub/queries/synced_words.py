"""What calendars that are synced event by event say of bookings, and said: found, and taken away."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, null, or_, select, text, update
from sqlalchemy.orm import Session

from hub.models.bookings import BookingItem
from hub.models.external import ConflictRecord
from hub.models.links import Connection, Link
from hub.models.sync import OPEN_OPS, SyncItem, SyncOp

_WORDED = text("""
    SELECT DISTINCT link_id FROM sync_items WHERE words_until < :before AND NOT touched
""")
_CONFLICTS = text("""
    UPDATE conflicts SET sealed = NULL WHERE id IN (
        SELECT id FROM conflicts
        WHERE state = 'closed' AND sealed IS NOT NULL AND greatest(ends_at, closed_at) < :before
        LIMIT :most FOR NO KEY UPDATE SKIP LOCKED)
    RETURNING 1
""")


def of_bookings(session: Session, booking_ids: Collection[UUID]) -> Sequence[SyncItem]:
    """All that stands for them in calendars; no pass writes it meanwhile, for the links' rows are locked."""
    which = SyncItem.local_id.in_(_items_of(booking_ids))
    links = select(Link).where(Link.id.in_(select(SyncItem.link_id).where(which))).order_by(Link.id)
    session.scalars(links.with_for_update(key_share=True)).all()
    statement = select(SyncItem).where(which).order_by(SyncItem.id)
    return session.scalars(statement.execution_options(populate_existing=True)).all()


def shown(session: Session, booking_ids: Collection[UUID]) -> Sequence[Row[UUID, str, str, str, UUID | None]]:
    """(link_id, connector, channel, event_id, item_id) of the events that stand for them in calendars."""
    statement = (
        select(
            SyncItem.link_id,
            Connection.connector,
            Connection.name.label("channel"),
            SyncItem.remote_id.label("event_id"),
            SyncItem.local_id.label("item_id"),
        )
        .join(Link, (Link.organization_id == SyncItem.organization_id) & (Link.id == SyncItem.link_id))
        .join(
            Connection,
            (Connection.organization_id == Link.organization_id) & (Connection.id == Link.connection_id),
        )
        .where(SyncItem.local_id.in_(_items_of(booking_ids)), SyncItem.remote_state == "present")
        .order_by(SyncItem.id)
    )
    return session.execute(statement).all()


def forget_disputes(session: Session, booking_ids: Collection[UUID], sync_item_ids: Collection[UUID]) -> None:
    """The texts of conflicts about these, open or closed."""
    about = or_(ConflictRecord.booking_id.in_(booking_ids), ConflictRecord.sync_item_id.in_(sync_item_ids))
    session.execute(
        update(ConflictRecord)
        .where(about, ConflictRecord.sealed.is_not(None))
        .values(sealed=null())
        .execution_options(synchronize_session=False)
    )


def clear_old_disputes(session: Session, before: datetime, most: int) -> int:
    """The texts of conflicts that are closed and over; that they were, and of what kind, stays known."""
    return len(session.execute(_CONFLICTS, {"before": before, "most": most}).all())


def links_with_old(session: Session, before: datetime) -> Sequence[UUID]:
    """Links of whose events the words were worth a look before then."""
    return session.scalars(_WORDED, {"before": before}).all()


def old(session: Session, link_id: UUID, before: datetime, most: int) -> Sequence[SyncItem]:
    """Those events; without what waits to be planned, whose words may still be asked for."""
    on_its_way = select(SyncOp.item_id).where(SyncOp.link_id == link_id, SyncOp.state.in_(OPEN_OPS))
    statement = (
        select(SyncItem)
        .where(
            SyncItem.link_id == link_id,
            SyncItem.words_until < before,
            ~SyncItem.touched,
            SyncItem.id.not_in(on_its_way),
        )
        .order_by(SyncItem.words_until, SyncItem.id)
        .limit(most)
    )
    return session.scalars(statement.execution_options(populate_existing=True)).all()


def _items_of(booking_ids: Collection[UUID]) -> Select[Any]:
    return select(BookingItem.id).where(BookingItem.booking_id.in_(booking_ids))

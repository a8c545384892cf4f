"""Links whose calendar is synced event by event: which has which, and what it holds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, null, or_, select, text, update
from sqlalchemy.orm import Session

from hub.models.external import ExternalEvent
from hub.models.links import Link
from hub.models.sync import OPEN_OPS, SyncItem, SyncOp


@dataclass(frozen=True, slots=True)
class Standing:
    """What a link still has to do, and until when its channel tells us of changes by itself."""

    waiting: int = 0
    """Writes that are on their way"""
    reviews: int = 0
    watched_until: datetime | None = None


_STANDING = text("""
    SELECT l.id,
           (SELECT count(*) FROM sync_ops o WHERE o.organization_id = l.organization_id
            AND o.link_id = l.id AND o.state IN ('ready', 'inflight')) AS waiting,
           (SELECT count(*) FROM sync_items i WHERE i.organization_id = l.organization_id
            AND i.link_id = l.id AND i.review) AS reviews,
           (SELECT max(w.expires_at) FROM watch_channels w WHERE w.organization_id = l.organization_id
            AND w.link_id = l.id AND w.resource <> '') AS watched_until
    FROM links l WHERE l.id = ANY(CAST(:links AS uuid[]))
""")


def link_with(session: Session, key: bytes) -> UUID | None:
    return session.scalar(select(Link.id).where(Link.calendar_key == key))


def links_with(session: Session, keys: Collection[bytes]) -> Mapping[bytes, UUID]:
    statement = select(Link.calendar_key, Link.id).where(Link.calendar_key.in_(keys))
    return {bytes(row.calendar_key): row.id for row in session.execute(statement)}


def holds(session: Session, link_id: UUID) -> bool:
    """Whether anything is known of its calendar."""
    items = exists().where(SyncItem.link_id == link_id)
    events = exists().where(ExternalEvent.link_id == link_id)
    return bool(session.scalar(select(or_(items, events))))


def shows_ours(session: Session, link_id: UUID) -> bool:
    """Whether events of ours are in its calendar, or may be: a write whose outcome is unknown counts."""
    writes = exists().where(SyncOp.item_id == SyncItem.id, SyncOp.state.in_(OPEN_OPS))
    statement = exists().where(
        SyncItem.link_id == link_id,
        SyncItem.origin == "hub",
        or_(SyncItem.remote_state == "present", writes),
    )
    return bool(session.scalar(select(statement)))


def touch_ours(session: Session, link_id: UUID) -> None:
    """All of ours is looked at by the next pass. What is hidden there by hand is another matter."""
    session.execute(
        update(SyncItem)
        .where(SyncItem.link_id == link_id, SyncItem.origin == "hub")
        .values(touched=True)
        .execution_options(synchronize_session=False)
    )


def doubt_deletions(session: Session, link_id: UUID) -> None:
    """Nothing is agreed on of what we may be taking out just now: gone or not, nobody else is asked why."""
    leaving = exists().where(
        SyncOp.item_id == SyncItem.id, SyncOp.kind == "delete", SyncOp.state.in_(OPEN_OPS)
    )
    session.execute(
        update(SyncItem)
        .where(SyncItem.link_id == link_id, SyncItem.origin == "hub", leaving)
        .values(base_local=null(), base_remote=null(), gone_at=None, gone_agreed=False, touched=True)
        .execution_options(synchronize_session=False)
    )


def gone(session: Session, link_id: UUID) -> Sequence[SyncItem]:
    """Items that were seen to be deleted there, while the guard holds what that would free; locked."""
    statement = (
        select(SyncItem)
        .where(
            SyncItem.link_id == link_id,
            SyncItem.gone_at.is_not(None),
            ~SyncItem.gone_agreed,
            SyncItem.tombstoned_at.is_(None),
        )
        .order_by(SyncItem.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return session.scalars(statement).all()


def items_of(session: Session, event_ids: Collection[UUID]) -> Mapping[UUID, UUID]:
    """Event -> the item that it is an occurrence of."""
    statement = select(ExternalEvent.id, ExternalEvent.item_id).where(
        ExternalEvent.id.in_(event_ids), ExternalEvent.item_id.is_not(None)
    )
    return {row.id: row.item_id for row in session.execute(statement)}


def item(session: Session, link_id: UUID, item_id: UUID) -> SyncItem | None:
    """One of a link, locked."""
    statement = select(SyncItem).where(SyncItem.link_id == link_id, SyncItem.id == item_id)
    statement = statement.with_for_update(key_share=True)
    return session.scalar(statement.execution_options(populate_existing=True))


def ignored(session: Session, link_id: UUID, limit: int) -> Sequence[SyncItem]:
    """Events of others that somebody said are not to count, the oldest first."""
    statement = (
        select(SyncItem)
        .where(SyncItem.link_id == link_id, SyncItem.origin == "remote", SyncItem.hidden)
        .order_by(SyncItem.id)
        .limit(limit)
    )
    return session.scalars(statement).all()


def standing(session: Session, link_ids: Collection[UUID]) -> Mapping[UUID, Standing]:
    """By link."""
    rows = session.execute(_STANDING, {"links": list(link_ids)}).all() if link_ids else ()
    return {row.id: Standing(row.waiting, row.reviews, row.watched_until) for row in rows}

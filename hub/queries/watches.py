"""Watches: which are due, which are open, and the notices that come by them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, select, text, update
from sqlalchemy.orm import Session

from hub.models.links import Link
from hub.models.sync import WatchChannel

_CLAIM = text("SELECT * FROM claim_watches(:now, :again_at, :most)")
_NOTICE = text("SELECT take_notice(:watch, :token_hash, :slug, :begins, :now, :due)")


def claim(session: Session, now: datetime, again_at: datetime, most: int) -> Sequence[Row[Any]]:
    """
    (organization_id, link_id) of links whose watch is to be looked after, of all organizations; they are due
    again then, should whoever does it be lost.
    """
    return session.execute(_CLAIM, {"now": now, "again_at": again_at, "most": most}).all()


def take_notice(
    session: Session,
    watch_id: UUID,
    token_hash: bytes,
    slug: str,
    now: datetime,
    due: datetime,
    *,
    begins: bool,
) -> bool:
    """Whether there is such a watch with that token; then its link is due, unless it only begins."""
    known = {"watch": watch_id, "token_hash": token_hash, "slug": slug, "begins": begins}
    return bool(session.scalar(_NOTICE, known | {"now": now, "due": due}))


def of_link(session: Session, link_id: UUID) -> Sequence[WatchChannel]:
    """The newest first."""
    statement = select(WatchChannel).where(WatchChannel.link_id == link_id)
    order = (WatchChannel.opened_at.desc(), WatchChannel.id.desc())
    return session.scalars(statement.order_by(*order).execution_options(populate_existing=True)).all()


_DUE = text("""
    UPDATE links l SET next_pull_at = least(l.next_pull_at, :now) FROM watch_channels w
    WHERE w.id = CAST(:watch AS uuid) AND l.organization_id = w.organization_id AND l.id = w.link_id
      AND l.failures = 0
""")


def opened(session: Session, watch_id: UUID, resource: str, expires_at: datetime, now: datetime) -> bool:
    """It is open there, and its link is due; False where that has been removed meanwhile."""
    session.execute(_DUE, {"watch": watch_id, "now": now})
    statement = (
        update(WatchChannel)
        .where(WatchChannel.id == watch_id)
        .values(resource=resource, expires_at=expires_at)
        .returning(WatchChannel.id)
        .execution_options(synchronize_session=False)
    )
    return session.scalar(statement) is not None


def drop(session: Session, watch_id: UUID) -> None:
    session.execute(
        delete(WatchChannel).where(WatchChannel.id == watch_id).execution_options(synchronize_session=False)
    )


def outdate(session: Session, link_id: UUID) -> None:
    """All that are open are of another calendar: they are closed, and none of them is renewed."""
    session.execute(
        update(WatchChannel)
        .where(WatchChannel.link_id == link_id)
        .values(opened_at=text("'epoch'"))
        .execution_options(synchronize_session=False)
    )


def due_at(session: Session, link_id: UUID, at: datetime, failures: int) -> None:
    """When to look after a link's watch next; no edit that people see."""
    session.execute(
        update(Link)
        .where(Link.id == link_id)
        .values(watch_at=at, watch_failures=failures, updated_at=Link.updated_at)
        .execution_options(synchronize_session=False)
    )

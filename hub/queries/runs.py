"""Runs of syncs: begun, ended, listed."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.database import organization_of
from hub.errors import NotFound
from hub.models.records import SyncRun


def waiting(session: Session, link_id: UUID) -> SyncRun | None:
    """The oldest run of a link that was asked for and has not ended, locked."""
    statement = (
        select(SyncRun)
        .where(SyncRun.link_id == link_id, SyncRun.state.in_(("queued", "running")))
        .order_by(SyncRun.id)
        .limit(1)
        .with_for_update()
    )
    return session.scalars(statement).one_or_none()


def one(session: Session, run_id: UUID) -> SyncRun:
    run = session.get(SyncRun, (organization_of(session), run_id))
    if run is None:
        raise NotFound.because("not_found", "there is no such run")
    return run


def page(
    session: Session, *, link_id: UUID | None = None, limit: int, before: UUID | None = None
) -> tuple[SyncRun, ...]:
    """Runs, newest first; `before` is the id of the last one already seen."""
    statement = select(SyncRun)
    if link_id is not None:
        statement = statement.where(SyncRun.link_id == link_id)
    if before is not None:
        statement = statement.where(SyncRun.id < before)
    return tuple(session.scalars(statement.order_by(SyncRun.id.desc()).limit(limit)))

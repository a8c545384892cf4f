"""Runs of syncs: asked for, begun, ended, listed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
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


def queued(session: Session, link_id: UUID) -> SyncRun | None:
    """The oldest run of a link that was asked for and that no pull has begun to answer."""
    statement = select(SyncRun).where(SyncRun.link_id == link_id, SyncRun.state == "queued")
    return session.scalars(statement.order_by(SyncRun.id).limit(1)).one_or_none()


def queued_of(session: Session, link_ids: Collection[UUID]) -> Mapping[UUID, SyncRun]:
    """The same of several links, by link."""
    statement = select(SyncRun).where(SyncRun.link_id.in_(link_ids), SyncRun.state == "queued")
    return {run.link_id: run for run in session.scalars(statement.order_by(SyncRun.id.desc()))}


def begun(session: Session, run_id: UUID) -> SyncRun | None:
    """A run that a pull is answering; None if there is none, or it has been ended by another."""
    statement = select(SyncRun).where(SyncRun.id == run_id, SyncRun.state == "running").with_for_update()
    return session.scalars(statement).one_or_none()


def cancel_waiting(session: Session, link_id: UUID, now: datetime, reason: str) -> None:
    """Nobody will answer what was asked for: the link rests."""
    session.execute(
        update(SyncRun)
        .where(SyncRun.link_id == link_id, SyncRun.state.in_(("queued", "running")))
        .values(state="cancelled", finished_at=now, error=reason)
    )


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

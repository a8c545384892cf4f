"""Runs of syncs: asked for, begun, ended, listed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select, text, update
from sqlalchemy.orm import Session

from hub.database import organization_of
from hub.errors import NotFound
from hub.models.records import SyncRun
from hub.queries.links import Lease

OPEN = ("queued", "running")
"""States of what has not ended"""

_PUT_BACK = text("""
    UPDATE sync_runs SET state = 'queued', started_at = CASE WHEN :began THEN started_at END
    WHERE link_id = CAST(:link AS uuid) AND state = 'running'
      AND EXISTS (SELECT FROM links WHERE id = CAST(:link AS uuid) AND fence = :fence)
""")


def waiting(session: Session, link_id: UUID) -> tuple[SyncRun, ...]:
    """
    The runs of a link that were asked for and have not ended, locked, the oldest first: those that wait, and
    those that a pull began to answer which is no more. The link's lease is held.
    """
    statement = select(SyncRun).where(SyncRun.link_id == link_id, SyncRun.state.in_(OPEN))
    return tuple(session.scalars(_locked(statement)))


def queued(session: Session, link_id: UUID) -> SyncRun | None:
    """The oldest run of a link that was asked for and that no pull has begun to answer."""
    statement = select(SyncRun).where(SyncRun.link_id == link_id, SyncRun.state == "queued")
    return session.scalars(statement.order_by(SyncRun.id).limit(1)).one_or_none()


def queued_of(session: Session, link_ids: Collection[UUID]) -> Mapping[UUID, SyncRun]:
    """
    By link, what somebody who asks for it alone can join: not what belongs to a run of many links, with which
    it would be cancelled.
    """
    statement = select(SyncRun).where(SyncRun.link_id.in_(link_ids), SyncRun.state == "queued")
    statement = statement.where(SyncRun.parent_id.is_(None))
    rows = session.scalars(statement.order_by(SyncRun.id.desc()))
    return {run.link_id: run for run in rows if run.link_id is not None}


def begun(session: Session, link_id: UUID) -> tuple[SyncRun, ...]:
    """The runs of a link that the pull which holds its lease is answering, locked, the oldest first."""
    statement = select(SyncRun).where(SyncRun.link_id == link_id, SyncRun.state == "running")
    return tuple(session.scalars(_locked(statement)))


def put_back(session: Session, lease: Lease, *, began: bool) -> None:
    """
    What a pull had begun to answer waits again; nothing, where another holds the lease by now. `began`: it
    goes on later; else that was no attempt.
    """
    session.execute(_PUT_BACK, {"link": lease.link_id, "fence": lease.fence, "began": began})


def cancel_waiting(session: Session, link_id: UUID, now: datetime, reason: str) -> None:
    """Nobody will answer what was asked for: the link rests."""
    session.execute(
        update(SyncRun)
        .where(SyncRun.link_id == link_id, SyncRun.state.in_(("queued", "running")))
        .values(state="cancelled", finished_at=now, error=reason)
    )


def _locked(statement: Select[SyncRun]) -> Select[SyncRun]:
    """By id, as everybody locks several."""
    statement = statement.order_by(SyncRun.id).with_for_update()
    return statement.execution_options(populate_existing=True)


def one(session: Session, run_id: UUID) -> SyncRun:
    run = session.get(SyncRun, (organization_of(session), run_id))
    if run is None:
        raise NotFound.because("not_found", "there is no such run")
    return run


def page(
    session: Session, *, link_id: UUID | None = None, limit: int, before: UUID | None = None
) -> tuple[SyncRun, ...]:
    """
    Runs, newest first; `before` is the id of the last one already seen. Of one link all; else what belongs to
    a run of many links is left to that.
    """
    statement = select(SyncRun)
    if link_id is not None:
        statement = statement.where(SyncRun.link_id == link_id)
    else:
        statement = statement.where(SyncRun.parent_id.is_(None))
    if before is not None:
        statement = statement.where(SyncRun.id < before)
    return tuple(session.scalars(statement.order_by(SyncRun.id.desc()).limit(limit)))

"""Syncs that people ask for: a run that waits for the next worker, who looks every second."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from hub import clock
from hub.database import organization_of
from hub.errors import Conflict
from hub.ids import new_id
from hub.models.links import PULLED_STATES, Link
from hub.models.records import SyncRun
from hub.queries import links as query
from hub.queries import runs


def request(session: Session, link_id: UUID, *, trigger: str = "request") -> SyncRun:
    """
    Have a link pulled as soon as a worker is free; who asks while a request waits joins it.

    Conflict for a link that is not pulled: one that rests, or only exports.
    """
    link = query.locked(session, link_id)
    _is_pulled(link)
    query.note(session, link_id, next_pull_at=clock.now())
    if waiting := runs.queued(session, link_id):
        return waiting
    run = SyncRun(
        organization_id=organization_of(session),
        id=new_id(),
        link_id=link_id,
        trigger=trigger,
        state="queued",
        created_at=clock.now(),
        counts={},
        summary=[],
    )
    session.add(run)
    session.flush()
    return run


def has_calendar(link: Link) -> None:
    """Conflict for a link without a calendar to read."""
    if link.direction == "export":
        raise Conflict.because("exports_only", "this link only exports: there is no calendar to pull")


def _is_pulled(link: Link) -> None:
    """Conflict where no worker would come, with what to do about it."""
    has_calendar(link)
    if link.state not in PULLED_STATES:
        why = f" ({link.state_reason})" if link.state_reason else ""
        raise Conflict.because(
            "not_active", f"this link is {link.state}{why}; resume it first", state=link.state
        )

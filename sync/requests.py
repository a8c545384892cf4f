"""Syncs that people ask for: a run that waits for the next worker, who looks every second."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from hub import clock
from hub.database import organization_of
from hub.errors import Conflict, Reason
from hub.ids import new_id
from hub.models.links import PULLED_STATES, Link
from hub.models.records import SyncRun
from hub.queries import links as query
from hub.queries import runs

EXPORTS_ONLY = ("exports_only", "this link only exports: there is no calendar to pull")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A link that was asked for and is not pulled, and why."""

    link_id: UUID
    reason: Reason


@dataclass(frozen=True, slots=True)
class Asked:
    runs: tuple[SyncRun, ...]
    left_out: tuple[LeftOut, ...]


def request(session: Session, link_id: UUID, *, trigger: str = "request") -> SyncRun:
    """
    Have a link pulled as soon as a worker is free; who asks while a request waits joins it.

    Conflict for a link that is not pulled: one that rests, or only exports.
    """
    link = query.locked(session, link_id)
    if against := _against(link):
        raise Conflict(against)
    query.note(session, link_id, next_pull_at=clock.now())
    if waiting := runs.queued_of(session, [link_id]).get(link_id):
        return waiting
    run = new(session, link_id, trigger)
    session.add(run)
    session.flush()
    return run


def request_all(session: Session, link_ids: Collection[UUID]) -> Asked:
    """The same of several links, in five statements; those that are not pulled are told, and left out."""
    due, left_out = admit(session, link_ids)
    waiting = runs.queued_of(session, due) if due else {}
    found = [waiting.get(link_id) or new(session, link_id, "request") for link_id in due]
    session.add_all(found)
    session.flush()
    return Asked(tuple(found), left_out)


def admit(session: Session, link_ids: Collection[UUID]) -> tuple[list[UUID], tuple[LeftOut, ...]]:
    """Those of these links that are pulled, locked and due at once; and why the others are not."""
    links = query.locked_all(session, link_ids) if link_ids else ()
    against = {link.id: reason for link in links if (reason := _against(link))}
    due = [link.id for link in links if link.id not in against]
    if due:
        query.due(session, due, clock.now())
    return due, tuple(LeftOut(link_id, reason) for link_id, reason in against.items())


def has_calendar(link: Link) -> None:
    """Conflict for a link without a calendar to read."""
    if not link.polled:
        raise Conflict.because(*EXPORTS_ONLY)


def _against(link: Link) -> Reason | None:
    """Why no worker would come, with what to do about it."""
    if not link.polled:
        return Reason(*EXPORTS_ONLY)
    if link.state in PULLED_STATES:
        return None
    why = f" ({link.state_reason})" if link.state_reason else ""
    message = f"this link is {link.state}{why}; resume it first"
    return Reason("not_active", message, facts={"state": link.state})


def new(session: Session, link_id: UUID, trigger: str, parent_id: UUID | None = None) -> SyncRun:
    """A run that waits for a worker, not added yet."""
    return SyncRun(
        organization_id=organization_of(session),
        id=new_id(),
        link_id=link_id,
        parent_id=parent_id,
        trigger=trigger,
        state="queued",
        created_at=clock.now(),
        counts={},
        summary=[],
    )

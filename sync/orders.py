"""Writes to a calendar: put down as ops before they are sent, so that a crash leaves word of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from connectors.calendars import Draft
from hub.database import organization_of
from hub.ids import new_id
from hub.models.sync import SyncItem, SyncOp
from sync import citing, signing
from sync.planning.content import Content, Groups


@dataclass(frozen=True, slots=True)
class Order:
    """A write that is to be sent now; its op says in the database that it may have been."""

    op_id: UUID
    item_id: UUID
    kind: str
    event_id: str
    if_match: str
    draft: Draft | None
    """None for a deletion"""
    groups: Groups | None


def place(
    session: Session,
    item: SyncItem,
    op: SyncOp | None,
    kind: str,
    said: tuple[Content, str] | None,
    groups: Groups | None,
    now: datetime,
) -> Order:
    """
    Put a write down as on its way. `op` is the item's open one, if any; `said` is what it says and in which
    colour.
    """
    if op is None:
        op = SyncOp(
            organization_id=organization_of(session),
            id=new_id(),
            link_id=item.link_id,
            item_id=item.id,
            created_at=now,
            attempts=0,
        )
        session.add(op)
    op.kind, op.incarnation, op.state = kind, item.incarnation, "inflight"
    op.groups = dict(groups) if groups else None
    op.if_match = item.remote_etag if kind != "create" else ""
    op.attempts += 1
    op.run_id = citing.run_of(session)
    op.not_before, op.outcome = None, ""
    item.touched = False
    item.tombstoned_at = None
    session.flush()
    return Order(op.id, item.id, kind, item.remote_id, op.if_match, _draft(session, item, op, said), groups)


def _draft(session: Session, item: SyncItem, op: SyncOp, said: tuple[Content, str] | None) -> Draft | None:
    if said is None:
        return None
    content, colour = said
    if content.when is None:
        raise AssertionError("what is ours has a time")
    marker = signing.marker(session, item.remote_id, item.id, op.id)
    return Draft(content.when, content.summary, content.description, content.busy, marker, colour)


def close(op: SyncOp, state: str, outcome: str, now: datetime) -> None:
    """Done by the channel's own word, or settled because its outcome was looked at."""
    op.state, op.outcome, op.closed_at = state, outcome, now


def put_off(op: SyncOp, outcome: str, until: datetime) -> None:
    """It was certainly not done: it is planned again, not before then."""
    op.state, op.outcome, op.not_before = "ready", outcome, until

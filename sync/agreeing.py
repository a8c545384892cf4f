"""A person's word on events that were deleted in a calendar that is synced event by event: so be it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from hub import clock
from hub.errors import Conflict, Refused
from hub.models.links import Link
from hub.models.sync import SyncItem
from hub.queries import calendars as query
from hub.services import changes
from sync import alarms


def agree(session: Session, link: Link, event_ids: Collection[UUID] | None = None) -> None:
    """
    What was deleted there counts as deleted: all of it, or what these events of theirs stand for.

    The next pass does what follows, which begins at once. Conflict where nothing waits; Refused for an event
    that does not.
    """
    waiting = query.gone(session, link.id)
    chosen = _chosen(session, waiting, event_ids)
    for item in chosen:
        item.gone_agreed = item.touched = True
    link.dirty_seq += 1
    link.next_pull_at = clock.now()
    if len(chosen) == len(waiting):
        alarms.tell(session, link, None)
        link.guard = None
        if link.state == "guarded":
            link.state, link.state_reason = "active", None
    session.flush()
    changes.record(
        session,
        "link",
        link.id,
        "deletions_agreed",
        after={"events": len(chosen)},
        property_id=link.property_id,
    )


def _chosen(
    session: Session, waiting: Sequence[SyncItem], event_ids: Collection[UUID] | None
) -> Sequence[SyncItem]:
    if event_ids is None:
        if not waiting:
            raise Conflict.because("nothing_waits", "nothing on this link waits to be freed")
        return waiting
    items = query.items_of(session, event_ids)
    gone = {item.id: item for item in waiting}
    for event_id in sorted(event_ids):
        if items.get(event_id) not in gone:
            raise Refused.because("not_waiting", f"event {event_id} does not wait", "event_ids")
    return [gone[item_id] for item_id in dict.fromkeys(items.values())]

"""A person's word on an event of others in a calendar that is synced event by event: it does not count."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from connectors.contract import AllDay, When
from hub import clock
from hub.errors import Conflict, NotFound
from hub.models.sync import SyncItem
from hub.queries import calendars, external
from hub.queries import links as query
from hub.services import changes
from sync import shadows


def ignore(session: Session, link_id: UUID, event_id: UUID, ignored: bool = True) -> SyncItem:
    """
    The event takes nothing any more, or counts again; of a series that is said of all of it.

    It is named by its own id, or by its item's, which stays when it takes nothing. The next pass, which
    begins at once, frees what it took, or takes it again. Conflict for an event of a feed, which is read as a
    whole.
    """
    link = query.locked(session, link_id)
    item = _item(session, link_id, event_id)
    if item.hidden is ignored:
        return item
    item.hidden, item.touched = ignored, True
    link.dirty_seq += 1
    link.next_pull_at = clock.now()
    session.flush()
    action = "ignored" if ignored else "counted"
    after = {"link_id": str(link_id)}
    changes.record(session, "external_event", event_id, action, after=after, property_id=link.property_id)
    return item


def told(session: Session, item: SyncItem) -> tuple[str, str, bool]:
    """Its summary, its (first) day or instant, and whether it recurs, as it was last seen."""
    event = shadows.of_item(session, item)
    if event is None:
        return "", "", False
    first = "" if event.when is None else _first(event.when)
    return event.summary, first, bool(event.recurrence)


def _first(when: When) -> str:
    return (when.first if isinstance(when, AllDay) else when.starts_at).isoformat()


def _item(session: Session, link_id: UUID, event_id: UUID) -> SyncItem:
    event = external.event(session, link_id, event_id)
    if event is not None and event.item_id is None:
        why = "this event came with a feed, which is read as a whole: mark it as free there"
        raise Conflict.because("of_a_feed", why)
    item = calendars.item(session, link_id, event.item_id if event and event.item_id else event_id)
    if item is None or item.origin != "remote":
        raise NotFound.because("not_found", "there is no such event")
    return item

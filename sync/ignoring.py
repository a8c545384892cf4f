"""A person's word on an event of others: it takes nothing, though its channel tells it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from connectors.contract import AllDay, When
from hub import clock
from hub.database import vault_of
from hub.errors import Conflict, NotFound
from hub.models.external import ExternalEvent
from hub.models.links import Link
from hub.models.sync import SyncItem
from hub.queries import calendars, external
from hub.queries import links as query
from hub.services import asking, changes
from sync import holding, restanding, shadows
from sync.planning import words

MOST = 1000
"""Of each kind that are listed"""


@dataclass(frozen=True, slots=True)
class Ignored:
    """
    An event, or a series, as it was last seen. `id` is by what it is told to count again: of a calendar that
    is synced event by event its item's, which stays when it takes nothing.
    """

    id: UUID
    summary: str
    first: str
    """A day, or an instant; of a series the first"""
    recurs: bool
    present: bool
    ignored: bool


def ignore(session: Session, link_id: UUID, event_id: UUID, ignored: bool = True) -> Ignored:
    """
    The event takes nothing any more, or counts again; of a series in a calendar that is synced event by event
    that is said of all of it, and done by the next pass, which begins at once.

    One of a feed is done with this transaction, and counts again by itself once it is not told, or not as
    what it was (`sync/planning/leaving_out.py`). Conflict where it waits to be freed, or is over.
    """
    link = query.locked(session, link_id)
    event = external.event(session, link_id, event_id)
    if event is not None and event.item_id is None:
        return of_feed(session, link, event, ignored)
    item = _item(session, link_id, event.item_id if event and event.item_id else event_id)
    if item.hidden is not ignored:
        item.hidden, item.touched = ignored, True
        link.dirty_seq += 1
        link.next_pull_at = clock.now()
        session.flush()
        after = {"link_id": str(link_id)}
        changes.record(
            session, "external_event", event_id, _action(ignored), after=after, property_id=link.property_id
        )
    return _told(session, item)


def of_feed(
    session: Session,
    link: Link,
    event: ExternalEvent,
    ignored: bool,
    confirm: Callable[[], None] = lambda: None,
) -> Ignored:
    """The link's row is locked; see `restanding.restand` for `confirm`."""
    now = clock.now()
    if holding.is_left_out(event) is ignored:
        confirm()
        return _of_feed(session, event)
    if event.ends_at <= now:
        raise Conflict.because("over", "this event is over: it stays as it was")
    if event.remainder or event.missing_since is not None or event.kept_at is not None:
        raise Conflict.because("waits", "the channel does not tell this event any more: release it instead")
    zone = ZoneInfo(asking.property_of(session, link.property_id).time_zone)
    restanding.restand(session, link, now, {event.id}, confirm)
    after = {"link_id": str(link.id), "span": words.span(event, zone)}
    changes.record(
        session, "external_event", event.id, _action(ignored), after=after, property_id=link.property_id
    )
    session.flush()
    return _of_feed(session, event)


def page(session: Session, link_id: UUID) -> list[Ignored]:
    """Of a link, those that were first seen first; of a feed only what is not over."""
    query.one(session, link_id)
    items = [_told(session, item) for item in calendars.ignored(session, link_id, MOST)]
    events = external.left_out(session, link_id, clock.now(), MOST)
    return [*items, *(_of_feed(session, event) for event in events)]


def _action(ignored: bool) -> str:
    return "ignored" if ignored else "counted"


def _told(session: Session, item: SyncItem) -> Ignored:
    event = shadows.of_item(session, item)
    summary, first, recurs = "", "", False
    if event is not None:
        summary, recurs = event.summary, bool(event.recurrence)
        first = "" if event.when is None else _first(event.when)
    return Ignored(item.id, summary, first, recurs, item.remote_state == "present", item.hidden)


def _of_feed(session: Session, event: ExternalEvent) -> Ignored:
    text = vault_of(session).open(event.sealed) if event.sealed else {}
    first = _first(holding.when_of(event))
    return Ignored(event.id, text.get("summary", ""), first, False, True, holding.is_left_out(event))


def _first(when: When) -> str:
    return (when.first if isinstance(when, AllDay) else when.starts_at).isoformat()


def _item(session: Session, link_id: UUID, item_id: UUID) -> SyncItem:
    item = calendars.item(session, link_id, item_id)
    if item is None or item.origin != "remote":
        raise NotFound.because("not_found", "there is no such event")
    return item

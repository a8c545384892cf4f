"""Writing down what was seen of a calendar's events: the shadows, and which of our writes arrived."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from connectors.calendars import CalendarEvent
from hub import clock
from hub.database import organization_of
from hub.ids import new_id
from hub.models.links import Link
from hub.models.sync import SyncItem
from hub.queries import rows
from hub.queries import sync as query
from sync import shadows, signing
from sync.calendars import LinkedCalendar
from sync.planning import content
from sync.planning.content import Groups
from sync.planning.observing import Shadow, Sight, recognised, sight


def observe(
    session: Session,
    link: Link,
    calendar: LinkedCalendar,
    events: Sequence[CalendarEvent],
    *,
    direct: bool = False,
    certain: bool = False,
) -> int:
    """
    Store what these events are now: how many of them were news. The link's row is locked.

    `direct`: they were asked for one by one, which is believed of deletions too; `certain` is
    as `sight` has it.
    """
    latest = {event.id: event for event in events}
    items = query.by_remote(session, link.id, latest.keys())
    ops = query.ops(session, _revisions(latest.values()))
    key = signing.content_key(session)
    fresh: list[dict[str, Any]] = []
    seen: list[str] = []
    news = 0
    for event in latest.values():
        item = items.get(event.id)
        if item is None:
            if (row := _new(session, link, calendar, event, key)) is not None:
                fresh.append(row)
            continue
        found = sight(_shadow(item), event, direct=direct, certain=certain)
        if found is Sight.NEWS:
            revision = recognised(
                event, {one.id for one in ops.values() if one.item_id == item.id}, item.last_revision
            )
            if revision is not None and _is_its_own(session, item, event):
                item.base_local = item.base_remote = ops[revision].groups
                item.last_revision = revision
            put(session, item, event, key)
            item.touched = True
            item.seen_generation = link.generation
            news += 1
        elif found is Sight.KNOWN:
            seen.append(event.id)
    session.flush()
    rows.insert_values(session, {SyncItem: fresh})
    query.see(session, link.id, seen, link.generation)
    return news + len(fresh)


def sent(session: Session, item: SyncItem) -> Groups | None:
    """What we last wrote to the event that an item has, by what it bears; None where that is not known."""
    event = shadows.of_item(session, item)
    ops = query.ops(session, _revisions([event])) if event is not None else {}
    return next((op.groups for op in ops.values()), None)


def suspects(items: Mapping[str, SyncItem], events: Iterable[CalendarEvent]) -> list[str]:
    """
    Ids of those that are said to be gone without saying since when, or to be another version than was seen
    last, which by its time is an older one: the listing is stale, or the channel's clocks differ.
    """
    found = {
        event.id: sight(_shadow(items[event.id]), event, direct=False)
        for event in events
        if event.id in items
    }
    return [event_id for event_id, seen in found.items() if seen in (Sight.LOOK, Sight.OLDER)]


def gone(event_id: str) -> CalendarEvent:
    """What is known of an event that the calendar does not know any more."""
    return CalendarEvent(id=event_id, deleted=True)


def put(session: Session, item: SyncItem, event: CalendarEvent, key: bytes) -> None:
    """Make this the item's shadow."""
    if event.deleted:
        item.remote_state = "deleted"
        if event.series and event.original is not None:
            _keep(session, item, event)
            item.series = event.series
    else:
        item.remote_state = "present"
        item.remote = content.groups(content.of_event(event), key)
        _keep(session, item, event)
        item.gone_at, item.gone_agreed, item.tombstoned_at = None, False, None
        if item.origin == "remote":
            item.series = _series(event)
    item.remote_etag = event.etag or item.remote_etag
    item.remote_updated = event.updated or item.remote_updated
    item.changed_at = clock.now()


def _keep(session: Session, item: SyncItem, event: CalendarEvent) -> None:
    item.remote_sealed, item.words_until = shadows.sealed(session, event), shadows.words_until(event)


def _new(
    session: Session, link: Link, calendar: LinkedCalendar, event: CalendarEvent, key: bytes
) -> dict[str, Any] | None:
    """An event that no item has: theirs, or a stray of ours. None where it is no matter of the link's."""
    ours = signing.item_of(session, event) is not None
    if (event.deleted and not event.series) or (ours and event.deleted):
        return None
    if (ours and not calendar.exports) or (not ours and not calendar.imports):
        return None
    return {
        "organization_id": organization_of(session),
        "id": new_id(),
        "link_id": link.id,
        "origin": "hub" if ours else "remote",
        "local_kind": "stray" if ours else None,
        "local_id": None,
        "remote_id": event.id,
        "remote_state": "deleted" if event.deleted else "present",
        "remote": None if event.deleted else content.groups(content.of_event(event), key),
        "remote_sealed": shadows.sealed(session, event),
        "words_until": shadows.words_until(event),
        "remote_etag": event.etag,
        "remote_updated": event.updated,
        "seen_generation": link.generation,
        "series": None if ours else _series(event),
        "touched": True,
        "changed_at": clock.now(),
    }


def _series(event: CalendarEvent) -> str | None:
    return event.series or (event.id if event.recurrence else None)


def _shadow(item: SyncItem) -> Shadow:
    return Shadow(item.remote_state, item.remote_etag, item.remote_updated)


def _is_its_own(session: Session, item: SyncItem, event: CalendarEvent) -> bool:
    return signing.item_of(session, event) == item.id


def _revisions(events: Iterable[CalendarEvent]) -> set[UUID]:
    found: set[UUID] = set()
    for event in events:
        if event.marker is not None:
            try:
                found.add(UUID(event.marker.revision))
            except ValueError:
                continue
    return found

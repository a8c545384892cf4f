"""What people wrote of events that are over is forgotten after a while; nothing is written there by that."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from connectors import expanding
from connectors.calendars import CalendarEvent
from connectors.contract import Window
from hub.database import Actor
from hub.models.properties import Property
from hub.models.sync import SyncItem
from hub.queries import links as links_query
from hub.queries import synced_words as query
from hub.services import synced_words
from sync import shadows
from sync.runtime import Runtime

BATCH = 500
AHEAD = timedelta(days=366 * 5)
"""How far ahead a series is looked at for another occurrence"""


def forget(runtime: Runtime, organization_id: UUID, now: datetime) -> int:
    """Of how many events the words went; they are kept as long as those of other channels' events."""
    days = runtime.settings.retention_event_text_days
    if days == 0:
        return 0
    before, actor = now - timedelta(days=days), Actor("worker")
    with runtime.database.unit_of_work(organization_id) as session:
        links = query.links_with_old(session, before)
    forgotten = 0
    for link_id in links:
        work = partial(_forget_some, link_id=link_id, before=before, now=now)
        while some := runtime.database.transact(organization_id, work, actor):
            forgotten += some
    return forgotten


def _forget_some(session: Session, *, link_id: UUID, before: datetime, now: datetime) -> int:
    """How many were looked at: each is looked at again much later, or never."""
    link = links_query.locked(session, link_id)
    items = query.old(session, link_id, before, BATCH)
    place = session.get_one(Property, (link.organization_id, link.property_id))  # archived or not
    zone = ZoneInfo(place.time_zone)
    for item in items:
        event = shadows.of_item(session, item)
        if event is not None and _goes_on(item, event, before, zone):
            item.words_until = now
        else:
            _take_words(session, item)
    session.flush()
    return len(items)


def _goes_on(item: SyncItem, event: CalendarEvent, before: datetime, zone: ZoneInfo) -> bool:
    """Whether it is a series of theirs that has an occurrence since."""
    if item.origin == "hub" or not event.recurrence or item.remote_state != "present":
        return False
    first = before.astimezone(zone).date()
    last = first + AHEAD
    return bool(expanding.expand(event, (), Window(first, last, last), zone))


def _take_words(session: Session, item: SyncItem) -> None:
    """
    A person's words for an event of ours become what was agreed on for what we would say: so nothing is
    written there, until we would say something else.
    """
    if item.text_sealed is not None:
        if item.base_local is not None:
            item.base_local = {**item.base_local, "text": item.text_of}
        item.text_sealed, item.text_of = None, ""
    synced_words.blank(session, item)

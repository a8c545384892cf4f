"""The guard of calendars that are synced both ways: many deletions at once free nothing at first."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from connectors.contract import When
from hub import clock
from hub.models.links import Link
from hub.models.sync import SyncItem
from hub.queries import links as links_query
from hub.queries import sync as query
from sync import alarms, observing, shadows
from sync.calendars import LinkedCalendar
from sync.listing import Transact
from sync.planning import deletions
from sync.planning.guard import SPANS_TOLD, Guard
from sync.planning.measure import extent


def weigh(transact: Transact, calendar: LinkedCalendar) -> int:
    """
    What was deleted there since: agreed on at once, or held if it is much: how many are to be planned.

    What is held is looked at again after a while, one by one, and what is still gone then is gone.
    """
    again: list[str] = []

    def work(session: Session, link: Link) -> int:
        now = clock.now()
        again.clear()
        fresh = query.just_gone(session, link.id)
        held = query.held(session, link.id)
        if not fresh and not held:
            if link.guard is not None:
                _open(session, link)
            return 0
        if fresh:
            _weigh(session, link, calendar, [*held, *fresh], now)
        if held and link.guard is not None and Guard.from_json(link.guard).again_at <= now:
            again.extend(item.remote_id for item in held)
        session.flush()
        return len(fresh)

    found = transact(work)
    if not again:
        return found
    looked = [(event_id, calendar.look(event_id) or observing.gone(event_id)) for event_id in again]

    def agree(session: Session, link: Link) -> int:
        observing.observe(
            session, link, calendar, [event for _, event in looked if not event.deleted], direct=True
        )
        session.flush()
        items = query.by_remote(session, link.id, [event_id for event_id, event in looked if event.deleted])
        for item in items.values():
            item.gone_agreed = True
            item.touched = True
        session.flush()
        if not query.held(session, link.id):
            _open(session, link)
        return len(looked)

    return found + transact(agree)


def _weigh(
    session: Session,
    link: Link,
    calendar: LinkedCalendar,
    waiting: list[SyncItem],
    now: datetime,
) -> None:
    live, gone = query.counts(session, link.id, now - deletions.WITHIN)
    unweighed = [item for item in waiting if item.gone_at is None]
    gone += len(unweighed)
    if len(waiting) == len(unweighed) and not deletions.trips(gone, live + gone):
        for item in unweighed:
            item.gone_at, item.gone_agreed, item.touched = now, True, True
        return
    for item in unweighed:
        item.gone_at, item.touched = now, True
    spans = tuple(_spans(session, waiting, calendar.zone))[:SPANS_TOLD]
    guard = deletions.guard(gone, live + gone, spans, now, calendar.name)
    alarms.tell(session, link, guard, now)
    links_query.note(session, link.id, guard=guard.to_json(), state="guarded", state_reason=guard.why)


def _spans(session: Session, items: list[SyncItem], zone: ZoneInfo) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for item in items:
        event = shadows.of_item(session, item)
        when: When | None = event.when if event is not None else None
        period = extent(when, zone) if when is not None else None
        if period is not None:
            days = (period.starts_at.astimezone(zone).date(), period.ends_at.astimezone(zone).date())
            found.append((days[0].isoformat(), days[1].isoformat()))
    return sorted(found)


def _open(session: Session, link: Link) -> None:
    """Nothing waits any more."""
    alarms.tell(session, link, None)
    known: dict[str, object] = {"guard": None}
    if link.state == "guarded":
        known |= {"state": "active", "state_reason": None}
    links_query.note(session, link.id, **known)

"""A calendar that is synced event by event, as its link's engine tells what others wrote into it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from connectors.calendars import CalendarEvent
from connectors.contract import AllDay, Timed, When
from hub import clock
from hub.queries import links as links_query
from sync import foreign
from sync.apply import Applied
from sync.foreign import Family
from tests.sync.importing import Importer

HORIZON = timedelta(days=365)


def synced(
    importer: Importer, direction: str = "two_way", name: str = "Shared calendar", **scope: Any
) -> UUID:
    """A link for the first unit, unless the scope is told: no feed of ours, a calendar of its own."""
    link_id = importer.link(direction=direction, name=name, **scope)
    importer.run_sql(
        "UPDATE links SET calendar_key = CAST(:key AS bytea), feed_token_hash = NULL,"
        " feed_token_sealed = NULL WHERE id = :link",
        key=link_id.bytes,
        link=link_id,
    )
    return link_id


def item_of(link_id: UUID, key: str) -> UUID:
    return uuid5(link_id, key)


def once(key: str, when: When, **fields: Any) -> CalendarEvent:
    return CalendarEvent(id=key, when=when, summary=f"What {key} is", **fields)


def weekly(key: str, when: When, rule: str = "FREQ=WEEKLY", **fields: Any) -> CalendarEvent:
    return once(key, when, recurrence=(f"RRULE:{rule}",), zone="Europe/Madrid", **fields)


def instead(key: str, original: date, when: When | None = None, **fields: Any) -> CalendarEvent:
    """An exception of a series of whole days."""
    of_day = AllDay(original, original + timedelta(days=1))
    return CalendarEvent(id=f"{key}_{original}", series=key, original=of_day, when=when, **fields)


def stay(first: date, after: date) -> AllDay:
    return AllDay(first, after)


def visit(starts_at: datetime, ends_at: datetime) -> Timed:
    return Timed(starts_at, ends_at)


def family(link_id: UUID, *events: CalendarEvent, ignored: bool = False) -> Family:
    key = events[0].series or events[0].id
    return Family(item_of(link_id, key), key, events, ignored)


def gone(link_id: UUID, key: str) -> Family:
    return Family(item_of(link_id, key), key)


def applied(session: Session, link_id: UUID, families: tuple[Family, ...]) -> Applied:
    return foreign.apply(session, links_query.locked(session, link_id), families, clock.now(), HORIZON)


def tells(importer: Importer, link_id: UUID, *families: Family | CalendarEvent) -> Applied:
    """What the calendar says of these families now; an event is a family of its own."""
    told = tuple(one if isinstance(one, Family) else family(link_id, one) for one in families)
    return importer.do(lambda session: applied(session, link_id, told))


def written(importer: Importer, link_id: UUID) -> tuple[Any, ...]:
    """Equal where nothing was written: versions of the link's rows, facts, changes, conflicts."""
    tables = ("outbox", "changes", "conflicts")
    counts = [importer.run_sql(f"SELECT count(*) FROM {table}").scalar() for table in tables]
    return (*importer.held(link_id), *counts)

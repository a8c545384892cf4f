"""What a calendar that is synced event by event would bring: listed as a whole, our own words left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel
from sqlalchemy.orm import Session

from connectors import expanding
from connectors.calendars import CalendarEvent
from connectors.contract import ListsChanges, Pulled, RemoteEvent, Window
from hub import clock
from hub.database import Database, vault_of
from hub.errors import Refused
from hub.models.links import Link
from hub.queries import links as query
from sync import remote, signing
from sync.runtime import Runtime

MOST_PAGES = 8
"""Of a listing: what a calendar has beyond them is not previewed, and that is said"""


def pulled(
    runtime: Runtime,
    organization_id: UUID | None,
    source: ListsChanges,
    settings: BaseModel,
    zone: ZoneInfo,
    *,
    imports: bool = True,
) -> Pulled:
    """As a pull of a feed would bring it. Raises ConnectorError; no transaction is open while it is asked."""
    events: list[CalendarEvent] = []
    problems: list[str] = []
    page: str | None = None
    for _ in range(MOST_PAGES):
        found = source.changes(settings, None, page, runtime.network)
        events += found.events
        page = found.next_page
        if page is None:
            break
    else:
        problems.append(f"only the first {len(events)} events were looked at")
    if not imports:
        events, problems = [], ["this link only exports: what others write there is not imported"]
    foreign = _foreign(runtime.database, organization_id, events)
    window = remote.window(clock.now(), zone, runtime.import_horizon)
    shown = tuple(one for family in _families(foreign) for one in _expanded(family, window, zone))
    problems += [f"{one.summary}: {one.problem}" for one in foreign if one.problem and one.when is None]
    return Pulled(shown, {}, full=True, unchanged=False, problems=tuple(problems), returns_ours=False)


def calendar_of(session: Session, link: Link) -> tuple[ListsChanges, BaseModel]:
    """What to ask for the link's calendar, and with which settings; Refused where they make no sense now."""
    connection = query.connection(session, link.connection_id)
    vault = vault_of(session)
    stored = {**vault.open(connection.settings_sealed), **vault.open(link.settings_sealed)}
    source = remote.known(connection.connector)
    if not isinstance(source, ListsChanges):
        raise Refused.because("cannot_sync", f"{source.title} has no calendar that is synced event by event")
    return source, remote.valid(source, stored)


def _foreign(
    database: Database, organization_id: UUID | None, events: list[CalendarEvent]
) -> list[CalendarEvent]:
    """Without what this organization wrote there itself."""
    if organization_id is None:
        return events
    ours = database.transact(organization_id, partial(_ours, events=events))
    return [event for event in events if event.id not in ours]


def _ours(session: Session, *, events: Iterable[CalendarEvent]) -> frozenset[str]:
    return frozenset(event.id for event in events if signing.item_of(session, event) is not None)


def _families(events: Iterable[CalendarEvent]) -> Iterator[list[CalendarEvent]]:
    """An event by itself, or a series with its exceptions."""
    found: dict[str, list[CalendarEvent]] = defaultdict(list)
    for event in events:
        found[event.series or event.id].append(event)
    yield from found.values()


def _expanded(family: list[CalendarEvent], window: Window, zone: ZoneInfo) -> Iterator[RemoteEvent]:
    master = next((event for event in family if not event.series), None)
    exceptions = [event for event in family if event.series]
    yield from expanding.expand(master, exceptions, window, zone)

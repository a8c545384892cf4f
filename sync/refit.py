"""What imported events take, fitted anew once their units, or the terms of these, are not what they were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from connectors.contract import When
from hub.domain.offers import Offer
from hub.domain.periods import Period
from hub.models.external import ExternalEvent
from hub.models.links import Link
from hub.queries import external as query
from hub.queries import links as links_query
from hub.services import asking, changes, outbox
from sync import blocks, conflicts, holding
from sync.planning import logged, measure, placing
from sync.planning.placing import Blocked, Ours

Taking = Mapping[UUID, tuple[Blocked, ...]]
"""What each event takes, by its id"""


def refit(session: Session, link: Link, now: datetime, *, only_unplaced: bool = False) -> int:
    """
    Make the blocks of a link's events what its units ask of them today: how many take something else.

    The link's row is locked. An event whose time on its unit is the same stays there, though it may be
    free again at another time; others are placed like those of a pull. Events come and go with pulls
    alone, and what is over stays as it was.
    """
    offers = links_query.scope(session, link)
    zone = ZoneInfo(asking.property_of(session, link.property_id).time_zone)
    had = _had(session, link)
    events = query.events_of(session, link.id)
    if only_unplaced:
        events = tuple(event for event in events if _waits(had.get(event.id, ())))
    else:
        _measure(events, zone)
    ours = {event.id: holding.ours_of(event) for event in events if event.echo}
    ahead = [
        (event.id, holding.when_of(event))
        for event in events
        if event.ends_at > now or _lasts(had.get(event.id, ()), now)
    ]

    stay, pending = _sorted_out(ahead, had, offers, ours)
    stay = _different(stay, had, now)
    if not stay and not pending:
        return 0
    blocks.lock(session, link, offers, blocks.leaves(tuple(chain.from_iterable(had.values()))))
    muted = {event.id: holding.muted_of(event) for event in events if event.muted}
    blocks.write(session, link, stay, muted)
    before = {event_id: found for event_id, _ in pending if (found := blocks.settled(had.get(event_id, ())))}
    without = frozenset(event_id for event_id, _ in pending)
    moved = _different(blocks.place(session, pending, offers, zone, before, without, now, ours), had, now)
    blocks.write(session, link, moved, muted)

    changed = {**stay, **moved}
    for event_id, taking in changed.items():
        changes.record(
            session,
            "external_event",
            event_id,
            "refitted",
            before=_told(link, had.get(event_id, ())),
            after=_told(link, taking),
            property_id=link.property_id,
        )
    conflicts.reconcile(session, changed.keys())
    units = frozenset(
        unit_id
        for event_id, found in changed.items()
        for unit_id in blocks.leaves((*found, *had.get(event_id, ())))
    )
    if units:
        outbox.inventory_changed(session, units, "link.refitted", link.id)
    return len(changed)


def _told(link: Link, taken: Iterable[Blocked]) -> dict[str, object]:
    """For the change log: which units an event takes, and until when these are not for sale."""
    return {"link_id": str(link.id), logged.TAKES: logged.values(taken)}


def _had(session: Session, link: Link) -> Taking:
    return {
        event_id: _joined(
            Blocked(row.unit_id, Period(row.starts_at, row.ends_at), row.free_at)
            for row in sorted(rows, key=lambda row: row.starts_at)
        )
        for event_id, rows in query.blocks_of(session, link.id).items()
    }


def _joined(blocks: Iterable[Blocked]) -> tuple[Blocked, ...]:
    """Pieces that touch on one unit, one of them muted, are one."""
    last: dict[UUID | None, Blocked] = {}
    found: list[Blocked] = []
    for one in blocks:
        before = last.get(one.unit_id)
        if before is not None and before.free_at == one.period.starts_at:
            found.remove(before)
            one = replace(one, period=Period(before.period.starts_at, one.period.ends_at))
        found.append(one)
        last[one.unit_id] = one
    return tuple(found)


def _measure(events: Iterable[ExternalEvent], zone: ZoneInfo) -> None:
    """Whole days are other instants in another time zone; where nothing changed, nothing is written."""
    for event in events:
        extent = measure.extent(holding.when_of(event), zone)
        if extent is not None:
            event.starts_at, event.ends_at = extent.starts_at, extent.ends_at


def _sorted_out(
    events: Sequence[tuple[UUID, When]], had: Taking, offers: Sequence[Offer], ours: Ours
) -> tuple[Taking, list[tuple[UUID, When]]]:
    """What those take that stay where they are, and the events that must be placed."""
    stay: dict[UUID, tuple[Blocked, ...]] = {}
    pending = []
    for event_id, when in events:
        found = placing.staying(when, had.get(event_id, ()), offers, ours.get(event_id, ()))
        if found is None:
            pending.append((event_id, when))
        else:
            stay[event_id] = found
    return stay, pending


def _different(taking: Taking, had: Taking, now: datetime) -> Taking:
    """Those that take something else than they had, not all of it over."""
    return {
        event_id: found
        for event_id, found in taking.items()
        if set(found) != set(had.get(event_id, ())) and _lasts((*found, *had.get(event_id, ())), now)
    }


def _lasts(taken: Iterable[Blocked], now: datetime) -> bool:
    return any(one.free_at > now for one in taken)


def _waits(taken: Iterable[Blocked]) -> bool:
    return any(one.unit_id is None for one in taken)

"""The one transaction in which what a calendar says becomes events, blocks and conflicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from connectors.contract import AllDay, Pulled, RemoteEvent
from hub.database import organization_of, vault_of
from hub.ids import new_id
from hub.models.external import ExternalBlock, ExternalEvent
from hub.models.links import Link
from hub.queries import external as query
from hub.queries import links as links_query
from hub.services import asking, changes, outbox
from sync import blocks, conflicts
from sync.planning import imports, words
from sync.planning.imports import Difference, Known
from sync.planning.words import Told


@dataclass(frozen=True, slots=True)
class Applied:
    """What a pull changed, in numbers and in words."""

    counts: dict[str, int] = field(default_factory=dict)
    summary: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        return any(self.counts.values())


def apply(session: Session, link: Link, pulled: Pulled, now: datetime) -> Applied:
    """The link's row is locked. Takes the locks of all units in scope, and only if something changed."""
    if pulled.unchanged:
        return Applied()
    place = asking.property_of(session, link.property_id)
    zone = ZoneInfo(place.time_zone)
    offers = links_query.scope(session, link)
    events = {event.id: event for event in query.events_of(session, link.id)}
    held = query.blocks_of(session, link.id)
    known = [
        Known(event.id, event.key, event.digest, event.ends_at, _leaves(held.get(event.id, ())))
        for event in events.values()
    ]
    found = imports.compare(known, pulled.events, zone, now)
    unplaced = [(one, event) for one, event in found.same if not one.leaves and one.id in held]
    if found.empty and not unplaced:
        return Applied()

    had = frozenset(leaf for one in known for leaf in one.leaves)
    blocks.lock(session, link, offers, had)
    told, ids = _write_events(session, link, found, events, zone, now)
    pending = [*ids, *((one.id, event) for one, event in unplaced)]
    touched = frozenset(event_id for event_id, _ in pending) | {one.id for one in found.gone}
    before = {one.id: one.leaves for one in known if one.leaves}
    placed = blocks.place(session, pending, offers, zone, before, touched, now)
    blocks.write(session, link, placed)
    query.drop_events(session, [one.id for one in found.gone])

    opened, closed = conflicts.reconcile(session, touched)
    now_on = frozenset(one.unit_id for taken in placed.values() for one in taken if one.unit_id is not None)
    outbox.inventory_changed(session, _units_touched(found, known, now_on), "link.pulled", link.id)
    counts = {
        "added": len(found.new),
        "changed": len(found.changed),
        "removed": len(found.gone),
        "conflicts_opened": opened,
        "conflicts_closed": closed,
    }
    return Applied(counts, words.summary(told, placed, offers))


def _write_events(
    session: Session,
    link: Link,
    found: Difference,
    events: Mapping[UUID, ExternalEvent],
    zone: ZoneInfo,
    now: datetime,
) -> tuple[list[Told], list[tuple[UUID, RemoteEvent]]]:
    """Store new and changed events: what there is to tell, and their ids with what was received."""
    told, written = [], []
    for event in found.new:
        row = ExternalEvent(
            organization_id=organization_of(session),
            id=new_id(),
            link_id=link.id,
            key=event.key,
            uid_out=f"{new_id()}@{link.uid_domain}",
            first_seen_at=now,
        )
        _fill(session, row, event, zone, now)
        session.add(row)
        told.append(Told(row.id, None, words.span(row, zone)))
        written.append((row.id, event))
    for known, event in found.changed:
        before = words.span(events[known.id], zone)
        _fill(session, events[known.id], event, zone, now)
        told.append(Told(known.id, before, words.span(events[known.id], zone)))
        written.append((known.id, event))
    told += [Told(known.id, words.span(events[known.id], zone), None) for known in found.gone]
    session.flush()
    for one in told:
        changes.record(
            session,
            "external_event",
            one.event_id,
            one.action,
            before={"link_id": str(link.id), "span": one.before} if one.before else None,
            after={"link_id": str(link.id), "span": one.after} if one.after else None,
            property_id=link.property_id,
        )
    return told, written


def _fill(session: Session, row: ExternalEvent, event: RemoteEvent, zone: ZoneInfo, now: datetime) -> None:
    extent = imports.extent(event, zone)
    if extent is None:
        raise AssertionError("an event without extent is never stored")
    when = event.when
    row.all_day = isinstance(when, AllDay)
    row.first, row.after = (when.first, when.after) if isinstance(when, AllDay) else (None, None)
    row.starts_at, row.ends_at = extent.starts_at, extent.ends_at
    row.sealed = vault_of(session).seal({"summary": event.summary, "description": event.description})
    row.problem = event.problem
    row.digest = imports.digest(event)
    row.changed_at = now


def _leaves(blocks: Sequence[ExternalBlock]) -> frozenset[UUID]:
    return frozenset(block.unit_id for block in blocks if block.unit_id is not None)


def _units_touched(found: Difference, known: Sequence[Known], now_on: frozenset[UUID]) -> frozenset[UUID]:
    moved = {one.id for one, _ in found.changed} | {one.id for one in found.gone}
    return now_on | {leaf for one in known if one.id in moved for leaf in one.leaves}

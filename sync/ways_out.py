"""The ways out of conflicts as the inventory is now: what is known of their sides, and what is free."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.orm import Session

from connectors.contract import AllDay, Timed, When
from hub.domain.lifecycle import Status
from hub.domain.offers import Offer
from hub.domain.periods import Hours, Nights, Period, Span, occupied, union
from hub.models.external import ConflictRecord
from hub.queries import inventory
from hub.queries import ways_out as query
from sync.planning import ways_out as planning
from sync.planning.stakes import Closure, Facts, Kind, Stay, Told, kind_of
from sync.planning.vacancies import Reading, Wanted
from sync.planning.ways_out import Way

Rows = Mapping[UUID, Row[Any]]


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read for all of the conflicts."""

    now: datetime
    links: Rows
    events: Rows
    items: Mapping[UUID, Sequence[Row[Any]]]
    """All items of a booking, by the id of each"""
    blackouts: Rows
    offers: Mapping[UUID, tuple[Offer, ...]]
    by_unit: Mapping[UUID, Offer]


def kind(row: ConflictRecord) -> Kind:
    return kind_of(
        row.type,
        item=row.item_id is not None,
        blackout=row.blackout_id is not None,
        other=row.other_event_id is not None,
    )


def of(session: Session, rows: Sequence[ConflictRecord], now: datetime) -> Mapping[UUID, tuple[Way, ...]]:
    """The ways out of each, by its id. The number of statements is the same for one and for a page."""
    return {conflict_id: planning.offered(found) for conflict_id, found in facts(session, rows, now).items()}


def facts(session: Session, rows: Sequence[ConflictRecord], now: datetime) -> Mapping[UUID, Facts]:
    """What is known of each, by its id, with what takes the units that could be offered."""
    known = _read(session, [row for row in rows if kind(row) is not Kind.SETTLED], now)
    found = {row.id: _facts(row, known) for row in rows if row.link_id in known.links}
    asked: dict[UUID, list[Period]] = defaultdict(list)
    for one in found.values():
        for wanted in planning.asked(one):
            for leaf in wanted.unit.leaves:
                asked[leaf].append(wanted.period)
    windows = {leaf: union(periods) for leaf, periods in asked.items()}
    reading = Reading(query.takings(session, windows, now))
    return {conflict_id: replace(one, reading=reading) for conflict_id, one in found.items()}


def _read(session: Session, rows: Sequence[ConflictRecord], now: datetime) -> _Known:
    links = query.links(session, {row.link_id for row in rows})
    named = {event_id for row in rows for event_id in (row.event_id, row.other_event_id) if event_id}
    events = query.events(session, named)
    items = query.items(session, {row.item_id for row in rows if row.item_id})
    by_booking: dict[UUID, list[Row[Any]]] = defaultdict(list)
    for item in items:
        by_booking[item.booking_id].append(item)
    places = {link.property_id for link in links.values()}
    offers: dict[UUID, list[Offer]] = defaultdict(list)
    for offer in inventory.of_properties(session, places):
        offers[offer.property_id].append(offer)
    return _Known(
        now=now,
        links=links,
        events=events,
        items={item.id: by_booking[item.booking_id] for item in items},
        blackouts=query.blackouts(session, {row.blackout_id for row in rows if row.blackout_id}),
        offers={property_id: tuple(found) for property_id, found in offers.items()},
        by_unit={offer.unit.id: offer for found in offers.values() for offer in found},
    )


def _facts(row: ConflictRecord, known: _Known) -> Facts:
    link = known.links[row.link_id]
    return Facts(
        kind=kind(row),
        state=row.state,
        zone=ZoneInfo(link.time_zone),
        now=known.now,
        event=_told(row.event_id, known),
        other=_told(row.other_event_id, known),
        stay=_stay(row.item_id, known),
        closure=_closure(row.blackout_id, known),
        offers=known.offers.get(link.property_id, ()),
        keeps=not link.by_event,
    )


def _told(event_id: UUID | None, known: _Known) -> Told | None:
    row = known.events.get(event_id) if event_id else None
    if row is None:
        return None
    return Told(
        id=row.id,
        link_id=row.link_id,
        channel=row.channel,
        connector=row.connector,
        when=_when(row),
        leaves=frozenset(row.leaves or ()),
        scope=tuple(_scope(row, known.offers.get(row.property_id, ()))),
        by_event=row.item_id is not None,
        untold=row.untold,
        whole=not row.partly,
        same_as=row.same_item_id,
    )


def _scope(row: Row[Any], offers: Iterable[Offer]) -> Iterable[Offer]:
    """The units of which the calendar of an event speaks."""
    if row.unit_id is not None:
        return (one for one in offers if one.unit.id == row.unit_id)
    if row.unit_type_id is not None:
        return (one for one in offers if one.unit.unit_type_id == row.unit_type_id)
    return (one for one in offers if row.category in (None, one.category))


def _stay(item_id: UUID | None, known: _Known) -> Stay | None:
    rows = known.items.get(item_id, ()) if item_id else ()
    own = next((row for row in rows if row.id == item_id), None)
    if own is None or own.unit_id not in known.by_unit:
        return None
    others = [row for row in rows if row.id != item_id]
    units = [known.by_unit[row.unit_id] for row in others if row.unit_id in known.by_unit]
    return Stay(
        id=own.id,
        reference=own.reference,
        status=Status(own.status),
        span=_span(own),
        offer=known.by_unit[own.unit_id],
        least_capacity=own.guests - sum(offer.capacity for offer in units),
        lapsed=own.hold_until is not None and own.hold_until <= known.now,
        others=tuple(
            Wanted(offer.unit, occupied(_span(row), offer.zone, offer.turnaround))
            for row, offer in zip(others, units, strict=False)
        ),
        items=frozenset(row.id for row in rows),
        source=own.source,
    )


def _closure(blackout_id: UUID | None, known: _Known) -> Closure | None:
    row = known.blackouts.get(blackout_id) if blackout_id else None
    if row is None or row.unit_id not in known.by_unit:
        return None
    return Closure(row.id, row.kind, _span(row), known.by_unit[row.unit_id], row.held_again)


def _span(row: Row[Any]) -> Span:
    if row.arrival is not None:
        return Nights(row.arrival, row.departure)
    return Hours(row.starts_at, row.ends_at)


def _when(row: Row[Any]) -> When:
    if row.first is not None:
        return AllDay(row.first, row.after)
    return Timed(row.starts_at, row.ends_at)

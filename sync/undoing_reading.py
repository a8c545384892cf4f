"""What is there now of what a sync changed: a few statements, however much it was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.orm import Session

from hub.domain.offers import Offer
from hub.domain.periods import Hours, Nights, Period, Span, occupied
from hub.models.links import Link
from hub.models.records import Change, SyncRun
from hub.queries import links as links_query
from hub.queries import undoing as query
from hub.queries import ways_out as sides_query
from hub.services import asking
from sync.planning import logged
from sync.planning.undone import Closure, Event, Place, Stay, There, closure_of, places_of


def there(session: Session, run: SyncRun, link: Link, rows: Sequence[Change], now: datetime) -> There:
    """All that these changes are about."""
    zone = ZoneInfo(asking.property_of(session, link.property_id).time_zone)
    offers = {one.unit.id: one for one in links_query.units_in(session, link.property_id, None, None, None)}
    ids, ended = _ids(rows, "external_event"), run.finished_at or now
    events = [_event(row) for row in query.events(session, link.id, ids, now, ended)]
    mentioned = {unit_id for row in rows for unit_id in _units(row)}
    mentioned.update(chain.from_iterable(one.unit_ids for one in events))
    names = {one.unit.id: one.unit.name for one in offers.values()}
    names |= sides_query.unit_names(session, mentioned - names.keys())
    return There(
        run_id=run.id,
        now=now,
        zone=zone,
        events={one.id: one for one in events},
        waiting=query.waiting(session, link.id, run.id),
        stays=_stays(query.places(session, _ids(rows, "booking"))),
        closures={
            blackout_id: Closure(row.unit_id, _span(row), row.kind)
            for blackout_id, row in sides_query.blackouts(session, _ids(rows, "blackout")).items()
        },
        offers=offers,
        names=names,
        taken=sides_query.takings(session, _windows(rows, offers), now),
    )


def _ids(rows: Iterable[Change], entity: str) -> frozenset[UUID]:
    return frozenset(row.entity_id for row in rows if row.entity == entity)


def _units(row: Change) -> Iterator[UUID]:
    for side in (row.before, row.after):
        yield from (one.unit_id for one in logged.read(side) or ())
        yield from (one.unit_id for one in places_of(side))
        if row.entity == "blackout" and (closure := closure_of(side)) is not None:
            yield closure.unit_id


def _windows(rows: Iterable[Change], offers: Mapping[UUID, Offer]) -> Mapping[UUID, list[Period]]:
    """By leaf, where something may be held or closed again, or go back to."""
    found: dict[UUID, list[Period]] = defaultdict(list)
    for row in rows:
        for took in logged.read(row.before) or ():
            found[took.unit_id].append(took.period)
        for unit_id, span, turnaround in _ours(row):
            if (offer := offers.get(unit_id)) is not None:
                for leaf in offer.unit.leaves:
                    found[leaf].append(occupied(span, offer.zone, offer.turnaround if turnaround else 0))
    return found


def _ours(row: Change) -> Iterator[tuple[UUID, Span, bool]]:
    """Where what is ours was, and whether its turnaround counts."""
    closure = closure_of(row.before) if row.entity == "blackout" else None
    if closure is not None:
        yield closure.unit_id, closure.span, False
    yield from ((one.unit_id, one.span, True) for one in places_of(row.before))


def _event(row: Row[Any]) -> Event:
    units = frozenset(row.unit_ids or ())
    return Event(row.id, row.item_id, row.run_id, row.ahead, row.with_others, row.other, units, row.ignored)


def _stays(rows: Iterable[Row[Any]]) -> Mapping[UUID, Stay]:
    found: dict[UUID, Stay] = {}
    for row in rows:
        had = found.get(row.booking_id, Stay(row.reference, ()))
        place = Place(row.id, row.unit_id, _span(row))
        found[row.booking_id] = Stay(row.reference, (*had.places, place))
    return found


def _span(row: Row[Any]) -> Span:
    if row.arrival is not None:
        return Nights(row.arrival, row.departure)
    return Hours(row.starts_at, row.ends_at)

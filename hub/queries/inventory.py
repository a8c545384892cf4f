"""Units as they are sold, and what takes them: two statements, whatever the number of units."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, TextClause, text
from sqlalchemy.orm import Session

from hub.database import StaleRead
from hub.domain.availability import Cause, SellableUnit, Taken, TakenSpan
from hub.domain.offers import Offer
from hub.domain.periods import LetBy, Period

_UNITS = """
    SELECT u.id, u.name, u.property_id, u.unit_type_id, t.name AS type_name, t.let_by, t.turnaround,
           t.capacity, t.category, p.time_zone, p.check_in, p.check_out,
           (SELECT array_agg(part.part_id) FROM unit_parts part WHERE part.whole_id = u.id) AS parts
    FROM units u
    JOIN unit_types t ON t.organization_id = u.organization_id AND t.id = u.unit_type_id
    JOIN properties p ON p.organization_id = u.organization_id AND p.id = u.property_id
    WHERE u.archived_at IS NULL AND {which} ORDER BY u.name, u.id
"""
_OF_PROPERTY = text(_UNITS.format(which="u.property_id = CAST(:property_id AS uuid)"))
_OF_PROPERTIES = text(_UNITS.format(which="u.property_id = ANY(CAST(:ids AS uuid[]))"))
_OF_TYPES = text(_UNITS.format(which="u.unit_type_id = ANY(CAST(:ids AS uuid[]))"))
_OF_IDS = text(_UNITS.format(which="u.id = ANY(CAST(:ids AS uuid[]))"))

# Allocations of one unit never overlap: the exclusion constraint sees to it. So all that meet a period end
# within it, but for at most one, the next that ends later. Asked like this, the index is read from the
# start of the period to its end, and not through all the years that are booked after it.
_ALLOCATED = """
    SELECT * FROM allocations
    WHERE unit_id = ANY(CAST(:units AS uuid[])) AND ends_at > :starts_at AND ends_at <= :ends_at
    UNION ALL
    SELECT next.* FROM unnest(CAST(:units AS uuid[])) AS unit(id) CROSS JOIN LATERAL (
        SELECT * FROM allocations WHERE unit_id = unit.id AND ends_at > :ends_at ORDER BY ends_at LIMIT 1
    ) AS next
    WHERE next.starts_at < :ends_at
"""
_CAUSE = """
    CASE WHEN a.blackout_id IS NOT NULL THEN 'blackout'
         WHEN a.hold_until IS NOT NULL THEN 'hold' ELSE 'booking' END
"""
_BLOCKED = """
    b.unit_id = ANY(CAST(:units AS uuid[])) AND b.free_at > :starts_at AND b.starts_at < :ends_at
"""
_TAKEN = text(f"""
    SELECT a.unit_id, a.starts_at, a.ends_at AS free_at, a.hold_until, {_CAUSE} AS cause,
           coalesce(a.booking_id, a.blackout_id) AS reference, NULL AS channel, NULL::timestamptz AS ends_at
    FROM ({_ALLOCATED}) AS a
    UNION ALL
    SELECT b.unit_id, b.starts_at, b.free_at, NULL, 'external', b.event_id, c.name, b.ends_at
    FROM external_blocks b
    JOIN links l ON l.organization_id = b.organization_id AND l.id = b.link_id
    JOIN connections c ON c.organization_id = l.organization_id AND c.id = l.connection_id
    WHERE {_BLOCKED}
""")  # noqa: S608 -- made of the constants above
_SPANS = text(f"""
    SELECT a.unit_id, a.starts_at, a.ends_at, {_CAUSE}, CAST(coalesce(a.booking_id, a.blackout_id) AS text)
    FROM ({_ALLOCATED}) AS a
    WHERE a.hold_until IS NULL OR a.hold_until > :now
    UNION ALL
    SELECT b.unit_id, b.starts_at, b.free_at, 'external', CAST(b.event_id AS text)
    FROM external_blocks b
    WHERE {_BLOCKED}
""")  # noqa: S608 -- made of the constants above

_LABELS = {"booking": "a booking", "hold": "a hold", "blackout": "a blackout"}


@dataclass(frozen=True, slots=True)
class Takings:
    """What takes units in a period: `live` counts; `lapsed` are holds that ran out and await their end."""

    live: tuple[Taken, ...]
    lapsed: frozenset[UUID]
    """Ids of the lapsed holds' bookings"""


def of_property(session: Session, property_id: UUID) -> tuple[Offer, ...]:
    return _offers(session, _OF_PROPERTY, property_id=property_id)


def of_properties(session: Session, property_ids: Collection[UUID]) -> tuple[Offer, ...]:
    return _offers(session, _OF_PROPERTIES, ids=list(property_ids)) if property_ids else ()


def of_types(session: Session, unit_type_ids: Collection[UUID]) -> tuple[Offer, ...]:
    return _offers(session, _OF_TYPES, ids=list(unit_type_ids)) if unit_type_ids else ()


def of_units(session: Session, unit_ids: Collection[UUID]) -> tuple[Offer, ...]:
    return _offers(session, _OF_IDS, ids=list(unit_ids)) if unit_ids else ()


def leaves(offers: Collection[Offer]) -> frozenset[UUID]:
    return frozenset(leaf for offer in offers for leaf in offer.unit.leaves)


def confirm(session: Session, offers: Collection[Offer]) -> None:
    """
    Once their leaves are locked: StaleRead where a unit was archived meanwhile, made of other parts, or
    let on other terms.
    """
    if frozenset(of_units(session, [offer.unit.id for offer in offers])) != frozenset(offers):
        raise StaleRead


def takings(
    session: Session,
    unit_ids: Collection[UUID],
    period: Period,
    now: datetime,
    *,
    without: Collection[UUID] = (),
) -> Takings:
    """
    All that meets `period` on these leaf units: allocations, and external blocks with their turnaround;
    bookings `without` do not count.

    Under READ COMMITTED this sees what is committed when it runs: call it after the locks to be sure.
    """
    found = session.execute(
        _TAKEN, {"units": list(unit_ids), "starts_at": period.starts_at, "ends_at": period.ends_at}
    )
    live, lapsed = [], set()
    for unit_id, starts_at, free_at, hold_until, cause, reference, channel, ends_at in found:
        if reference in without:
            continue
        if hold_until is not None and hold_until <= now:
            lapsed.add(reference)
        else:
            label = channel or _LABELS[cause]
            period = Period(starts_at, free_at)
            live.append(Taken(unit_id, period, Cause(cause), reference, label, ends_at))
    return Takings(tuple(live), frozenset(lapsed))


def spans(session: Session, unit_ids: Collection[UUID], period: Period, now: datetime) -> Sequence[TakenSpan]:
    """What is live of the takings, in the plain form for thousands of them."""
    parameters = {
        "units": list(unit_ids),
        "starts_at": period.starts_at,
        "ends_at": period.ends_at,
        "now": now,
    }
    return session.execute(_SPANS, parameters).all()


def _offers(session: Session, statement: TextClause, **parameters: object) -> tuple[Offer, ...]:
    return tuple(_offer(row) for row in session.execute(statement, parameters))


def _offer(row: Row[Any]) -> Offer:
    return Offer(
        unit=SellableUnit(
            id=row.id,
            name=row.name,
            unit_type_id=row.unit_type_id,
            leaves=frozenset(row.parts or [row.id]),
            let_by=LetBy(row.let_by),
        ),
        property_id=row.property_id,
        type_name=row.type_name,
        category=row.category,
        turnaround=row.turnaround,
        capacity=row.capacity,
        zone=ZoneInfo(row.time_zone),
        check_in=row.check_in,
        check_out=row.check_out,
    )

"""Units as they are sold, and what takes them: two statements, whatever the number of units."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, TextClause, text
from sqlalchemy.orm import Session

from hub.database import StaleRead
from hub.domain.availability import Cause, SellableUnit, Taken
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
_OF_TYPES = text(_UNITS.format(which="u.unit_type_id = ANY(CAST(:ids AS uuid[]))"))
_OF_IDS = text(_UNITS.format(which="u.id = ANY(CAST(:ids AS uuid[]))"))

_TAKEN = text("""
    SELECT unit_id, starts_at, ends_at, ends_at AS free_at, hold_until,
           CASE WHEN blackout_id IS NOT NULL THEN 'blackout'
                WHEN hold_until IS NOT NULL THEN 'hold' ELSE 'booking' END AS cause,
           coalesce(booking_id, blackout_id) AS reference, item_id, NULL AS channel
    FROM allocations
    WHERE unit_id = ANY(CAST(:units AS uuid[])) AND ends_at > :starts_at AND starts_at < :ends_at
    UNION ALL
    SELECT b.unit_id, b.starts_at, b.ends_at, b.free_at, NULL, 'external', b.event_id, NULL, c.name
    FROM external_blocks b
    JOIN links l ON l.organization_id = b.organization_id AND l.id = b.link_id
    JOIN connections c ON c.organization_id = l.organization_id AND c.id = l.connection_id
    WHERE b.unit_id = ANY(CAST(:units AS uuid[])) AND b.free_at > :starts_at AND b.starts_at < :ends_at
""")

_LABELS = {"booking": "a booking", "hold": "a hold", "blackout": "a blackout"}


@dataclass(frozen=True, slots=True)
class Takings:
    """What takes units in a period: `live` counts; `lapsed` are holds that ran out and await their end."""

    live: tuple[Taken, ...]
    lapsed: frozenset[UUID]
    """Ids of the lapsed holds' bookings"""


def of_property(session: Session, property_id: UUID) -> tuple[Offer, ...]:
    return _offers(session, _OF_PROPERTY, property_id=property_id)


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
    rows = [row for row in found if row.reference not in without]
    return Takings(
        live=tuple(
            Taken(
                unit_id=row.unit_id,
                period=Period(row.starts_at, row.free_at),
                cause=Cause(row.cause),
                reference=row.reference,
                label=row.channel or _LABELS[row.cause],
            )
            for row in rows
            if row.hold_until is None or row.hold_until > now
        ),
        lapsed=frozenset(
            row.reference for row in rows if row.hold_until is not None and row.hold_until <= now
        ),
    )


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

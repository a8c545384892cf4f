"""Which links, bookings and blackouts a sync that is asked for by several criteria means."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from hub.models.base import Owned

# A unit is concerned by a booking if it is, holds, or is part of the unit of an item.
_LINKS = text("""
    WITH items AS (
        SELECT i.id, i.organization_id, i.unit_id
        FROM booking_items i WHERE i.booking_id = ANY(CAST(:bookings AS uuid[]))
    ), leaves AS (
        SELECT coalesce(p.part_id, i.unit_id) AS unit_id
        FROM items i
        LEFT JOIN unit_parts p ON p.organization_id = i.organization_id AND p.whole_id = i.unit_id
    ), concerned AS (
        SELECT u.id, u.unit_type_id, u.property_id, t.category
        FROM units u JOIN unit_types t ON t.organization_id = u.organization_id AND t.id = u.unit_type_id
        WHERE u.id IN (SELECT unit_id FROM leaves)
           OR u.id IN (SELECT whole_id FROM unit_parts WHERE part_id IN (SELECT unit_id FROM leaves))
    )
    SELECT l.id, l.polled, l.property_id
    FROM links l
    JOIN connections c ON c.organization_id = l.organization_id AND c.id = l.connection_id
    WHERE (CAST(:properties AS uuid[]) IS NULL OR l.property_id = ANY(CAST(:properties AS uuid[])))
      AND (CAST(:links AS uuid[]) IS NULL OR l.id = ANY(CAST(:links AS uuid[])))
      AND (CAST(:connectors AS text[]) IS NULL OR c.connector = ANY(CAST(:connectors AS text[])))
      AND (:pulls OR l.direction <> 'import')
      AND (:pushes OR l.direction <> 'export')
      AND (l.calendar_key IS NOT NULL OR :pulls)
      AND (NOT :by_units OR EXISTS (
          SELECT FROM units u
          JOIN unit_types t ON t.organization_id = u.organization_id AND t.id = u.unit_type_id
          WHERE u.property_id = l.property_id AND u.archived_at IS NULL
            AND (l.unit_id IS NULL OR l.unit_id = u.id)
            AND (l.unit_type_id IS NULL OR l.unit_type_id = u.unit_type_id)
            AND (l.category IS NULL OR l.category = t.category)
            AND (CAST(:types AS uuid[]) IS NULL OR u.unit_type_id = ANY(CAST(:types AS uuid[])))
            AND (CAST(:categories AS text[]) IS NULL OR t.category = ANY(CAST(:categories AS text[])))
      ))
      AND (CAST(:bookings AS uuid[]) IS NULL
           OR l.id IN (SELECT s.link_id FROM sync_items s WHERE s.local_id IN (SELECT id FROM items))
           OR EXISTS (
               SELECT FROM concerned k
               WHERE l.property_id = k.property_id
                 AND (l.unit_id IS NULL OR l.unit_id = k.id)
                 AND (l.unit_type_id IS NULL OR l.unit_type_id = k.unit_type_id)
                 AND (l.category IS NULL OR l.category = k.category)))
    ORDER BY l.id
    LIMIT :most
""")

_MET = """
    AND (CAST(:first AS date) IS NULL OR coalesce(
        k.departure > :first, k.ends_at > CAST(:first AS timestamp) AT TIME ZONE p.time_zone))
    AND (CAST(:after AS date) IS NULL OR coalesce(
        k.arrival < :after, k.starts_at < CAST(:after AS timestamp) AT TIME ZONE p.time_zone))
"""
_BOOKINGS = text(f"""
    SELECT DISTINCT b.id
    FROM bookings b
    JOIN properties p ON p.organization_id = b.organization_id AND p.id = b.property_id
    JOIN booking_items k ON k.organization_id = b.organization_id AND k.booking_id = b.id
    WHERE b.property_id = ANY(CAST(:properties AS uuid[]))
      AND (CAST(:bookings AS uuid[]) IS NULL OR b.id = ANY(CAST(:bookings AS uuid[]))) {_MET}
    ORDER BY b.id LIMIT :most
""")  # noqa: S608 -- made of the constants above
_BLACKOUTS = text(f"""
    SELECT k.id
    FROM blackouts k
    JOIN units u ON u.organization_id = k.organization_id AND u.id = k.unit_id
    JOIN properties p ON p.organization_id = u.organization_id AND p.id = u.property_id
    WHERE p.id = ANY(CAST(:properties AS uuid[])) {_MET}
    ORDER BY k.id LIMIT :most
""")  # noqa: S608 -- made of the constants above


@dataclass(frozen=True, slots=True)
class Criteria:
    """All that is said must hold; of one criterion any value. None was not said."""

    property_ids: Sequence[UUID] | None = None
    unit_type_ids: Sequence[UUID] | None = None
    categories: Sequence[str] | None = None
    connectors: Sequence[str] | None = None
    link_ids: Sequence[UUID] | None = None
    booking_ids: Sequence[UUID] | None = None
    first: date | None = None
    after: date | None = None
    everything: bool = False
    """Said where nothing else needs to be"""

    @property
    def dated(self) -> bool:
        return self.first is not None or self.after is not None

    @property
    def nothing(self) -> bool:
        said = (self.property_ids, self.unit_type_ids, self.categories, self.connectors)
        return not self.everything and not self.dated and not any((*said, self.link_ids, self.booking_ids))

    def to_json(self) -> dict[str, Any]:
        """What was said, the same for whoever says the same in another order."""
        said = {
            "property_ids": _sorted(self.property_ids),
            "unit_type_ids": _sorted(self.unit_type_ids),
            "categories": _sorted(self.categories),
            "connectors": _sorted(self.connectors),
            "link_ids": _sorted(self.link_ids),
            "booking_ids": _sorted(self.booking_ids),
            "from": str(self.first) if self.first else None,
            "to": str(self.after) if self.after else None,
            "all": self.everything or None,
        }
        return {name: value for name, value in said.items() if value is not None}


def links(session: Session, wanted: Criteria, *, pulls: bool, pushes: bool, most: int) -> Sequence[Row[Any]]:
    """
    (id, polled, property_id) of the links that match, by id: those that import, where it `pulls`, and those
    in whose calendars we write, where it `pushes`.
    """
    known = {
        "properties": _listed(wanted.property_ids),
        "types": _listed(wanted.unit_type_ids),
        "categories": _listed(wanted.categories),
        "connectors": _listed(wanted.connectors),
        "links": _listed(wanted.link_ids),
        "bookings": _listed(wanted.booking_ids),
        "by_units": bool(wanted.unit_type_ids or wanted.categories),
        "pulls": pulls,
        "pushes": pushes,
        "most": most,
    }
    return session.execute(_LINKS, known).all()


def bookings(
    session: Session, wanted: Criteria, property_ids: Collection[UUID], most: int
) -> tuple[UUID, ...]:
    """Bookings of these properties that the criteria mean, or that take any of the nights."""
    known = _dates(wanted, property_ids, most) | {"bookings": _listed(wanted.booking_ids)}
    return tuple(session.scalars(_BOOKINGS, known))


def blackouts(
    session: Session, wanted: Criteria, property_ids: Collection[UUID], most: int
) -> tuple[UUID, ...]:
    """The same of blackouts."""
    return tuple(session.scalars(_BLACKOUTS, _dates(wanted, property_ids, most)))


def known(session: Session, kind: type[Owned], ids: Collection[UUID]) -> frozenset[UUID]:
    """Those that there are."""
    return frozenset(session.scalars(select(kind.id).where(kind.id.in_(ids))))


def _dates(wanted: Criteria, property_ids: Collection[UUID], most: int) -> dict[str, Any]:
    return {"properties": list(property_ids), "first": wanted.first, "after": wanted.after, "most": most}


def _sorted(values: Collection[Any] | None) -> list[str] | None:
    return sorted({str(value) for value in values}) if values else None


def _listed(values: Collection[Any] | None) -> list[Any] | None:
    return list(values) if values else None

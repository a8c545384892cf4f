"""What binds units from now on: stays, blackouts, imported blocks, links. It decides what may be changed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Commitment:
    """The earliest thing that binds a unit; `label` is a booking's reference or a channel's name."""

    unit: str
    cause: str
    """booking, blackout or external"""
    label: str
    first: date
    """At the property"""


@dataclass(frozen=True, slots=True)
class Scope:
    """
    Which units are asked about. `own` are leaves, with all that takes them; `wholes` are composites, with
    what takes their `parts` through them.
    """

    own: frozenset[UUID] = frozenset()
    wholes: frozenset[UUID] = frozenset()
    parts: frozenset[UUID] = frozenset()

    @property
    def leaves(self) -> frozenset[UUID]:
        """What to lock before asking."""
        return self.own | self.parts


_FIRST = text("""
    SELECT u.name AS unit, found.cause, found.label,
           (found.starts_at AT TIME ZONE p.time_zone)::date AS first
    FROM (
        SELECT coalesce(i.unit_id, k.unit_id) AS unit_id, a.starts_at, coalesce(b.reference, k.kind) AS label,
               CASE WHEN a.item_id IS NULL THEN 'blackout' ELSE 'booking' END AS cause
        FROM allocations a
        LEFT JOIN booking_items i ON i.organization_id = a.organization_id AND i.id = a.item_id
        LEFT JOIN bookings b ON b.organization_id = a.organization_id AND b.id = a.booking_id
        LEFT JOIN blackouts k ON k.organization_id = a.organization_id AND k.id = a.blackout_id
        WHERE a.unit_id = ANY(CAST(:leaves AS uuid[])) AND a.ends_at > :now
          AND (a.hold_until IS NULL OR a.hold_until > :now) AND (a.item_id IS NOT NULL OR :blackouts)
          AND (a.unit_id = ANY(CAST(:own AS uuid[]))
               OR coalesce(i.unit_id, k.unit_id) = ANY(CAST(:wholes AS uuid[])))
        UNION ALL
        SELECT e.unit_id, e.starts_at, c.name, 'external'
        FROM external_blocks e
        JOIN links l ON l.organization_id = e.organization_id AND l.id = e.link_id
        JOIN connections c ON c.organization_id = l.organization_id AND c.id = l.connection_id
        WHERE e.unit_id = ANY(CAST(:leaves AS uuid[])) AND e.free_at > :now
          AND (e.unit_id = ANY(CAST(:own AS uuid[])) OR l.unit_id = ANY(CAST(:wholes AS uuid[])))
        ORDER BY starts_at LIMIT 1
    ) AS found
    JOIN units u ON u.id = found.unit_id
    JOIN properties p ON p.organization_id = u.organization_id AND p.id = u.property_id
""")

_LINK = text("""
    SELECT c.name FROM links l
    JOIN connections c ON c.organization_id = l.organization_id AND c.id = l.connection_id
    WHERE l.unit_id = ANY(CAST(:units AS uuid[])) OR l.unit_type_id = ANY(CAST(:types AS uuid[]))
       OR l.property_id = ANY(CAST(:properties AS uuid[]))
    ORDER BY l.id LIMIT 1
""")


def first(session: Session, scope: Scope, now: datetime, *, blackouts: bool) -> Commitment | None:
    """The earliest live or future one, lapsed holds aside; with or without our own `blackouts`."""
    parameters = {
        "leaves": list(scope.leaves),
        "own": list(scope.own),
        "wholes": list(scope.wholes),
        "blackouts": blackouts,
        "now": now,
    }
    row = session.execute(_FIRST, parameters).one_or_none()
    return Commitment(row.unit, row.cause, row.label, row.first) if row else None


def link(
    session: Session,
    *,
    units: Collection[UUID] = (),
    unit_types: Collection[UUID] = (),
    properties: Collection[UUID] = (),
) -> str | None:
    """The channel of a link, paused or not, that names one of these."""
    parameters = {"units": list(units), "types": list(unit_types), "properties": list(properties)}
    name: str | None = session.scalar(_LINK, parameters)
    return name

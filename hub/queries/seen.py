"""What feeds said of a booking's items, and who has fetched that."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from hub.domain.consumers import SERVICES
from hub.models.bookings import Allocation
from hub.models.links import FeedExport
from hub.queries.ledger import WHENCE

# A unit is concerned if it is, holds, or is part of the unit of an item.
_LINKS = text("""
    WITH leaves AS (
        SELECT coalesce(p.part_id, i.unit_id) AS unit_id
        FROM booking_items i
        LEFT JOIN unit_parts p ON p.organization_id = i.organization_id AND p.whole_id = i.unit_id
        WHERE i.booking_id = CAST(:booking AS uuid)
    ), concerned AS (
        SELECT u.id, u.unit_type_id, u.property_id, t.category
        FROM units u JOIN unit_types t ON t.organization_id = u.organization_id AND t.id = u.unit_type_id
        WHERE u.id IN (SELECT unit_id FROM leaves)
           OR u.id IN (SELECT whole_id FROM unit_parts WHERE part_id IN (SELECT unit_id FROM leaves))
    ), named AS (
        SELECT link_id FROM feed_exports
        WHERE uid IN (SELECT uid FROM booking_items WHERE booking_id = CAST(:booking AS uuid))
    )
    SELECT l.id, l.direction, l.feed_token_hash IS NOT NULL AS has_feed, l.unit_id, l.state, l.state_reason,
           l.verified_at, c.name AS channel, coalesce(u.name, t.name, l.category, p.name) AS scope
    FROM links l
    JOIN connections c ON c.organization_id = l.organization_id AND c.id = l.connection_id
    JOIN properties p ON p.organization_id = l.organization_id AND p.id = l.property_id
    LEFT JOIN units u ON u.organization_id = l.organization_id AND u.id = l.unit_id
    LEFT JOIN unit_types t ON t.organization_id = l.organization_id AND t.id = l.unit_type_id
    WHERE l.id IN (SELECT link_id FROM named) OR EXISTS (
        SELECT FROM concerned k
        WHERE l.property_id = k.property_id
          AND (l.unit_id IS NULL OR l.unit_id = k.id)
          AND (l.unit_type_id IS NULL OR l.unit_type_id = k.unit_type_id)
          AND (l.category IS NULL OR l.category = k.category)
    )
    ORDER BY c.name, scope, l.id
""")


def links(session: Session, booking_id: UUID) -> Sequence[Row[Any]]:
    """
    (id, direction, has_feed, unit_id, state, state_reason, verified_at, channel, scope) of every link that
    speaks of a unit of the booking, or whose feed once named it; `scope` as people know it.
    """
    return session.execute(_LINKS, {"booking": booking_id}).all()


def allocations(session: Session, booking_id: UUID) -> tuple[Allocation, ...]:
    """What the booking takes, holds that ran out included."""
    return tuple(session.scalars(select(Allocation).where(Allocation.booking_id == booking_id)))


def exports(session: Session, uids: Collection[str]) -> tuple[FeedExport, ...]:
    """The history of these UIDs in all feeds, oldest first."""
    statement = select(FeedExport).where(FeedExport.uid.in_(uids))
    return tuple(session.scalars(statement.order_by(FeedExport.link_id, FeedExport.since_revision)))


# Rows of the ledger that are past their time are gone: then "first" is the first that is still known.
_FETCHES = text(f"""
    SELECT e.id AS export_id, f.consumer, f.whence,
           min(f.first_at) FILTER (
               WHERE f.revision >= e.since_revision
                 AND (e.until_revision IS NULL OR f.revision < e.until_revision)
           ) AS had_at,
           min(f.first_at) FILTER (WHERE f.revision >= e.until_revision) AS lost_at
    FROM feed_exports e
    JOIN (
        SELECT link_id, consumer, {WHENCE} AS whence, revision, min(first_at) AS first_at
        FROM feed_fetches WHERE link_id = ANY(CAST(:links AS uuid[]))
        GROUP BY link_id, consumer, {WHENCE}, revision
    ) AS f ON f.link_id = e.link_id
    WHERE e.uid = ANY(CAST(:uids AS text[]))
    GROUP BY e.id, f.consumer, f.whence
""")  # noqa: S608 -- made of the constants above


def fetches(session: Session, link_ids: Collection[UUID], uids: Collection[str]) -> Sequence[Row[Any]]:
    """
    (export_id, consumer, whence, had_at, lost_at): when each consumer first had each stretch of the history
    of these UIDs, and first was without it again; null for never.
    """
    parameters = {"links": list(link_ids), "uids": list(uids), "services": list(SERVICES)}
    return session.execute(_FETCHES, parameters).all()

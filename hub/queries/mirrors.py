"""What of ours a link shows, and which links show it: set by set, however many bookings there are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from hub.database import organization_of
from hub.domain.lifecycle import EXPORTED
from hub.models.bookings import BookingItem
from hub.models.sync import SyncItem

_EXPORTED = tuple(map(str, EXPORTED))

# A link shows what lies on a unit of its scope, and on any that shares a leaf with one. What lies on a unit
# that was archived since is history, and stays where it is; its leaves may be other units' by now.
_SEEN = """
    leaf AS (
        SELECT asked.id AS unit_id, coalesce(part.part_id, asked.id) AS leaf_id
        FROM asked LEFT JOIN unit_parts part ON part.whole_id = asked.id
    ), kin AS (
        SELECT unit_id, unit_id AS kin_id FROM leaf
        UNION SELECT unit_id, leaf_id FROM leaf
        UNION SELECT leaf.unit_id, part.whole_id FROM leaf JOIN unit_parts part ON part.part_id = leaf.leaf_id
    ), scope AS MATERIALIZED (
        SELECT kin.unit_id, u.id, u.property_id, u.unit_type_id, t.category
        FROM kin
        JOIN units u ON u.id = kin.kin_id AND (u.archived_at IS NULL OR kin.kin_id = kin.unit_id)
        JOIN unit_types t ON t.organization_id = u.organization_id AND t.id = u.unit_type_id
    ), seen AS (
        SELECT DISTINCT l.id AS link_id, scope.unit_id
        FROM scope
        JOIN links l ON l.property_id = scope.property_id
             AND CASE WHEN l.unit_id IS NOT NULL THEN l.unit_id = scope.id
                      WHEN l.unit_type_id IS NOT NULL THEN l.unit_type_id = scope.unit_type_id
                      ELSE l.category IS NULL OR l.category = scope.category END
        WHERE l.direction <> 'import' AND NOT l.emptying AND {links}
    )
"""
_OF_LINK = _SEEN.format(links="l.id = CAST(:link AS uuid)")
_OF_CALENDARS = _SEEN.format(links="l.calendar_key IS NOT NULL")

_SHOWN = "b.status = ANY(CAST(:exported AS text[])) AND (b.hold_until IS NULL OR b.hold_until > :now)"
_FREE_AT = """
    (SELECT max(a.ends_at) FROM allocations a
     WHERE a.organization_id = i.organization_id AND a.item_id = i.id)
"""
"""The end of the stay and the turnaround that was sold with it"""

_ITEMS = text(f"""
    WITH asked AS (
        SELECT DISTINCT unit_id AS id FROM booking_items WHERE id = ANY(CAST(:ids AS uuid[]))
    ), {_OF_LINK}
    SELECT i.id, i.booking_id, i.arrival, i.departure, i.starts_at, i.ends_at, {_FREE_AT} AS free_at,
           b.reference, b.status, b.source, b.guests, b.guest_id,
           u.name AS unit, p.name AS property, p.time_zone
    FROM booking_items i
    JOIN seen ON seen.unit_id = i.unit_id
    JOIN bookings b ON b.organization_id = i.organization_id AND b.id = i.booking_id
    JOIN units u ON u.organization_id = i.organization_id AND u.id = i.unit_id
    JOIN properties p ON p.organization_id = u.organization_id AND p.id = u.property_id
    WHERE i.id = ANY(CAST(:ids AS uuid[])) AND {_SHOWN}
""")  # noqa: S608 -- made of the constants above
_BLACKOUTS = text(f"""
    WITH asked AS (
        SELECT DISTINCT unit_id AS id FROM blackouts WHERE id = ANY(CAST(:ids AS uuid[]))
    ), {_OF_LINK}
    SELECT k.id, k.arrival, k.departure, k.starts_at, k.ends_at, k.kind, k.note_sealed,
           u.name AS unit, p.name AS property, p.time_zone
    FROM blackouts k
    JOIN seen ON seen.unit_id = k.unit_id
    JOIN units u ON u.organization_id = k.organization_id AND u.id = k.unit_id
    JOIN properties p ON p.organization_id = u.organization_id AND p.id = u.property_id
    WHERE k.id = ANY(CAST(:ids AS uuid[]))
""")  # noqa: S608 -- made of the constants above
# No turnaround is longer than 168 nights: what ended long before can have none left.
_AHEAD = text(f"""
    WITH asked AS (
        SELECT u.id FROM links mine JOIN units u ON u.property_id = mine.property_id
        WHERE mine.id = CAST(:link AS uuid)
    ), {_OF_LINK}, items AS (
        SELECT i.id, i.ends_at, CASE WHEN :turnaround THEN {_FREE_AT} END AS free_at
        FROM seen
        JOIN booking_items i ON i.unit_id = seen.unit_id
        JOIN bookings b ON b.organization_id = i.organization_id AND b.id = i.booking_id
        WHERE {_SHOWN} AND i.ends_at > CAST(:now AS timestamptz) - interval '170 days'
    )
    SELECT 'booking_item' AS kind, id FROM items WHERE ends_at > :now
    UNION ALL
    SELECT 'turnaround', id FROM items WHERE free_at > :now AND free_at > ends_at
    UNION ALL
    SELECT 'blackout', k.id FROM seen JOIN blackouts k ON k.unit_id = seen.unit_id WHERE k.ends_at > :now
""")  # noqa: S608 -- made of the constants above


def items(session: Session, link_id: UUID, ids: Collection[UUID], now: datetime) -> Sequence[Row[Any]]:
    """Of these items those that the link shows, over or not; `free_at` is the end of their turnaround."""
    known = {"link": link_id, "ids": list(ids), "now": now, "exported": list(_EXPORTED)}
    return session.execute(_ITEMS, known).all() if ids else ()


def blackouts(session: Session, link_id: UUID, ids: Collection[UUID]) -> Sequence[Row[Any]]:
    return session.execute(_BLACKOUTS, {"link": link_id, "ids": list(ids)}).all() if ids else ()


def ahead(session: Session, link_id: UUID, now: datetime, *, turnaround: bool) -> frozenset[tuple[str, UUID]]:
    """(local kind, local id) of all that the link shows and that is not over."""
    known = {"link": link_id, "now": now, "turnaround": turnaround, "exported": list(_EXPORTED)}
    return frozenset((row.kind, row.id) for row in session.execute(_AHEAD, known))


def items_of(session: Session, booking_ids: Collection[UUID]) -> tuple[UUID, ...]:
    """Ids of the bookings' items, whatever has become of them."""
    statement = select(BookingItem.id).where(BookingItem.booking_id.in_(booking_ids))
    return tuple(session.scalars(statement.order_by(BookingItem.id)))


_CONCERNED = text(f"""
    WITH held AS (
        SELECT i.id, i.unit_id, i.ends_at, {_FREE_AT} AS free_at, {_SHOWN} AS shown
        FROM booking_items i
        JOIN bookings b ON b.organization_id = i.organization_id AND b.id = i.booking_id
        WHERE i.booking_id = ANY(CAST(:bookings AS uuid[]))
    ), things AS (
        SELECT 'booking_item' AS kind, id, unit_id FROM held WHERE shown AND ends_at > :now
        UNION ALL
        SELECT 'turnaround', id, unit_id FROM held WHERE shown AND free_at > :now AND free_at > ends_at
        UNION ALL
        SELECT 'blackout', k.id, k.unit_id
        FROM blackouts k WHERE k.id = ANY(CAST(:blackouts AS uuid[])) AND k.ends_at > :now
    ), asked AS (
        SELECT DISTINCT unit_id AS id FROM things
    ), {_OF_CALENDARS}
    SELECT s.link_id, s.local_kind AS kind, s.local_id AS id, true AS known
    FROM sync_items s
    JOIN links l ON l.organization_id = s.organization_id AND l.id = s.link_id
    WHERE s.local_id = ANY(ARRAY(SELECT id FROM held) || CAST(:blackouts AS uuid[]))
      AND s.local_kind <> 'stray' AND l.calendar_key IS NOT NULL
    UNION ALL
    SELECT seen.link_id, things.kind, things.id, false
    FROM seen JOIN things ON things.unit_id = seen.unit_id
""")  # noqa: S608 -- made of the constants above


def concerned(
    session: Session, booking_ids: Collection[UUID], blackout_ids: Collection[UUID], now: datetime
) -> Sequence[Row[Any]]:
    """
    (link_id, kind, id, known) of what stands for these in calendars: `known` are the items that there are,
    the others what a calendar would show and is not over, turnaround included.
    """
    known = {
        "bookings": list(booking_ids),
        "blackouts": list(blackout_ids),
        "now": now,
        "exported": list(_EXPORTED),
    }
    return session.execute(_CONCERNED, known).all()


_LOCKED = """
    WITH locked AS (
        SELECT id FROM links WHERE {which} AND calendar_key IS NOT NULL
        ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE links l SET dirty_seq = l.dirty_seq + 1, next_pull_at = least(l.next_pull_at, :now) {more}
    FROM locked, connections c
    WHERE l.id = locked.id AND c.organization_id = l.organization_id AND c.id = l.connection_id
    RETURNING l.id, c.connector, c.settings_sealed AS shared_sealed, l.settings_sealed AS own_sealed
"""
_DIRTY = text(_LOCKED.format(which="id = ANY(CAST(:ids AS uuid[]))", more=""))
_UNSCANNED = text(
    _LOCKED.format(
        which="property_id = ANY(CAST(:ids AS uuid[])) AND direction <> 'import'", more=", scan_at = NULL"
    )
)
_LINKS_UNSCANNED = text(
    _LOCKED.format(which="id = ANY(CAST(:ids AS uuid[])) AND direction <> 'import'", more=", scan_at = NULL")
)


def mark_dirty(session: Session, link_ids: Collection[UUID], now: datetime) -> Sequence[Row[Any]]:
    """Lock these links in the order of their ids, and have them synced; (id, connector, settings) of each."""
    return session.execute(_DIRTY, {"ids": list(link_ids), "now": now}).all()


def mark_unscanned(session: Session, property_ids: Collection[UUID], now: datetime) -> tuple[UUID, ...]:
    """The same for all calendars of these properties, which then compare everything."""
    found = session.execute(_UNSCANNED, {"ids": list(property_ids), "now": now})
    return tuple(sorted(row.id for row in found))


def mark_links_unscanned(session: Session, link_ids: Collection[UUID], now: datetime) -> None:
    """The same for these links alone."""
    session.execute(_LINKS_UNSCANNED, {"ids": list(link_ids), "now": now})


def add(session: Session, new: Sequence[dict[str, Any]]) -> int:
    """
    Items of ours that are touched: id, link_id, local_kind, local_id, remote_id, changed_at. What has one
    already keeps it; how many were added.
    """
    if not new:
        return 0
    usual = {"organization_id": organization_of(session), "origin": "hub", "touched": True}
    statement = (
        upsert(SyncItem)
        .on_conflict_do_nothing(index_elements=["organization_id", "link_id", "local_kind", "local_id"])
        .returning(SyncItem.id)
    )
    return len(session.execute(statement, [usual | one for one in new]).all())


_TOUCH = text("""
    UPDATE sync_items SET touched = true
    WHERE link_id = ANY(CAST(:links AS uuid[])) AND local_id = ANY(CAST(:ids AS uuid[]))
      AND local_kind <> 'stray' AND NOT touched
""")
_TOUCH_ITEMS = text("""
    UPDATE sync_items SET touched = true WHERE id = ANY(CAST(:ids AS uuid[])) AND NOT touched
""")


def touch(session: Session, link_ids: Collection[UUID], local_ids: Collection[UUID]) -> None:
    """Whatever stands for these on these links is to be planned."""
    session.execute(_TOUCH, {"links": list(link_ids), "ids": list(local_ids)})


def touch_items(session: Session, item_ids: Collection[UUID]) -> None:
    if item_ids:
        session.execute(_TOUCH_ITEMS, {"ids": list(item_ids)})


_OURS = text("""
    SELECT id, local_kind, local_id, base_local, text_sealed IS NOT NULL AS worded, text_of, touched, hidden,
           tombstoned_at IS NOT NULL AS tombstoned
    FROM sync_items
    WHERE link_id = CAST(:link AS uuid) AND origin = 'hub' AND local_kind <> 'stray'
""")


def ours(session: Session, link_id: UUID) -> Sequence[Row[Any]]:
    """The link's items of ours, without what is sealed."""
    return session.execute(_OURS, {"link": link_id}).all()

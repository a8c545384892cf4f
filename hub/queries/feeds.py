"""Our own feeds: what they must say, and what they said."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Tuple, case, func, or_, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from hub.database import organization_of
from hub.errors import NotFound
from hub.models.base import Owned
from hub.models.links import Connection, FeedEntry, FeedSnapshot, Link
from hub.models.properties import Property, Unit, UnitType

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Published:
    """What the feed last served. `body` is left out if the reader knows this etag already."""

    revision: int
    content_hash: bytes
    etag: str
    modified_at: datetime
    body: bytes | None


@dataclass(frozen=True, slots=True)
class FeedLink:
    """A link that has a feed, what names it, and what was last published."""

    link: Link
    connector: str
    property_name: str
    scope_name: str | None
    """The unit, unit type or category; None for the whole property"""
    time_zone: str
    published: Published | None


def link_of_token(session: Session, token_hash: bytes) -> tuple[UUID, UUID] | None:
    """(organization_id, link_id) of whoever holds the token; in a unit of work without an organization."""
    row = session.execute(_OF_TOKEN, {"hash": token_hash}).one_or_none()
    return (row.organization_id, row.link_id) if row else None


_OF_TOKEN = text("SELECT organization_id, link_id FROM link_of_feed_token(:hash)")


def one(session: Session, link_id: UUID, known_etag: str | None = None) -> FeedLink:
    """NotFound where there is no such link, or where it has no feed."""
    statement = (
        select(
            Link,
            Connection.connector,
            Property.name.label("property_name"),
            Property.time_zone,
            func.coalesce(Unit.name, UnitType.name, Link.category).label("scope_name"),
            FeedSnapshot.revision,
            FeedSnapshot.content_hash,
            FeedSnapshot.etag,
            FeedSnapshot.modified_at,
            case((FeedSnapshot.etag.is_distinct_from(known_etag), FeedSnapshot.body)).label("body"),
        )
        .join(Connection, _key(Connection) == _key(Link, Link.connection_id))
        .join(Property, _key(Property) == _key(Link, Link.property_id))
        .outerjoin(Unit, _key(Unit) == _key(Link, Link.unit_id))
        .outerjoin(UnitType, _key(UnitType) == _key(Link, Link.unit_type_id))
        .outerjoin(FeedSnapshot, _key(FeedSnapshot) == _key(Link, Link.id))
        .where(Link.id == link_id, Link.feed_token_hash.is_not(None))
        .execution_options(populate_existing=True)
    )
    row = session.execute(statement).one_or_none()
    if row is None:
        raise NotFound.because("not_found", "there is no such feed")
    published = Published(row.revision, row.content_hash, row.etag, row.modified_at, row.body)
    return FeedLink(
        link=row.Link,
        connector=row.connector,
        property_name=row.property_name,
        scope_name=row.scope_name,
        time_zone=row.time_zone,
        published=published if row.revision else None,
    )


def _key(table: type[Owned], column: Any = None) -> Tuple:
    return tuple_(table.organization_id, table.id if column is None else column)


# Neither end is left where no calendar reaches: one such event must not take the feed down.
_TAKEN = text("""
    SELECT unit_id, kind, uid, greatest(starts_at, timestamptz '1900-01-01Z') AS starts_at,
           least(ends_at, timestamptz '9000-01-01Z') AS ends_at, mark, told_by
    FROM (
        SELECT a.unit_id, a.starts_at, a.ends_at,
               CASE WHEN a.blackout_id IS NULL THEN 'booking' ELSE 'blackout' END AS kind,
               coalesce(i.uid, k.uid) AS uid, CAST(NULL AS jsonb) AS mark, CAST(NULL AS uuid) AS told_by
        FROM allocations a
        LEFT JOIN booking_items i ON i.organization_id = a.organization_id AND i.id = a.item_id
        LEFT JOIN blackouts k ON k.organization_id = a.organization_id AND k.id = a.blackout_id
        WHERE a.unit_id = ANY(CAST(:units AS uuid[])) AND a.ends_at > :since
          AND (a.hold_until IS NULL OR a.hold_until > :now)
        UNION ALL
        SELECT b.unit_id, b.starts_at, b.ends_at,
               CASE e.nature WHEN 'stay' THEN 'relayed_stay' WHEN 'block' THEN 'relayed_block'
                             ELSE 'relayed' END,
               e.uid_out, e.mark, b.link_id
        FROM external_blocks b
        JOIN external_events e ON e.organization_id = b.organization_id AND e.id = b.event_id
        WHERE b.unit_id = ANY(CAST(:units AS uuid[])) AND b.free_at > :since AND b.ends_at > :since
          AND NOT b.muted
    ) AS taken
    WHERE starts_at < timestamptz '9000-01-01Z'
""")


def taken(session: Session, unit_ids: Collection[UUID], since: datetime, now: datetime) -> Sequence[Row[Any]]:
    """
    (unit_id, kind, uid, starts_at, ends_at, mark, told_by) of all that takes these leaf units and ends after
    `since`, except what is muted and holds that have lapsed. `mark` as it is stored and `told_by`, a link, of
    what channels told.
    """
    return session.execute(_TAKEN, {"units": list(unit_ids), "since": since, "now": now}).all()


def entries(session: Session, link_id: UUID, uids: Collection[str]) -> Sequence[Row[Any]]:
    """What the feed says, and what it once said under any of these UIDs."""
    statement = select(
        FeedEntry.uid, FeedEntry.content, FeedEntry.sequence, FeedEntry.modified_at, FeedEntry.withdrawn_at
    ).where(
        FeedEntry.link_id == link_id,
        or_(FeedEntry.withdrawn_at.is_(None), FeedEntry.uid.in_(uids)),
    )
    return session.execute(statement).all()


def write_entries(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Insert or overwrite by UID: link_id, uid, content, sequence, modified_at, exported_at, withdrawn_at."""
    if not rows:
        return
    organization_id = organization_of(session)
    new = upsert(FeedEntry)
    returned = FeedEntry.withdrawn_at.is_not(None) & new.excluded.withdrawn_at.is_(None)
    statement = new.on_conflict_do_update(
        index_elements=[FeedEntry.organization_id, FeedEntry.link_id, FeedEntry.uid],
        set_={
            "content": new.excluded.content,
            "sequence": new.excluded.sequence,
            "modified_at": new.excluded.modified_at,
            "withdrawn_at": new.excluded.withdrawn_at,
            "exported_at": case((returned, new.excluded.exported_at), else_=FeedEntry.exported_at),
        },
    )
    session.execute(statement, [{"organization_id": organization_id, **row} for row in rows])


def lock(session: Session, link_id: UUID) -> FeedSnapshot:
    """
    The feed's snapshot, locked until the transaction ends; revision 0 if nothing was published yet.

    The link's row first, as everywhere: who deletes the link takes them in this order too.
    """
    session.execute(_KEEP_LINK, {"link": link_id})
    session.execute(
        upsert(FeedSnapshot).on_conflict_do_nothing(),
        {
            "organization_id": organization_of(session),
            "id": link_id,
            "revision": 0,
            "content_hash": b"",
            "body": b"",
            "etag": "",
            "modified_at": _NEVER,
        },
    )
    statement = select(FeedSnapshot).where(FeedSnapshot.id == link_id).with_for_update()
    return session.scalars(statement.execution_options(populate_existing=True)).one()


_KEEP_LINK = text("SELECT 1 FROM links WHERE id = CAST(:link AS uuid) FOR KEY SHARE")

"""The history of our feeds: what each said of which time, and from which revision to which."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, text, update
from sqlalchemy.orm import Session

from hub.database import organization_of
from hub.domain.consumers import FAMILIES, Kind
from hub.ids import new_id
from hub.models.links import FeedExport

KEPT = timedelta(days=400)
"""How long what was withdrawn is remembered: our own word may come back late"""

PEOPLE = [family.title for family in FAMILIES if family.kind is Kind.PERSON]


@dataclass(frozen=True, slots=True)
class Feeding:
    """A link that has a feed, and the leaf units that this speaks of."""

    link_id: UUID
    uid_domain: str
    leaves: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a feed says; of what it relays, the link that told it stands in `kind` behind a space."""

    uid: str
    origin: str
    kind: str
    starts_at: datetime
    ends_at: datetime


def feeding(session: Session, property_id: UUID, leaves: Collection[UUID]) -> tuple[Feeding, ...]:
    """The links of a property that have a feed about any of these leaf units, by id."""
    found = session.execute(_FEEDING, {"property": property_id, "leaves": list(leaves)})
    return tuple(Feeding(row.id, row.uid_domain, frozenset(row.leaves)) for row in found)


# A unit is concerned if it is one of the leaves, or holds one; a link if it speaks of such a unit.
_FEEDING = text("""
    WITH concerned AS (
        SELECT u.id, u.unit_type_id, t.category
        FROM units u JOIN unit_types t ON t.organization_id = u.organization_id AND t.id = u.unit_type_id
        WHERE u.archived_at IS NULL AND (
            u.id = ANY(CAST(:leaves AS uuid[]))
            OR u.id IN (SELECT whole_id FROM unit_parts WHERE part_id = ANY(CAST(:leaves AS uuid[])))
        )
    )
    SELECT l.id, l.uid_domain, scope.leaves
    FROM links l CROSS JOIN LATERAL (
        SELECT array_agg(DISTINCT coalesce(p.part_id, u.id)) AS leaves
        FROM units u JOIN unit_types t ON t.organization_id = u.organization_id AND t.id = u.unit_type_id
        LEFT JOIN unit_parts p ON p.organization_id = u.organization_id AND p.whole_id = u.id
        WHERE u.property_id = l.property_id AND u.archived_at IS NULL
          AND (l.unit_id IS NULL OR u.id = l.unit_id)
          AND (l.unit_type_id IS NULL OR u.unit_type_id = l.unit_type_id)
          AND (l.category IS NULL OR t.category = l.category)
    ) AS scope
    WHERE l.property_id = CAST(:property AS uuid) AND l.feed_token_hash IS NOT NULL AND EXISTS (
        SELECT FROM concerned c
        WHERE (l.unit_id IS NULL OR l.unit_id = c.id)
          AND (l.unit_type_id IS NULL OR l.unit_type_id = c.unit_type_id)
          AND (l.category IS NULL OR l.category = c.category)
    )
    ORDER BY l.id
""")


def of_time(
    session: Session, link_id: UUID, alike: Collection[UUID], recently: datetime, after: datetime
) -> Sequence[Row[Any]]:
    """
    What may explain the time that a link's calendar shows `after` an instant: all that the link's own feed
    said, unless its channel dropped it; and what these feeds say, or said until `recently`.

    Of each (id, link_id, uid, origin, kind, starts_at, ends_at, since_at, until_at, drained_at) and
    - seen_at     when it was first fetched, as far as that is written down
    - fetched_at  when its feed was last fetched
    - lost_at     when each of those that had it had fetched the feed without it
    """
    return _read(session, _OF_TIME, [link_id, *alike], link=link_id, recently=recently, after=after)


def of_names(
    session: Session,
    link_ids: Collection[UUID],
    origins: Collection[str],
    uids: Collection[str],
    now: datetime,
) -> Sequence[Row[Any]]:
    """What these feeds ever said under these origins or UIDs; rows as of `of_time`."""
    return _read(session, _OF_NAMES, link_ids, origins=list(origins), uids=list(uids), kept_since=now - KEPT)


def _read(
    session: Session, statement: Any, link_ids: Collection[UUID], **parameters: Any
) -> Sequence[Row[Any]]:
    return session.execute(statement, {"links": list(link_ids), "people": PEOPLE, **parameters}).all()


# The ledger is written some seconds after the fetch: what was withdrawn meanwhile may have been seen. People
# who look say nothing about a channel: what it never fetched it cannot have from us.
_EXPORTS = """
    WITH fetched AS (
        SELECT link_id, max(last_at) AS last_at
        FROM feed_fetches WHERE link_id = ANY(CAST(:links AS uuid[])) GROUP BY link_id
    )
    SELECT x.id, x.link_id, x.uid, x.origin, x.kind, x.starts_at, x.ends_at, x.since_at, x.until_at,
           x.drained_at, fetched.last_at AS fetched_at,
           coalesce(had.seen_at, CASE WHEN x.seen THEN x.since_at END) AS seen_at,
           CASE WHEN had.programs_lost THEN had.lost_at WHEN had.all_lost THEN had.all_lost_at END AS lost_at
    FROM feed_exports x LEFT JOIN fetched ON fetched.link_id = x.link_id
    CROSS JOIN LATERAL (
        SELECT min(seen_at) FILTER (WHERE NOT person) AS seen_at,
               bool_and(lost_at IS NOT NULL) FILTER (WHERE NOT person) AS programs_lost,
               max(lost_at) FILTER (WHERE NOT person) AS lost_at,
               bool_and(lost_at IS NOT NULL) AND bool_and(person) AS all_lost, max(lost_at) AS all_lost_at
        FROM (
            SELECT f.consumer = ANY(CAST(:people AS text[])) AS person,
                   min(f.first_at) FILTER (WHERE f.revision < x.until_revision OR x.until_revision IS NULL)
                       AS seen_at,
                   min(f.first_at) FILTER (WHERE f.revision >= x.until_revision) AS lost_at
            FROM feed_fetches f
            WHERE f.link_id = x.link_id AND f.revision >= x.since_revision
            GROUP BY f.consumer
        ) AS readers
        WHERE seen_at IS NOT NULL
    ) AS had
    WHERE x.link_id = ANY(CAST(:links AS uuid[])) AND {which}
    ORDER BY x.since_at, x.id
"""
_OF_TIME = text(
    _EXPORTS.format(
        which="""
            x.ends_at > :after AND (
                x.until_at IS NULL OR x.until_at > :recently
                OR (x.link_id = CAST(:link AS uuid) AND x.drained_at IS NULL)
            )
        """
    )
)
_OF_NAMES = text(
    _EXPORTS.format(
        which="""
            (x.origin = ANY(CAST(:origins AS text[])) OR x.uid = ANY(CAST(:uids AS text[])))
            AND (x.until_at IS NULL OR x.until_at > :kept_since)
        """
    )
)


def live(session: Session, link_id: UUID) -> Mapping[UUID, Stretch]:
    """All that the feed says by its history, by the ids of the rows."""
    statement = select(
        FeedExport.id,
        FeedExport.uid,
        FeedExport.origin,
        FeedExport.kind,
        FeedExport.starts_at,
        FeedExport.ends_at,
    ).where(FeedExport.link_id == link_id, FeedExport.until_at.is_(None))
    return {row.id: Stretch(*row[1:]) for row in session.execute(statement)}


def close(session: Session, link_id: UUID, ids: Collection[UUID], revision: int, now: datetime) -> None:
    """The feed says these no longer, from this revision on."""
    if ids:
        known = {"link": link_id, "ids": list(ids), "revision": revision, "now": now, "people": PEOPLE}
        session.execute(_CLOSE, known)


_CLOSE = text("""
    UPDATE feed_exports AS x SET until_at = :now, until_revision = :revision, seen = EXISTS (
        SELECT FROM feed_fetches f
        WHERE f.link_id = x.link_id AND f.revision >= x.since_revision AND f.revision < :revision
          AND f.consumer <> ALL(CAST(:people AS text[]))
    )
    WHERE x.link_id = CAST(:link AS uuid) AND x.id = ANY(CAST(:ids AS uuid[])) AND x.until_at IS NULL
""")


def open_(
    session: Session, link_id: UUID, stretches: Collection[Stretch], revision: int, now: datetime
) -> None:
    """The feed says these from this revision on."""
    if not stretches:
        return
    organization_id = organization_of(session)
    session.execute(
        insert(FeedExport),
        [
            {
                "organization_id": organization_id,
                "id": new_id(),
                "link_id": link_id,
                "uid": one.uid,
                "origin": one.origin,
                "kind": one.kind,
                "starts_at": one.starts_at,
                "ends_at": one.ends_at,
                "since_revision": revision,
                "since_at": now,
                "seen": False,
            }
            for one in stretches
        ],
    )


def drain(session: Session, ids: Collection[UUID], now: datetime) -> None:
    """The channel was seen without these."""
    if ids:
        session.execute(
            update(FeedExport)
            .where(FeedExport.id.in_(ids), FeedExport.drained_at.is_(None))
            .values(drained_at=now)
            .execution_options(synchronize_session=False)
        )

"""Links that could contradict a booking, the terms on which they are asked, and what was written down."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from hub.database import organization_of
from hub.domain.evidence import Evidence, Policy, Terms
from hub.models.bookings import Booking
from hub.models.checks import Check
from hub.models.links import Link
from hub.queries import rows

# A link could contradict a booking of a leaf if it speaks of the leaf, or of a composite that has it.
_CONCERNED = """
    WITH concerned AS (
        SELECT leaf, u.id, u.unit_type_id, u.property_id, t.category
        FROM unnest(CAST(:leaves AS uuid[])) AS leaf
        JOIN LATERAL (
            SELECT leaf AS unit_id UNION ALL SELECT p.whole_id FROM unit_parts p WHERE p.part_id = leaf
        ) AS speaks ON true
        JOIN units u ON u.id = speaks.unit_id
        JOIN unit_types t ON t.organization_id = u.organization_id AND t.id = u.unit_type_id
    )
"""
_SPEAKS = """
    FROM concerned k
    JOIN links l ON l.property_id = k.property_id
                AND (l.unit_id IS NULL OR l.unit_id = k.id)
                AND (l.unit_type_id IS NULL OR l.unit_type_id = k.unit_type_id)
                AND (l.category IS NULL OR l.category = k.category)
                AND l.direction <> 'export'
"""
_LINKS = text(f"""
    {_CONCERNED}
    SELECT l.id, l.state, l.state_reason, l.verified_at, l.host, l.failures, l.interval_seconds, l.cursor,
           l.connection_id, l.rests_until, c.connector, c.name AS channel,
           coalesce(one.name, kind.name, l.category, p.name) AS scope,
           array_agg(DISTINCT k.leaf) AS leaves
    {_SPEAKS}
    JOIN connections c ON c.organization_id = l.organization_id AND c.id = l.connection_id
    JOIN properties p ON p.organization_id = l.organization_id AND p.id = l.property_id
    LEFT JOIN units one ON one.organization_id = l.organization_id AND one.id = l.unit_id
    LEFT JOIN unit_types kind ON kind.organization_id = l.organization_id AND kind.id = l.unit_type_id
    GROUP BY l.organization_id, l.id, c.connector, c.name, one.name, kind.name, p.name
    ORDER BY l.id
""")
_TERMS = """
    SELECT t.id, t.safety_margin, t.name,
           coalesce(t.check_policy, p.check_policy) AS policy,
           coalesce(t.check_age_seconds, p.check_age_seconds) AS age,
           coalesce(t.check_deadline_ms, p.check_deadline_ms) AS deadline{besides}
    FROM unit_types t
    JOIN properties p ON p.organization_id = t.organization_id AND p.id = t.property_id
    WHERE t.id {which}
"""
_OF_TYPES = text(_TERMS.format(besides="", which="= ANY(CAST(:types AS uuid[]))"))
# A room and the villa that has it take each other's nights.
_OVER_LEAVES = text(
    _CONCERNED
    + _TERMS.format(
        besides=f", EXISTS (SELECT {_SPEAKS}) AS linked", which="IN (SELECT unit_type_id FROM concerned)"
    )
)
_STANDING = text("SELECT * FROM links_standing(CAST(:links AS uuid[]))")
_VERSIONS = text("SELECT id, cursor FROM links WHERE id = ANY(CAST(:links AS uuid[]))").columns(cursor=JSONB)
_DUE = text("""
    UPDATE links SET next_pull_at = CAST(:now AS timestamptz)
    WHERE id = ANY(CAST(:links AS uuid[])) AND next_pull_at > CAST(:now AS timestamptz)
      AND state IN ('active', 'guarded') AND polled
    RETURNING id
""")
_NOTIFY = text("SELECT pg_notify(:channel, said) FROM unnest(CAST(:said AS text[])) AS said")
_UNANSWERED = text("SELECT * FROM organizations_unanswered()")
_MARGIN = text("SELECT pg_advisory_xact_lock(k) FROM unnest(CAST(:keys AS bigint[])) AS k").bindparams(
    bindparam("keys")
)

_SAID = ("fresh", "answered", "paused")
"""Verdicts that leave nothing to be said"""
ASKED = "hub_checks"
"""The channel of the database's notifications on which pullers hear of links to ask at once"""


@dataclass(frozen=True, slots=True)
class TypeTerms:
    unit_type_id: UUID
    name: str
    safety_margin: int
    terms: Terms


def links_of(session: Session, leaves: Collection[UUID]) -> Sequence[Row[Any]]:
    """
    Links that import to any of these leaf units: (id, state, state_reason, verified_at, host, failures,
    interval_seconds, cursor, connection_id, rests_until, connector, channel, scope, leaves), by id.
    """
    return session.execute(_LINKS, {"leaves": list(leaves)}).all() if leaves else ()


def terms_of(session: Session, unit_type_ids: Collection[UUID]) -> tuple[TypeTerms, ...]:
    return _terms(session.execute(_OF_TYPES, {"types": list(unit_type_ids)}))


def terms_over(session: Session, leaves: Collection[UUID]) -> tuple[tuple[TypeTerms, ...], bool]:
    """
    Of all types that have a unit with one of these leaves, whole or as a part; and whether `links_of` would
    find any link, in the same statement, for most often there is none.
    """
    found = session.execute(_OVER_LEAVES, {"leaves": list(leaves)}).all()
    return _terms(found), any(row.linked for row in found)


def _terms(found: Iterable[Row[Any]]) -> tuple[TypeTerms, ...]:
    return tuple(
        TypeTerms(
            row.id,
            row.name,
            row.safety_margin,
            Terms(Policy(row.policy), timedelta(seconds=row.age), timedelta(milliseconds=row.deadline)),
        )
        for row in found
    )


def standing(session: Session, link_ids: Collection[UUID]) -> Sequence[Row[Any]]:
    """(link_id, verified_at, failures, state, state_reason, leased) of links of any organization."""
    return session.execute(_STANDING, {"links": list(link_ids)}).all()


def versions(session: Session, link_ids: Collection[UUID]) -> dict[UUID, dict[str, Any] | None]:
    """The cursors of links as they are now."""
    return {row.id: row.cursor for row in session.execute(_VERSIONS, {"links": list(link_ids)})}


def ask(session: Session, link_ids: Collection[UUID], now: datetime) -> frozenset[UUID]:
    """
    Make links due, and wake whoever listens for those that somebody waits for, once this is committed; those
    that were not due before.
    """
    if not link_ids:
        return frozenset()
    made_due = frozenset(session.scalars(_DUE, {"links": list(link_ids), "now": now}))
    said = [f"{organization_of(session)} {link_id}" for link_id in link_ids]
    session.execute(_NOTIFY, {"channel": ASKED, "said": said})
    return made_due


def is_due(session: Session, link_id: UUID, now: datetime) -> bool:
    due = select(Link.id).where(Link.id == link_id, Link.next_pull_at <= now)
    return session.scalar(due) is not None


def take_turns(session: Session, unit_type_ids: Collection[UUID]) -> None:
    """Until the transaction ends nobody else counts what is left of these types. Before any unit's lock."""
    keys = sorted(int.from_bytes(one.bytes[8:], "big", signed=True) for one in unit_type_ids)
    session.execute(_MARGIN, {"keys": keys})


def keep(
    session: Session, booking_id: UUID, stage: str, evidence: Evidence, link_ids: Collection[UUID]
) -> None:
    """Write down how these links stood."""
    rows.insert(
        session,
        [
            Check(
                organization_id=organization_of(session),
                booking_id=booking_id,
                link_id=sight.link_id,
                at=evidence.at,
                stage=stage,
                channel=sight.channel,
                scope=sight.scope,
                verdict=sight.verdict.value,
                verified_at=sight.verified_at,
                version=sight.version,
                duration_ms=round(sight.waited.total_seconds() * 1000),
                why=sight.why,
            )
            for sight in (evidence.sights[link_id] for link_id in sorted(link_ids))
        ],
    )


def of_booking(session: Session, booking_id: UUID) -> tuple[Check, ...]:
    """All that was written down, the newest look first."""
    statement = select(Check).where(Check.booking_id == booking_id)
    return tuple(session.scalars(statement.order_by(Check.at.desc(), Check.channel, Check.id)))


def organizations_unanswered(session: Session) -> tuple[UUID, ...]:
    """Those that have bookings of which a channel has not yet said anything."""
    return tuple(session.scalars(_UNANSWERED))


def unanswered(session: Session, now: datetime, most: int) -> tuple[Booking, ...]:
    """
    Bookings that await their channels, then those that were accepted without, are not over, and whose silent
    links have been read since: a channel that is silent for days costs nothing, and keeps nobody from a turn.
    """
    silent = (
        select(Check.id)
        .join(Link, (Link.organization_id == Check.organization_id) & (Link.id == Check.link_id))
        .where(Check.organization_id == Booking.organization_id, Check.booking_id == Booking.id)
        .where(Check.at == Booking.check_at, Check.verdict.not_in(_SAID), Link.state != "paused")
        .where(or_(Link.verified_at.is_(None), Link.verified_at < Booking.check_at))
    )
    flagged = (Booking.check_state == "flagged") & (Booking.ends_at > now) & ~silent.exists()
    statement = select(Booking).where(or_(Booking.check_state == "awaiting", flagged))
    return tuple(session.scalars(statement.order_by(Booking.check_state, func.random()).limit(most)))


def settle(session: Session, booking_id: UUID, state: str, at: datetime | None = None) -> None:
    """Not an edit: the version that people see stays. `at` is when the look began, if there was one."""
    look = {} if at is None else {"check_at": at}
    session.execute(
        update(Booking)
        .where(Booking.id == booking_id)
        .values(check_state=state, updated_at=Booking.updated_at, **look)
        .execution_options(synchronize_session=False)
    )

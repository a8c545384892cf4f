"""Reading and leasing links. Leases use the database's clock, and nothing else does; `began_at` is ours."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from hub import clock
from hub.database import organization_of
from hub.domain.offers import Offer
from hub.errors import NotFound
from hub.models.links import Connection, Link
from hub.queries import inventory


class Fenced(Exception):
    """Somebody else holds the lease by now: abandon everything, write nothing."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to sync one link, until it runs out or another fence is taken."""

    organization_id: UUID
    link_id: UUID
    fence: int
    attempts: int
    """Pulls begun and not ended, this one included"""


_ACQUIRE = text("""
    UPDATE links SET fence = fence + 1, attempts = attempts + 1,
                     lease_until = clock_timestamp() + make_interval(secs => :seconds),
                     began_at = CAST(:now AS timestamptz)
    WHERE id = CAST(:link AS uuid) AND lease_until < clock_timestamp()
      AND state <> 'paused' AND polled
    RETURNING fence, attempts
""")
_RELEASE = text("""
    UPDATE links SET lease_until = 'epoch', attempts = 0 WHERE id = CAST(:link AS uuid) AND fence = :fence
""")
_RENEW = text("""
    UPDATE links SET lease_until = clock_timestamp() + make_interval(secs => :seconds)
    WHERE id = CAST(:link AS uuid) AND fence = :fence AND lease_until > 'epoch'
    RETURNING 1
""")


def acquire(session: Session, link_id: UUID, lasting: timedelta) -> Lease | None:
    """The lease of a link that may be pulled; None while another holds it, or the link rests."""
    known = {"link": link_id, "seconds": lasting.total_seconds(), "now": clock.now()}
    row = session.execute(_ACQUIRE, known).one_or_none()
    return Lease(organization_of(session), link_id, row.fence, row.attempts) if row else None


def renew(session: Session, lease: Lease, lasting: timedelta) -> bool:
    """Let a lease last that long from now; False where it was given back, or lost to another."""
    known = {"link": lease.link_id, "fence": lease.fence, "seconds": lasting.total_seconds()}
    return session.execute(_RENEW, known).one_or_none() is not None


def hold(session: Session, lease: Lease) -> Link:
    """Begin a transaction under a lease: lock the link's row, or raise Fenced."""
    mine = select(Link).where(Link.id == lease.link_id, Link.fence == lease.fence)
    statement = mine.with_for_update(key_share=True).execution_options(populate_existing=True)
    link = session.scalars(statement).one_or_none()
    if link is None:
        raise Fenced
    return link


def release(session: Session, lease: Lease) -> None:
    session.execute(_RELEASE, {"link": lease.link_id, "fence": lease.fence})


_REVOKE = text("""
    UPDATE links SET fence = fence + 1, lease_until = 'epoch', attempts = 0 WHERE id = CAST(:link AS uuid)
""")


def revoke(session: Session, link_id: UUID) -> None:
    """End whatever lease there is: a pull that is running will find that it lost it, and write nothing."""
    session.execute(_REVOKE, {"link": link_id})


def note(session: Session, link_id: UUID, **columns: Any) -> None:
    """Write what syncing learned. Not an edit: the version that people see stays."""
    session.execute(
        update(Link)
        .where(Link.id == link_id)
        .values(**columns, updated_at=Link.updated_at)
        .execution_options(synchronize_session=False)
    )


def one(session: Session, link_id: UUID) -> Link:
    statement = select(Link).where(Link.id == link_id).execution_options(populate_existing=True)
    link = session.scalars(statement).one_or_none()
    if link is None:
        raise NotFound.because("not_found", "there is no such link")
    return link


def locked(session: Session, link_id: UUID) -> Link:
    """
    The link as it is now, its row locked: before any unit.

    Not against what only refers to it: who holds units and opens a conflict of this link must not wait.
    """
    session.execute(select(Link.id).where(Link.id == link_id).with_for_update(key_share=True))
    return one(session, link_id)


def locked_all(session: Session, link_ids: Collection[UUID]) -> tuple[Link, ...]:
    """The same of several, in the order of their ids, as everybody locks them."""
    statement = (
        select(Link)
        .where(Link.id.in_(link_ids))
        .order_by(Link.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return tuple(session.scalars(statement))


def due(session: Session, link_ids: Collection[UUID], now: datetime) -> None:
    """Have these pulled at once. Not an edit."""
    session.execute(
        update(Link)
        .where(Link.id.in_(link_ids))
        .values(next_pull_at=now, updated_at=Link.updated_at)
        .execution_options(synchronize_session=False)
    )


def connection(session: Session, connection_id: UUID, *, lock: bool = False) -> Connection:
    """With `lock` as it is now, and before any of its links: nobody else edits it, or links to it."""
    key = (organization_of(session), connection_id)
    row = session.get(Connection, key, with_for_update=lock or None, populate_existing=lock)
    if row is None:
        raise NotFound.because("not_found", "there is no such connection")
    return row


def page(
    session: Session,
    *,
    property_id: UUID | None = None,
    connection_id: UUID | None = None,
    state: str | None = None,
    limit: int,
    after: UUID | None = None,
) -> tuple[Link, ...]:
    """Links by id; `after` is the id of the last one already seen."""
    equal = {Link.property_id: property_id, Link.connection_id: connection_id, Link.state: state}
    statement = select(Link).where(*(column == value for column, value in equal.items() if value is not None))
    if after is not None:
        statement = statement.where(Link.id > after)
    return tuple(session.scalars(statement.order_by(Link.id).limit(limit)))


def polled(session: Session, connection_id: UUID) -> tuple[Link, ...]:
    """The links of a connection whose channel has something to be asked, locked, by id."""
    statement = (
        select(Link)
        .where(Link.connection_id == connection_id, Link.polled.is_(True))
        .order_by(Link.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return tuple(session.scalars(statement))


def importing_to(session: Session, property_id: UUID) -> tuple[UUID, ...]:
    """The links, paused or not, whose calendars speak of units of a property."""
    statement = select(Link.id).where(Link.property_id == property_id, Link.direction != "export")
    return tuple(session.scalars(statement.order_by(Link.id)))


def connections(session: Session, *, limit: int, after: UUID | None = None) -> tuple[Connection, ...]:
    statement = select(Connection)
    if after is not None:
        statement = statement.where(Connection.id > after)
    return tuple(session.scalars(statement.order_by(Connection.id).limit(limit)))


def scope(session: Session, link: Link) -> tuple[Offer, ...]:
    """The units that the link's calendar speaks of."""
    return units_in(session, link.property_id, link.unit_id, link.unit_type_id, link.category)


def units_in(
    session: Session, property_id: UUID, unit_id: UUID | None, unit_type_id: UUID | None, category: str | None
) -> tuple[Offer, ...]:
    """One unit, those of a type, those of a category of a property, or all of a property."""
    if unit_id is not None:
        return inventory.of_units(session, [unit_id])
    if unit_type_id is not None:
        return inventory.of_types(session, [unit_type_id])
    offers = inventory.of_property(session, property_id)
    return tuple(offer for offer in offers if category in (None, offer.category))

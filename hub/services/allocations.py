"""Writing and removing allocations. The caller holds the locks of the units."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from hub.database import organization_of
from hub.domain.availability import SellableUnit
from hub.domain.periods import Period
from hub.models.bookings import Allocation, Blackout, BookingItem
from hub.queries import locks, rows


def take(
    session: Session,
    unit: SellableUnit,
    period: Period,
    owner: BookingItem | Blackout,
    hold_until: datetime | None = None,
) -> None:
    """Take all leaves of a unit for a period, for a booking's item or a blackout."""
    locks.require(session, unit.leaves)
    item = owner if isinstance(owner, BookingItem) else None
    allocated = [
        Allocation(
            organization_id=organization_of(session),
            unit_id=leaf,
            booking_id=item.booking_id if item else None,
            item_id=item.id if item else None,
            blackout_id=None if item else owner.id,
            starts_at=period.starts_at,
            ends_at=period.ends_at,
            hold_until=hold_until,
        )
        for leaf in sorted(unit.leaves)
    ]
    rows.insert(session, allocated)


def held(session: Session, owner_ids: Collection[UUID]) -> frozenset[UUID]:
    """The leaf units that these bookings, items or blackouts hold."""
    if not owner_ids:
        return frozenset()
    statement = select(Allocation.unit_id).where(_of(owner_ids))
    return frozenset(session.scalars(statement))


def release(session: Session, owner_ids: Collection[UUID], *, units: Iterable[UUID]) -> None:
    """Give up all that these bookings, items or blackouts hold; `units` are the leaves it frees."""
    locks.require(session, units)
    session.execute(delete(Allocation).where(_of(owner_ids)))


def keep(session: Session, booking_id: UUID, *, units: Iterable[UUID]) -> None:
    """A hold has become a booking: its allocations no longer lapse."""
    locks.require(session, units)
    session.execute(update(Allocation).where(Allocation.booking_id == booking_id).values(hold_until=None))


def hold(session: Session, booking_id: UUID, until: datetime | None, *, units: Iterable[UUID]) -> None:
    """A hold lapses at another moment."""
    locks.require(session, units)
    session.execute(update(Allocation).where(Allocation.booking_id == booking_id).values(hold_until=until))


def _of(owner_ids: Collection[UUID]) -> ColumnElement[bool]:
    owners = (Allocation.booking_id, Allocation.item_id, Allocation.blackout_id)
    return or_(*(owner.in_(owner_ids) for owner in owners))

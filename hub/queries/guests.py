"""Reading guests: many at once, for a page of bookings."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.models.bookings import Guest


def by_id(session: Session, guest_ids: Collection[UUID]) -> Mapping[UUID, Guest]:
    if not guest_ids:
        return {}
    return {guest.id: guest for guest in session.scalars(select(Guest).where(Guest.id.in_(guest_ids)))}

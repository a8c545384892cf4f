"""What is free before and after a sync is undone, and what holds it then."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from hub.domain.periods import Nights
from hub.models.bookings import Blackout
from hub.services import availability
from sync import undoing
from sync.undoing import Undo
from tests.sync.calendars import day
from tests.sync.importing import Importer

AHEAD = 90
"""Days that are looked at"""


def undo(importer: Importer, run_id: UUID | None, **only: Any) -> Undo:
    assert run_id is not None
    return importer.do(lambda session: undoing.undo(session, run_id, **only))


def free(importer: Importer) -> dict[UUID, set[date]]:
    """By unit, the nights ahead on which nothing takes it."""
    ahead = Nights(day(0), day(AHEAD))
    found = importer.do(
        lambda session: availability.calendar(session, importer.property_id, ahead.arrival, ahead.departure)
    )
    return {
        one.offer.unit.id: set(ahead).difference(*(Nights(busy.first, busy.after) for busy in one.busy))
        for one in found
    }


def closed(importer: Importer) -> list[tuple[date | None, date | None]]:
    """The blackouts that there are."""
    wanted = select(Blackout).order_by(Blackout.starts_at, Blackout.ends_at)
    rows = importer.do(lambda session: list(session.scalars(wanted)))
    return [(row.arrival, row.departure) for row in rows]

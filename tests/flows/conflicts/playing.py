"""What all of these flows do."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.contract import AllDay
from hub.domain.periods import Nights
from hub.models.external import ExternalEvent
from hub.models.records import Change
from hub.queries import locks
from hub.services import blackouts
from hub.services.blackouts import BlackoutRequest
from sync import conflicts
from tests.sync.calendars import day
from tests.sync.here import Here
from tests.sync.importing import DOMAIN, Importer

STAY = "Reserved"
CLOSURE = "Not available"
UNTOLD = "Busy"
"""What a channel may say that does not tell a guest from a closure"""


def span(first: int, after: int) -> Nights:
    """Nights, in days from today."""
    return Nights(day(first), day(after))


def whole(first: int, after: int) -> AllDay:
    """The same as a calendar says it."""
    return AllDay(day(first), day(after))


def closes(importer: Importer, nights: Nights, unit: int = 0) -> UUID:
    """A blackout: its id."""
    request = BlackoutRequest(importer.units[unit], nights, "maintenance")
    return importer.do(lambda session: blackouts.add(session, request, DOMAIN).id)


def opens(importer: Importer, blackout_id: UUID) -> None:
    importer.do(lambda session: blackouts.remove(session, blackout_id))


def logged(place: Importer | Here) -> list[str]:
    """What the change log says of conflicts, the oldest first."""
    statement = select(Change.action).where(Change.entity == "conflict").order_by(Change.id)
    return list(place.do(lambda session: session.scalars(statement).all()))


def looks_again(importer: Importer) -> None:
    """At all of its events, as who changed something about them does."""

    def work(session: Session) -> None:
        locks.units(session, importer.units)
        conflicts.reconcile(session, list(session.scalars(select(ExternalEvent.id)).all()))

    importer.do(work)

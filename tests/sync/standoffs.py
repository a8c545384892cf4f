"""Conflicts of a place, what can be done about them, and doing it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Protocol, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from hub import clock
from hub.domain.periods import Nights
from hub.models.bookings import Blackout
from hub.models.external import ConflictRecord
from hub.queries import bookings as bookings_query
from hub.queries import conflicts as query
from hub.queries import inbox
from hub.queries.inbox import Wanted
from hub.services import blackouts
from hub.services.blackouts import BlackoutRequest
from hub.services.bookings import Booked
from sync import feeds, resolving, ways_out
from sync.case import Said
from sync.planning.stakes import Action
from sync.planning.ways_out import Way
from sync.relay import relay
from tests.sync.calendars import day
from tests.sync.exporting import events
from tests.sync.importing import DOMAIN, Importer

T = TypeVar("T")


class Hub(Protocol):
    """Whoever does something in one transaction of an organization."""

    def do(self, work: Any, /) -> Any: ...


def standing(hub: Hub) -> list[ConflictRecord]:
    """All that are not closed, the oldest first."""

    def work(session: Session) -> list[ConflictRecord]:
        rows = inbox.page(session, Wanted(("open", "ignored", "accepted")), limit=1000)
        return list(reversed(rows))

    found: list[ConflictRecord] = hub.do(work)
    return found


def only(hub: Hub) -> ConflictRecord:
    (found,) = standing(hub)
    return found


def again(hub: Hub, conflict: ConflictRecord) -> ConflictRecord:
    found: ConflictRecord = hub.do(lambda session: query.one(session, conflict.id))
    return found


def ways(hub: Hub, conflict: ConflictRecord) -> tuple[Way, ...]:
    def work(session: Session) -> tuple[Way, ...]:
        row = query.one(session, conflict.id)
        return ways_out.of(session, [row], clock.now())[row.id]

    found: tuple[Way, ...] = hub.do(work)
    return found


def of(found: Sequence[Way], action: Action) -> list[Way]:
    return [way for way in found if way.action is action]


def resolve(hub: Hub, conflict: ConflictRecord, action: Action, **said: Any) -> ConflictRecord:
    found: ConflictRecord = hub.do(
        lambda session: resolving.resolve(session, conflict.id, Said(action, **said))
    )
    return found


def close(importer: Importer, span: Any, unit: UUID, kind: str = "maintenance") -> Blackout:
    request = BlackoutRequest(unit, span, kind, "paint")
    return importer.do(lambda session: blackouts.add(session, request, DOMAIN))


def told_elsewhere(importer: Importer, link_id: UUID) -> list[tuple[date, date]]:
    """What our feed says to another channel, after what happened has reached it."""
    relay(importer.runtime)
    body = feeds.current(importer.runtime, importer.organization_id, link_id).body
    return [(event.start, event.end) for event in events(body)]


def a_stay() -> Nights:
    return Nights(day(21), day(25))


def unit_of(importer: Importer, booked: Booked) -> UUID:
    (item,) = importer.do(lambda session: bookings_query.items(session, [booked.booking.id]))
    return item.unit_id


def status_of(importer: Importer, booked: Booked) -> str:
    return importer.do(lambda session: bookings_query.one(session, booked.booking.id)).status

"""What people do to our events in a calendar, and what became of it here."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from connectors.contract import AllDay, When
from hub import clock as hub_clock
from hub.errors import Reason
from hub.models.bookings import Blackout, Booking
from hub.queries import bookings as bookings_query
from hub.queries import links as links_query
from hub.services.bookings import Booked
from sync import accepting
from tests.sync.exporting import Place
from tests.sync.mirroring import Wall


def days(first: int, after: int) -> AllDay:
    return AllDay(date(2026, 7, first), date(2026, 7, after))


def moves(
    wall: Wall, thing: Booked | Blackout, when: When, position: int = 0, was: When | None = None
) -> tuple[Reason, ...]:
    kind, local_id = (
        ("blackout", thing.id) if isinstance(thing, Blackout) else ("booking_item", thing.items[position].id)
    )

    def work(session: Session) -> tuple[Reason, ...]:
        link = links_query.locked(session, wall.link_id)
        return accepting.move(session, link, kind, local_id, when, hub_clock.now(), was=was)

    return wall.place.do(work)


def releases(wall: Wall, kind: str, local_id: UUID) -> tuple[Reason, ...]:
    def work(session: Session) -> tuple[Reason, ...]:
        link = links_query.locked(session, wall.link_id)
        return accepting.release(session, link, kind, local_id, hub_clock.now())

    return wall.place.do(work)


def codes(reasons: tuple[Reason, ...]) -> list[str]:
    assert all(reason.message for reason in reasons)
    return [reason.code for reason in reasons]


def held_by(place: Place, booked: Booked) -> list[tuple[UUID, date | None, date | None]]:
    items = place.do(lambda session: bookings_query.items(session, [booked.booking.id]))
    return [(item.unit_id, item.arrival, item.departure) for item in items]


def booking_of(place: Place, booked: Booked) -> Booking:
    return place.do(lambda session: bookings_query.one(session, booked.booking.id))

"""Two bookings that take each other's units."""

from __future__ import annotations

from datetime import date, timedelta

from hub.database import Database
from hub.domain.lifecycle import Status
from hub.domain.periods import Nights
from hub.models.properties import Unit
from hub.queries import bookings as query
from hub.services import rebooking
from hub.services.asking import ItemRequest
from hub.services.bookings import Booked, BookingRequest, book
from tests import factories
from tests.conftest import FrozenClock


def test_a_lapsed_hold_is_in_nobodys_way(hub: Database, clock: FrozenClock) -> None:
    organization_id = factories.an_organization(hub).organization_id
    first, second = hub.transact(organization_id, lambda session: factories.rooms(session, 2))
    start = clock.instant.date() + timedelta(days=20)

    def sold(unit: Unit, arrival: date, departure: date, status: Status = Status.CONFIRMED) -> Booked:
        item = ItemRequest(Nights(arrival, departure), unit.id)
        request = BookingRequest(unit.property_id, (item,), 1, None, status)
        return hub.transact(organization_id, lambda session: book(session, request, "hub.example"))

    long = sold(first, start, start + timedelta(days=5))
    short = sold(second, start, start + timedelta(days=2))
    held = sold(second, start + timedelta(days=3), start + timedelta(days=5), Status.HELD)
    clock.advance(timedelta(minutes=16))

    one, other = hub.transact(
        organization_id, lambda session: rebooking.swap(session, long.booking.id, short.booking.id)
    )

    assert (one.items[0].unit_id, other.items[0].unit_id) == (second.id, first.id)
    with hub.unit_of_work(organization_id) as session:
        assert query.one(session, held.booking.id).status == Status.EXPIRED

"""`hub seen`: what channels know of a booking."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from hub import clock
from hub.domain.periods import Nights
from hub.services import bookings
from hub.services.asking import ItemRequest
from hub.services.bookings import BookingRequest
from sync import connecting, feeds, linking
from sync.ledger import Ledger
from sync.linking import Scope
from sync.runtime import Runtime
from tests import factories
from tests.workers.conftest import Run

DOMAIN = "hub.example"


@pytest.fixture
def reference(runtime: Runtime) -> str:
    """Of a booking that Airbnb has fetched."""
    organization_id = factories.an_organization(runtime.database).organization_id
    today: date = clock.today("Europe/Madrid")

    def sell(session: Session) -> tuple[str, UUID]:
        (room,) = factories.rooms(session, 1)
        nights = Nights(today + timedelta(days=10), today + timedelta(days=12))
        request = BookingRequest(room.property_id, (ItemRequest(nights, room.id),), 1, None)
        booking = bookings.book(session, request, DOMAIN).booking
        airbnb = connecting.connect(session, "ical", "Airbnb", {})
        link = linking.link(session, airbnb.id, Scope(unit_id=room.id), "export", {}, uid_domain=DOMAIN)
        return booking.reference, link.id

    reference, link_id = runtime.database.transact(organization_id, sell)
    served = feeds.current(runtime, organization_id, link_id)
    ledger = Ledger()
    book = ledger.book(organization_id, link_id, served.revision)
    book.opened((b"Airbnb/1.0", "192.0.2.1")).full += 1
    ledger.collect(clock.now())
    ledger.write(runtime.database)
    return reference


def test_it_says_who_has_seen_a_booking(hub: Run, reference: str) -> None:
    done = hub("seen", reference.lower())
    assert done.code == 0, done.err
    assert done.out.splitlines()[0] == f"{reference}, confirmed: seen by 1 of 1 channel"
    assert done.out.count("1 of 1") == 1
    assert "seen by Airbnb just now" in done.out
    assert "No channel's calendar of its units is read." in done.out


def test_machines_get_the_same_as_over_http(hub: Run, reference: str) -> None:
    said = hub("seen", reference, "--json").json
    assert (said["reference"], said["status"], said["imports"]) == (reference, "confirmed", [])
    (export,) = said["exports"]
    assert (export["channel"], export["scope"], export["state"]) == ("Airbnb", "Room 1", "seen")
    (seen_by,) = export["seen_by"]
    assert (seen_by["consumer"], seen_by["kind"], seen_by["knows"]) == ("Airbnb", "channel", "current")


def test_an_unknown_reference_is_refused_in_words(hub: Run, reference: str) -> None:
    done = hub("seen", "NOBODY")
    assert done.code == 1
    assert "there is no booking NOBODY" in done.err

"""Units that are sold, made of each other, or sold by a channel: what stands in the way of changes."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from hub import clock
from hub.database import organization_of
from hub.domain.periods import Nights, Span, occupied
from hub.errors import HubError
from hub.ids import new_id
from hub.models.external import ExternalBlock, ExternalEvent
from hub.models.links import Connection, Link
from hub.models.properties import Unit
from hub.queries import inventory
from hub.services import units
from hub.services.asking import ItemRequest
from hub.services.bookings import Booked, BookingRequest, book
from hub.services.units import NewUnit
from tests import factories

JULY = Nights(date(2030, 7, 1), date(2030, 7, 8))


def reason(error: pytest.ExceptionInfo[HubError]) -> tuple[str, str | None]:
    """Code and field of what was refused first."""
    return error.value.reasons[0].code, error.value.reasons[0].field


def afresh(session: Session) -> Session:
    """What follows stands for a transaction of its own, with locks of its own."""
    session.info.pop("locked_units", None)
    return session


def sell(session: Session, unit: Unit, span: Span = JULY) -> Booked:
    request = BookingRequest(unit.property_id, (ItemRequest(span, unit.id),), 1, None)
    booked = book(afresh(session), request, "hub.example")
    afresh(session)
    return booked


def a_villa(session: Session, rooms: tuple[Unit, ...]) -> Unit:
    """Made of these rooms."""
    villa_type = factories.a_unit_type(session, rooms[0].property_id, name="Villa", capacity=8)
    parts = tuple(room.id for room in rooms)
    return units.create(afresh(session), NewUnit(villa_type.id, "Villa", parts=parts))


def a_link(session: Session, unit: Unit, *, whole_type: bool = False) -> UUID:
    connection = Connection(
        organization_id=unit.organization_id,
        id=new_id(),
        connector="ical",
        name="Airbnb",
        settings_sealed=b"",
    )
    session.add(connection)
    session.flush()
    link_id = new_id()
    link = {
        "organization_id": unit.organization_id,
        "id": link_id,
        "version": 1,
        "connection_id": connection.id,
        "property_id": unit.property_id,
        "unit_id": None if whole_type else unit.id,
        "unit_type_id": unit.unit_type_id if whole_type else None,
        "direction": "import",
        "settings_sealed": b"",
        "next_pull_at": clock.now(),
        "uid_domain": "hub.example",
    }
    session.execute(insert(Link).values(link))
    return link_id


def an_imported_block(session: Session, link_id: UUID, unit_id: UUID) -> None:
    now = clock.now()
    (offer,) = inventory.of_units(session, [unit_id])
    organization_id = organization_of(session)
    period = occupied(JULY, offer.zone)
    event = ExternalEvent(
        organization_id=organization_id,
        id=new_id(),
        link_id=link_id,
        key=new_id().hex,
        all_day=True,
        first=JULY.arrival,
        after=JULY.departure,
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        sealed=b"",
        digest=b"",
        uid_out=new_id().hex,
        first_seen_at=now,
        changed_at=now,
    )
    session.add(event)
    session.flush()
    session.add(
        ExternalBlock(
            organization_id=organization_id,
            link_id=link_id,
            event_id=event.id,
            unit_id=unit_id,
            starts_at=period.starts_at,
            ends_at=period.ends_at,
            free_at=period.ends_at,
        )
    )
    session.flush()

"""The end of properties, unit types and units: not while anybody counts on them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hub import clock as hub_clock
from hub.errors import Conflict, Refused
from hub.models.bookings import Allocation
from hub.models.links import Link
from hub.models.records import Change
from hub.services import properties, unit_types, units
from hub.services.properties import PropertyChanges
from tests import factories
from tests.conftest import FrozenClock
from tests.hub.services.selling import JULY, a_link, afresh, an_imported_block, reason, sell

pytestmark = pytest.mark.usefixtures("in_june")


@pytest.mark.parametrize("what", ["unit", "unit_type", "property"])
def test_nothing_is_archived_that_a_channel_sells(session: Session, what: str) -> None:
    (room,) = factories.rooms(session, 1)
    archive, target = {
        "unit": (units.archive, room.id),
        "unit_type": (unit_types.archive, room.unit_type_id),
        "property": (properties.archive, room.property_id),
    }[what]
    link = a_link(session, room)
    with pytest.raises(Conflict, match="Airbnb") as refused:
        archive(afresh(session), target)
    assert reason(refused) == ("linked", None)
    an_imported_block(session, link, room.id)
    with pytest.raises(Conflict, match="Room 1 is not free, a reservation at Airbnb has it from 2030-07-01"):
        archive(afresh(session), target)
    session.execute(delete(Link))
    archive(afresh(session), target)


def test_a_reservation_that_a_type_wide_link_placed_keeps_its_unit(session: Session) -> None:
    room, other = factories.rooms(session, 2)
    link = a_link(session, room, whole_type=True)
    an_imported_block(session, link, room.id)
    with pytest.raises(Conflict, match="Airbnb"):
        units.archive(afresh(session), room.id)
    units.archive(afresh(session), other.id)


def test_a_lapsed_hold_binds_nothing(session: Session, clock: FrozenClock) -> None:
    (room,) = factories.rooms(session, 1)
    booked = sell(session, room)
    session.query(Allocation).update({"hold_until": hub_clock.now() + timedelta(minutes=15)})
    with pytest.raises(Conflict):
        units.archive(afresh(session), room.id)
    clock.advance(timedelta(minutes=15))
    units.archive(afresh(session), room.id)
    assert booked.items[0].unit_id == room.id


@pytest.mark.parametrize("what", ["unit", "unit_type", "property"])
def test_nothing_is_archived_that_a_guest_will_come_to(session: Session, what: str) -> None:
    (room, *_) = factories.rooms(session, 2)
    booked = sell(session, room)
    archive = {"unit": units.archive, "unit_type": unit_types.archive, "property": properties.archive}[what]
    target = {"unit": room.id, "unit_type": room.unit_type_id, "property": room.property_id}[what]
    with pytest.raises(Conflict) as refused:
        archive(session, target)
    assert reason(refused) == ("in_use", None)
    assert refused.value.reasons[0].facts["reference"] == booked.booking.reference
    assert refused.value.reasons[0].facts["first"] == str(JULY.arrival)
    assert f"Room 1 is not free, booking {booked.booking.reference} has it from {JULY.arrival}" in str(
        refused.value
    )


def test_archiving_a_property_archives_all_of_it_and_twice_is_once(session: Session) -> None:
    room, *_ = factories.rooms(session, 2)
    properties.archive(session, room.property_id)
    afresh(session)
    properties.archive(session, room.property_id)
    rows = session.scalars(select(Change).where(Change.action == "archived")).all()
    assert sorted(row.entity for row in rows) == ["property", "unit", "unit", "unit_type"]
    with pytest.raises(Conflict) as refused:
        properties.update(session, room.property_id, PropertyChanges(name="Again"))
    assert reason(refused) == ("archived", None)


def test_nothing_is_made_in_what_is_archived(session: Session) -> None:
    unit_type = factories.a_unit_type(session, factories.a_property(session).id)
    unit_types.archive(session, unit_type.id)
    with pytest.raises(Refused) as refused:
        factories.a_unit(session, unit_type.id)
    assert reason(refused) == ("unknown", "unit_type_id")
    afresh(session)
    properties.archive(session, unit_type.property_id)
    with pytest.raises(Refused) as refused:
        factories.a_unit_type(session, unit_type.property_id)
    assert reason(refused) == ("unknown", "property_id")

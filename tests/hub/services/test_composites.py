"""Units that are made of others, and what a guest's booking keeps in place."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.errors import Conflict, Refused
from hub.ids import new_id
from hub.models.properties import UnitPart
from hub.models.records import Fact
from hub.queries import inventory
from hub.queries import units as query
from hub.services import outbox, unit_types, units
from hub.services.units import NewUnit, UnitChanges
from tests import factories
from tests.hub.services.selling import a_villa, afresh, reason, sell

pytestmark = pytest.mark.usefixtures("in_june")


def test_a_villa_is_sold_as_its_rooms(session: Session) -> None:
    rooms = factories.rooms(session, 3)
    villa = a_villa(session, rooms)
    (offer,) = inventory.of_units(session, [villa.id])
    assert offer.unit.leaves == {room.id for room in rooms}
    sell(session, villa)
    with pytest.raises(Conflict):
        sell(session, rooms[0])


def test_a_composite_of_what_cannot_be_together_is_refused_by_part(session: Session) -> None:
    rooms = factories.rooms(session, 3)
    villa = a_villa(session, rooms[:2])
    (elsewhere,) = factories.rooms(session, 1)
    (car,) = (
        factories.a_unit(
            session,
            factories.a_unit_type(
                session, rooms[0].property_id, name="Car", category="car", let_by="hour"
            ).id,
            "Car",
        ),
    )
    for part, code in (
        (new_id(), "unknown_part"),
        (rooms[2].id, "duplicate_part"),
        (villa.id, "part_is_composite"),
        (elsewhere.id, "part_elsewhere"),
        (car.id, "part_let_otherwise"),
    ):
        new = NewUnit(villa.unit_type_id, "Wing", parts=(rooms[2].id, part))
        with pytest.raises(Refused) as refused, session.begin_nested():
            units.create(afresh(session), new)
        assert reason(refused) == (code, "parts[1]")
    with pytest.raises(Refused) as refused, session.begin_nested():
        units.create(afresh(session), NewUnit(villa.unit_type_id, "Wing", parts=(rooms[2].id,)))
    assert reason(refused) == ("too_few_parts", "parts")
    assert len(session.scalars(select(UnitPart)).all()) == 2


def test_an_archived_unit_is_no_part(session: Session) -> None:
    rooms = factories.rooms(session, 3)
    units.archive(session, rooms[2].id)
    villa_type = factories.a_unit_type(session, rooms[0].property_id, name="Villa")
    parts = tuple(room.id for room in rooms)
    with pytest.raises(Refused) as refused:
        units.create(afresh(session), NewUnit(villa_type.id, "Villa", parts=parts))
    assert reason(refused) == ("unknown_part", "parts[2]")


def test_a_room_that_is_sold_does_not_become_a_composite(session: Session) -> None:
    first, second, third = factories.rooms(session, 3)
    booked = sell(session, first)
    with pytest.raises(Conflict) as refused:
        units.update(afresh(session), first.id, UnitChanges(parts=(second.id, third.id)))
    assert reason(refused) == ("in_use", "parts")
    assert booked.booking.reference in str(refused.value)


def test_a_part_does_not_become_a_composite(session: Session) -> None:
    rooms = factories.rooms(session, 4)
    a_villa(session, rooms[:2])
    with pytest.raises(Refused) as refused:
        units.update(afresh(session), rooms[0].id, UnitChanges(parts=(rooms[2].id, rooms[3].id)))
    assert reason(refused) == ("whole_is_part", "parts")


def test_a_villa_that_is_sold_keeps_its_rooms_and_one_whose_rooms_are_sold_does_not(session: Session) -> None:
    rooms = factories.rooms(session, 4)
    villa = a_villa(session, rooms[:2])
    sell(session, rooms[0])
    wing = tuple(room.id for room in rooms[1:])
    changed = units.update(afresh(session), villa.id, UnitChanges(parts=wing))
    assert query.parts(session, [villa.id])[villa.id] == tuple(sorted(wing))
    assert changed.version == 2

    booked = sell(session, villa)
    for parts in (tuple(room.id for room in rooms), ()):
        with pytest.raises(Conflict) as refused:
            units.update(afresh(session), villa.id, UnitChanges(parts=parts))
        assert reason(refused) == ("in_use", "parts")
        assert booked.booking.reference in str(refused.value)
    same = units.update(afresh(session), villa.id, UnitChanges(name="Villa Azul", parts=wing))
    assert same.name == "Villa Azul"


def test_a_composite_without_parts_is_a_leaf_again_and_its_parts_are_told(session: Session) -> None:
    rooms = factories.rooms(session, 2)
    villa = a_villa(session, rooms)
    units.update(afresh(session), villa.id, UnitChanges(parts=()))
    (offer,) = inventory.of_units(session, [villa.id])
    assert offer.unit.leaves == {villa.id}
    facts = select(Fact).where(Fact.kind == outbox.INVENTORY_CHANGED)
    told = session.scalars(facts.order_by(Fact.id.desc()).limit(1)).one()
    assert told.payload["cause"] == "unit.parts"
    assert set(told.payload["unit_ids"]) == {str(unit.id) for unit in (*rooms, villa)}


def test_a_part_is_archived_after_its_whole(session: Session) -> None:
    rooms = factories.rooms(session, 2)
    villa = a_villa(session, rooms)
    with pytest.raises(Conflict) as refused:
        units.archive(afresh(session), rooms[0].id)
    assert reason(refused) == ("part_of", None)
    with pytest.raises(Conflict) as refused:
        unit_types.archive(afresh(session), rooms[0].unit_type_id)
    assert reason(refused) == ("part_of", None)
    units.archive(afresh(session), villa.id)
    unit_types.archive(afresh(session), rooms[0].unit_type_id)


def test_a_villa_with_a_sold_room_may_be_archived_and_a_sold_villa_not(session: Session) -> None:
    rooms = factories.rooms(session, 2)
    villa = a_villa(session, rooms)
    sell(session, rooms[0])
    units.archive(afresh(session), villa.id)

    others = factories.rooms(session, 2)
    sold = a_villa(session, others)
    sell(session, sold)
    for unit in (sold, others[0]):
        with pytest.raises(Conflict):
            units.archive(afresh(session), unit.id)

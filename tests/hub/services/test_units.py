"""Units: one by one, or a dorm in one call."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.database import Database
from hub.errors import Refused
from hub.models.records import Change
from hub.queries import inventory
from hub.services import units
from hub.services.units import NewUnit, UnitChanges
from tests import factories
from tests.hub.services.selling import reason

pytestmark = pytest.mark.usefixtures("in_june")


def test_a_dorm_of_twelve_beds_is_one_call(session: Session) -> None:
    place = factories.a_property(session)
    dorm = factories.a_unit_type(session, place.id, name="Dorm", category="dorm_bed", capacity=1)
    beds = units.create_many(session, NewUnit(dorm.id, "Bed {n}"), 12)
    assert [bed.name for bed in beds] == [f"Bed {number}" for number in range(1, 13)]
    assert len(inventory.of_types(session, [dorm.id])) == 12


def test_more_beds_take_the_numbers_that_are_free(session: Session) -> None:
    first, second, third = factories.rooms(session, 3)
    units.archive(session, second.id)
    more = units.create_many(session, NewUnit(first.unit_type_id, "Room {n}"), 2)
    assert [unit.name for unit in more] == ["Room 2", "Room 4"]
    assert third.name == "Room 3"


@pytest.mark.parametrize(
    ("name", "number", "code", "field"),
    [
        ("Bed {n}", 0, "out_of_range", "count"),
        ("Bed {n}", 501, "out_of_range", "count"),
        ("Bed", 2, "no_number", "name"),
        (" ", 2, "invalid_name", "name"),
    ],
)
def test_units_that_cannot_be_made_at_once_are_refused_by_field(
    session: Session, name: str, number: int, code: str, field: str
) -> None:
    unit_type = factories.a_unit_type(session, factories.a_property(session).id)
    with pytest.raises(Refused) as refused:
        units.create_many(session, NewUnit(unit_type.id, name), number)
    assert reason(refused) == (code, field)


def test_two_who_make_beds_at_once_get_different_numbers(hub: Database) -> None:
    here = factories.an_organization(hub).organization_id
    with hub.unit_of_work(here) as session:
        unit_type_id = factories.a_unit_type(session, factories.a_property(session).id).id

    def make(_: int) -> list[str]:
        made = hub.transact(
            here, lambda session: units.create_many(session, NewUnit(unit_type_id, "Bed {n}"), 5)
        )
        return [unit.name for unit in made]

    with ThreadPoolExecutor(4) as threads:
        names = [name for made in threads.map(make, range(4)) for name in made]
    assert sorted(names) == sorted(f"Bed {number}" for number in range(1, 21))


def test_two_living_units_of_a_property_have_two_names(session: Session) -> None:
    room, other = factories.rooms(session, 2)
    with pytest.raises(Refused) as refused, session.begin_nested():
        units.update(session, other.id, UnitChanges(name=room.name))
    assert reason(refused) == ("taken", "name")
    with pytest.raises(Refused) as refused:
        factories.a_unit(session, room.unit_type_id, room.name)
    assert reason(refused) == ("taken", "name")


@pytest.mark.parametrize("status", ["ready", "occupied", "cleaning", "maintenance"])
def test_the_status_of_a_unit_is_logged(session: Session, status: str) -> None:
    (room,) = factories.rooms(session, 1)
    room = units.update(session, room.id, UnitChanges(status="cleaning"))
    units.update(session, room.id, UnitChanges(status=status))
    rows = session.scalars(
        select(Change).where(Change.entity_id == room.id, Change.action == "updated").order_by(Change.id)
    ).all()
    assert rows[0].before == {"status": "ready"}
    assert room.status == status
    assert len(rows) == (1 if status == "cleaning" else 2)


def test_a_status_that_no_unit_has_is_refused(session: Session) -> None:
    (room,) = factories.rooms(session, 1)
    with pytest.raises(Refused) as refused:
        units.update(session, room.id, UnitChanges(status="on fire"))
    assert reason(refused) == ("unknown_status", "status")

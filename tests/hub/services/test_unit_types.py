"""Unit types: what they may be, and what may no longer change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from hub.domain.periods import Hours
from hub.errors import Conflict, Refused
from hub.ids import new_id
from hub.services import unit_types, units
from hub.services.unit_types import NewUnitType, UnitTypeChanges
from hub.services.units import NewUnit
from tests import factories
from tests.conftest import FrozenClock
from tests.hub.services.selling import afresh, reason, sell

pytestmark = pytest.mark.usefixtures("in_june")


@pytest.mark.parametrize(
    ("category", "let_by", "turnaround"),
    [
        ("room", "night", 0),
        ("car", "night", 0),
        ("car", "hour", 2),
        ("yacht", "hour", 4),
        ("jet", "hour", 6),
        ("home", "hour", 12),
        ("other", "hour", 12),
    ],
)
def test_a_unit_type_has_the_turnaround_that_is_usual(
    session: Session, category: str, let_by: str, turnaround: int
) -> None:
    unit_type = factories.a_unit_type(
        session, factories.a_property(session).id, category=category, let_by=let_by
    )
    assert unit_type.turnaround == turnaround


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"category": "castle"}, "unknown_category", "category"),
        ({"let_by": "week"}, "unknown_let_by", "let_by"),
        ({"turnaround": -1}, "out_of_range", "turnaround"),
        ({"turnaround": 169}, "out_of_range", "turnaround"),
        ({"capacity": 0}, "out_of_range", "capacity"),
        ({"capacity": 1001}, "out_of_range", "capacity"),
        ({"name": ""}, "invalid_name", "name"),
        ({"property_id": new_id()}, "unknown", "property_id"),
    ],
)
def test_a_unit_type_that_cannot_be_is_refused_by_field(
    session: Session, fields: dict[str, Any], code: str, field: str
) -> None:
    usual: dict[str, Any] = {
        "property_id": factories.a_property(session).id,
        "name": "Double",
        "category": "room",
        "let_by": "night",
        "capacity": 2,
    }
    with pytest.raises(Refused) as refused:
        unit_types.create(session, NewUnitType(**(usual | fields)))
    assert reason(refused) == (code, field)
    if field != "property_id":
        unit_type = unit_types.create(session, NewUnitType(**usual))
        with pytest.raises(Refused) as refused:
            unit_types.update(session, unit_type.id, UnitTypeChanges(**fields))
        assert reason(refused) == (code, field)


def test_two_living_types_of_a_property_have_two_names(session: Session) -> None:
    place = factories.a_property(session)
    first = factories.a_unit_type(session, place.id)
    unit_types.archive(session, first.id)
    factories.a_unit_type(session, place.id)
    with pytest.raises(Refused) as refused:
        factories.a_unit_type(session, place.id)
    assert reason(refused) == ("taken", "name")


def test_how_it_is_let_stays_while_a_night_is_sold_and_brings_its_turnaround(session: Session) -> None:
    room, other = factories.rooms(session, 2)
    sell(session, room)
    with pytest.raises(Conflict) as refused:
        unit_types.update(session, room.unit_type_id, UnitTypeChanges(let_by="hour"))
    assert reason(refused) == ("in_use", "let_by")

    empty = factories.rooms(session, 1)[0].unit_type_id
    afresh(session)
    changed = unit_types.update(session, empty, UnitTypeChanges(let_by="hour"))
    assert (changed.let_by, changed.turnaround) == ("hour", 12)
    assert other.unit_type_id == room.unit_type_id


def test_what_is_past_does_not_bind(session: Session, clock: FrozenClock) -> None:
    (car, *_) = factories.rooms(session, 1, category="car", let_by="hour", name="Car")
    start = datetime(2030, 7, 1, 9, tzinfo=UTC)
    sell(session, car, Hours(start, start + timedelta(hours=3)))
    for hours, bound in ((4, True), (5, False)):  # three hours and two of turnaround
        clock.at(start + timedelta(hours=hours))
        afresh(session)
        if bound:
            with pytest.raises(Conflict, match="Room 1"):
                unit_types.update(session, car.unit_type_id, UnitTypeChanges(let_by="night"))
        else:
            unit_types.update(session, car.unit_type_id, UnitTypeChanges(let_by="night"))


def test_parts_and_whole_are_let_alike_for_good(session: Session) -> None:
    first, second = factories.rooms(session, 2)
    villa_type = factories.a_unit_type(session, first.property_id, name="Villa")
    units.create(session, NewUnit(villa_type.id, "Villa", parts=(first.id, second.id)))
    for unit_type_id in (first.unit_type_id, villa_type.id):
        afresh(session)
        with pytest.raises(Conflict) as refused:
            unit_types.update(session, unit_type_id, UnitTypeChanges(let_by="hour"))
        assert reason(refused) == ("composite", "let_by")

"""Properties: what they may be, and what may no longer change."""

from __future__ import annotations

from datetime import UTC, time
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.database import Database
from hub.errors import Conflict, NotFound, Refused
from hub.ids import new_id
from hub.models.records import Change
from hub.services import properties
from hub.services.properties import NewProperty, PropertyChanges
from tests import factories
from tests.hub.services.selling import JULY, reason, sell

pytestmark = pytest.mark.usefixtures("in_june")


def made(session: Session, **fields: Any) -> Any:
    return properties.create(
        session, NewProperty(**({"name": "Casa", "time_zone": "Europe/Madrid"} | fields))
    )


def test_a_property_has_the_usual_times_and_a_slug_of_its_name(session: Session) -> None:
    name = f"Çasa Ñandú & Sons {new_id().hex[-6:]}"
    place = made(session, name=f"  {name} ")
    assert (place.name, place.check_in, place.check_out, place.hold_minutes) == (name, time(15), time(11), 15)
    assert place.slug == f"casa-nandu-sons-{name[-6:]}"
    assert place.version == 1


def test_a_name_without_a_latin_letter_still_gets_a_slug(session: Session) -> None:
    assert made(session, name="旅館").slug.startswith("property")


def test_equal_names_get_slugs_of_their_own_across_organizations(hub: Database) -> None:
    name = f"Villa {new_id().hex[-8:]}"
    slugs = []
    for _ in range(11):
        with hub.unit_of_work(factories.an_organization(hub).organization_id) as session:
            slugs.append(made(session, name=name).slug)
    base = name.lower().replace(" ", "-")
    assert slugs[:9] == [base, *(f"{base}-{number}" for number in range(2, 10))]
    assert len(set(slugs)) == 11


def test_a_slug_that_was_asked_for_and_is_taken_is_refused(hub: Database) -> None:
    slug = f"casa-{new_id().hex}"
    with hub.unit_of_work(factories.an_organization(hub).organization_id) as session:
        made(session, slug=slug)
    here = factories.an_organization(hub).organization_id
    with pytest.raises(Refused) as refused, hub.unit_of_work(here) as session:
        made(session, slug=slug)
    assert reason(refused) == ("taken", "slug")
    with hub.unit_of_work(here) as session:
        other = made(session).id
    with pytest.raises(Refused) as refused, hub.unit_of_work(here) as session:
        properties.update(session, other, PropertyChanges(slug=slug))
    assert reason(refused) == ("taken", "slug")


@pytest.mark.parametrize(
    ("fields", "code", "field", "message"),
    [
        ({"time_zone": "Europe/Nowhere"}, "unknown_time_zone", "time_zone", "Europe/Nowhere is no time zone"),
        ({"time_zone": "europe/madrid"}, "unknown_time_zone", "time_zone", "europe/madrid is no time zone"),
        ({"time_zone": "../../etc/passwd"}, "unknown_time_zone", "time_zone", "is no time zone"),
        ({"time_zone": "localtime"}, "unknown_time_zone", "time_zone", "localtime is no time zone"),
        ({"slug": "Casa Azul"}, "invalid_slug", "slug", "a-z, 0-9"),
        ({"slug": "-casa-"}, "invalid_slug", "slug", "single hyphens"),
        ({"name": " "}, "invalid_name", "name", "1 to 200"),
        ({"name": "x" * 201}, "invalid_name", "name", "1 to 200"),
        ({"hold_minutes": 0}, "out_of_range", "hold_minutes", "1 to 1440"),
        ({"check_in": time(15, tzinfo=UTC)}, "has_offset", "check_in", "wall"),
        ({"check_in": time(10), "check_out": time(12)}, "check_out_after_check_in", "check_out", "12:00"),
    ],
)
def test_a_property_that_cannot_be_is_refused_by_field(
    session: Session, fields: dict[str, Any], code: str, field: str, message: str
) -> None:
    with pytest.raises(Refused, match=message) as refused:
        made(session, **fields)
    assert reason(refused) == (code, field)
    place = made(session)
    with pytest.raises(Refused, match=message) as refused:
        properties.update(session, place.id, PropertyChanges(**fields))
    assert reason(refused) == (code, field)


def test_an_edit_is_a_new_version_and_logs_only_what_differs(session: Session) -> None:
    place = made(session)
    properties.update(session, place.id, PropertyChanges(name="Casa Verde", check_in=time(16)))
    properties.update(session, place.id, PropertyChanges(name="Casa Verde"))
    assert place.version == 2
    logged = session.scalars(select(Change).where(Change.entity_id == place.id).order_by(Change.id)).all()
    assert [row.action for row in logged] == ["created", "updated"]
    assert logged[1].before == {"name": "Casa", "check_in": "15:00:00"}
    assert logged[1].after == {"name": "Casa Verde", "check_in": "16:00:00"}


def test_a_property_of_others_is_no_property(session: Session) -> None:
    for work in (
        lambda: properties.update(session, new_id(), PropertyChanges(name="Mine")),
        lambda: properties.archive(session, new_id()),
    ):
        with pytest.raises(NotFound):
            work()


def test_the_time_zone_stays_while_a_night_is_sold(session: Session) -> None:
    (room, *_) = factories.rooms(session, 1)
    booked = sell(session, room)
    with pytest.raises(Conflict) as refused:
        properties.update(session, room.property_id, PropertyChanges(time_zone="Asia/Tokyo"))
    assert reason(refused) == ("in_use", "time_zone")
    assert booked.booking.reference in str(refused.value)
    assert str(JULY.arrival) in str(refused.value)


def test_the_time_zone_of_an_empty_property_may_change(session: Session) -> None:
    (room, *_) = factories.rooms(session, 1)
    changed = properties.update(session, room.property_id, PropertyChanges(time_zone="Asia/Tokyo"))
    assert changed.time_zone == "Asia/Tokyo"

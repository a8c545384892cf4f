"""Staff who are limited to properties: what belongs to others is, for them, not there."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from api.remembered import RECHECK_AFTER
from api.rights import RIGHTS, Right
from hub.ids import new_id
from hub.models.access import MemberProperty
from hub.queries import callers
from sync.runtime import Runtime
from tests import factories
from tests.api.houses import House, check_problem, day
from tests.conftest import FrozenClock
from tests.filled import a_full_organization
from tests.security.walking import CASES, Case, Known, Sides, ask

OF_ORGANIZATION = {"connection_id", "member_id", "key_id", "invitation_id", "guest_id", "account_id"}
"""Ids of what belongs to no property"""

NOWHERE = Right("super_admin")


def _limited(case: Case) -> bool:
    right = RIGHTS.get(f"{case.method} {case.path}", NOWHERE)
    return right.role == "staff" and right.limited and case.name not in OF_ORGANIZATION


LIMITED = [case for case in CASES if _limited(case)]


def limit(house: House, member_id: UUID, *property_ids: str) -> None:
    def work(session: Session) -> None:
        for property_id in property_ids:
            session.add(
                MemberProperty(
                    organization_id=house.organization_id, member_id=member_id, property_id=UUID(property_id)
                )
            )

    house.work(work)


def another_property(house: House) -> House:
    """Of the same organization, with a room and a stay in it."""

    def work(session: Session) -> tuple[str, str, str]:
        (room,) = factories.rooms(session, 1)
        return str(room.property_id), str(room.unit_type_id), str(room.id)

    property_id, unit_type_id, room = house.work(work)
    return replace(house, property_id=property_id, unit_type_id=unit_type_id, rooms=(room,), cars=())


@pytest.fixture
def other(house: House) -> House:
    return another_property(house)


@pytest.fixture
def limited(house: House, other: House) -> House:
    """A colleague who is limited to the house's property, and so not let into the other one."""
    colleague = house.colleague("staff")
    limit(house, colleague.member_id, house.property_id)
    return colleague


def test_lists_leave_out_what_is_elsewhere(house: House, other: House, limited: House) -> None:
    ours, theirs = house.book(), other.book()

    def listed(asking: House, path: str) -> set[str]:
        return {one["id"] for one in asking.get(path, limit=200).json()["items"]}

    assert listed(limited, "/bookings") == {ours["id"]}
    assert listed(house, "/bookings") == {ours["id"], theirs["id"]}
    assert listed(limited, "/properties") == {house.property_id}
    assert listed(limited, "/units") == {*house.rooms, *house.cars}
    assert other.unit_type_id not in listed(limited, "/unit-types")
    check_problem(limited.get(f"/bookings/{theirs['id']}"), 404, "not_found")
    assert limited.get(f"/bookings/{ours['id']}").status_code == 200
    period = {"from": day(1), "to": day(5)}
    hidden = limited.get("/calendar", property_id=other.property_id, **period)
    check_problem(hidden, 404, "not_found", "property_id")


def test_they_sell_their_own_and_nothing_else(house: House, other: House, limited: House) -> None:
    assert limited.post("/bookings", limited.stay()).status_code == 201
    refused = limited.post("/bookings", other.stay())
    unknown = limited.post("/bookings", {**other.stay(), "property_id": str(new_id())})
    assert refused.status_code == unknown.status_code
    assert refused.status_code in (404, 422)
    mine = limited.book(20, 22)
    item = mine["items"][0]["id"]
    move = {"moves": [{"item_id": item, "unit_id": other.rooms[0]}]}
    answer = limited.post(f"/bookings/{mine['id']}/move", move)
    assert answer.status_code in (404, 422)
    assert house.get("/bookings", limit=200).json()["items"][0]["property_id"] == house.property_id


def test_managers_are_never_limited(house: House, other: House) -> None:
    manager = house.colleague("manager")
    limit(house, manager.member_id, house.property_id)

    assert {one["id"] for one in manager.get("/properties").json()["items"]} == {
        house.property_id,
        other.property_id,
    }


def test_a_new_limit_counts_within_a_minute(house: House, other: House, clock: FrozenClock) -> None:
    colleague = house.colleague("staff")
    assert colleague.get(f"/properties/{other.property_id}").status_code == 200

    limit(house, colleague.member_id, house.property_id)
    clock.advance(RECHECK_AFTER)

    check_problem(colleague.get(f"/properties/{other.property_id}"), 404, "not_found")


def test_the_limit_ends_with_its_transaction(house: House, other: House, limited: House) -> None:
    """Connections are shared: who comes after must not inherit it."""
    for _ in range(house.runtime.settings.database_pool + 1):
        assert len(limited.get("/properties").json()["items"]) == 1
        assert len(house.get("/properties").json()["items"]) == 2


def test_without_the_limit_in_the_database_they_would_see_it(
    house: House, other: House, limited: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert limited.get(f"/properties/{other.property_id}").status_code == 404
    monkeypatch.setattr(callers, "limit", lambda *_: None)
    assert limited.get(f"/properties/{other.property_id}").status_code == 200


@pytest.fixture(scope="module")
def sides(client: TestClient, runtime: Runtime) -> Sides:
    """One organization: who asks is limited to a property of their own, and everything else is elsewhere."""
    admin = a_full_organization(runtime.database)
    theirs = Known(runtime.database, admin.organization_id)
    house = House(client, runtime, admin.organization_id, admin.id, "admin", "", "", (), "", ())
    own = another_property(house)
    booked = own.book()
    nights = {"first_night": day(30), "last_night": day(31)}
    closed = own.post("/blackouts", {"unit_id": own.rooms[0], "reason": "maintenance", **nights})
    ours = Known(runtime.database, admin.organization_id)
    ours.ids |= {
        "properties": own.property_id,
        "unit_types": own.unit_type_id,
        "units": own.rooms[0],
        "bookings": booked["id"],
        "booking_items": booked["items"][0]["id"],
    }
    ours.ids |= {"blackouts": closed.json()["id"]} if closed.status_code == 201 else {}
    colleague = house.colleague("staff")
    limit(house, colleague.member_id, own.property_id)
    return Sides(replace(colleague, property_id=own.property_id), ours, theirs)


@pytest.mark.parametrize("case", LIMITED, ids=lambda case: case.title)
def test_what_is_elsewhere_is_answered_as_what_is_nowhere(sides: Sides, case: Case) -> None:
    elsewhere_id, unknown_id = sides.theirs.of(case.name), str(new_id())
    elsewhere, unknown = ask(sides, case, elsewhere_id), ask(sides, case, unknown_id)

    if case.place == "path":
        assert unknown.status_code == 404, unknown.text
    assert elsewhere.status_code == unknown.status_code, (elsewhere.text, unknown.text)
    assert elsewhere.text.replace(elsewhere_id, "ID") == unknown.text.replace(unknown_id, "ID")


def test_an_unlimited_colleague_is_answered_otherwise(sides: Sides) -> None:
    """Else equal refusals of everything would pass for a limit."""
    colleague = sides.house.colleague("staff")
    for case in LIMITED:
        if case.place == "path" and case.method == "GET":
            answer = ask(replace(sides, house=colleague), case, sides.theirs.of(case.name))
            assert answer.status_code == 200, f"{case.title}: {answer.text}"

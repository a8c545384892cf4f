"""GET audit."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.api.houses import House, check_problem, day
from tests.conftest import FrozenClock


def test_the_audit_tells_every_change_newest_first_and_who_made_it(house: House) -> None:
    colleague = house.colleague("staff")
    booked = colleague.book(guest={"name": "Ada Lovelace"})
    body = {"unit_id": house.rooms[2], "kind": "closed", "arrival": day(40), "departure": day(41)}
    blackout = house.post("/blackouts", body).json()

    answer = house.get("/audit", limit=2)

    rows = answer.json()["items"]
    assert [(row["entity"], row["entity_id"], row["action"], row["actor_id"]) for row in rows] == [
        ("blackout", blackout["id"], "added", str(house.member_id)),
        ("booking", booked["id"], "confirmed", str(colleague.member_id)),
    ]
    assert {row["actor"] for row in rows} == {"member"}
    assert "Ada" not in str(rows)


def test_the_audit_narrows_by_thing_person_and_time(house: House, clock: FrozenClock) -> None:
    start = clock.instant
    colleague = house.colleague("staff")
    booked = colleague.book()
    clock.advance(timedelta(hours=1))
    noon = clock.instant
    house.post(f"/bookings/{booked['id']}/cancel")

    def actions(**params: Any) -> list[str]:
        rows = house.get("/audit", entity="booking", **params).json()["items"]
        return [row["action"] for row in rows]

    assert actions() == ["cancelled", "confirmed"]
    assert actions(entity_id=booked["id"], limit=1) == ["cancelled"]
    assert actions(actor=str(colleague.member_id)) == ["confirmed"]
    assert actions(**{"from": noon.isoformat()}) == ["cancelled"]
    assert actions(**{"from": start.isoformat(), "to": noon.isoformat()}) == ["confirmed"]


def test_the_audit_pages(house: House) -> None:
    booked = house.book()
    house.post(f"/bookings/{booked['id']}/cancel")

    first = house.get("/audit", entity="booking", limit=1).json()
    second = house.get("/audit", entity="booking", limit=1, cursor=first["next_cursor"]).json()

    assert [row["action"] for row in first["items"] + second["items"]] == ["cancelled", "confirmed"]
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    ("params", "code", "field"),
    [
        ({"from": "2027-01-01"}, "invalid_instant", "from"),
        ({"from": "2027-01-01T00:00:00"}, "no_offset", "from"),
        ({"to": "2027-01-01T00:00:00 01:00"}, "invalid_instant", "to"),
        ({"to": "0001-01-01T00:00:00Z"}, "beyond_calendar", "to"),
        ({"entity": "a\x00"}, "control_character", "entity"),
        ({"entity_id": "1"}, "uuid_parsing", "entity_id"),
        ({"actor": "Ada"}, "uuid_parsing", "actor"),
        ({"cursor": "x"}, "invalid_cursor", "cursor"),
    ],
)
def test_a_bad_filter_is_refused_with_its_name(
    house: House, params: dict[str, Any], code: str, field: str
) -> None:
    check_problem(house.get("/audit", **params), 422, code, field)

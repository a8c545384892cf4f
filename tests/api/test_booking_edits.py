"""PATCH bookings/{id}, and the history of a booking."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.houses import GUEST, House, check_problem


def test_an_edit_changes_the_guest_and_the_version(house: House) -> None:
    booked = house.book(guest=GUEST)

    answer = house.ask("PATCH", f"/bookings/{booked['id']}", json={"guest": {"name": "Grace Hopper"}})

    assert answer.status_code == 200
    amended = answer.json()
    assert amended["guest"] == {"name": "Grace Hopper", "email": None, "phone": None, "note": None}
    assert amended["guests"] == booked["guests"]
    assert amended["version"] > booked["version"]
    assert answer.headers["etag"] == f'"{amended["version"]}"'


def test_an_edit_of_a_version_that_is_gone_fails(house: House) -> None:
    booked = house.book()
    seen = house.get(f"/bookings/{booked['id']}").headers["etag"]
    path = f"/bookings/{booked['id']}"
    first = house.ask("PATCH", path, json={"guests": 2}, headers={"If-Match": seen})
    assert first.status_code == 200

    second = house.ask("PATCH", path, json={"guests": 1}, headers={"If-Match": seen})

    check_problem(second, 412, "changed", "If-Match")
    assert house.get(path).json()["guests"] == 2


def test_an_edit_that_names_no_version_is_welcome(house: House) -> None:
    booked = house.book()

    for guests in (2, 1):
        answer = house.ask("PATCH", f"/bookings/{booked['id']}", json={"guests": guests})
        assert answer.json()["guests"] == guests


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"guests": 9}, "over_capacity", "guests"),
        ({"guest": {"name": "Ada", "email": "ada"}}, "invalid_email", "guest.email"),
        ({"items": []}, "extra_forbidden", "items"),
    ],
)
def test_a_bad_edit_is_refused_with_the_field_named(
    house: House, body: dict[str, Any], code: str, field: str
) -> None:
    booked = house.book()

    check_problem(house.ask("PATCH", f"/bookings/{booked['id']}", json=body), 422, code, field)
    assert house.get(f"/bookings/{booked['id']}").json() == booked


def test_the_history_tells_who_did_what_newest_first_and_names_no_guest(house: House) -> None:
    booked = house.book(guest=GUEST)
    house.ask("POST", f"/bookings/{booked['id']}/cancel", headers={"X-Request-ID": "the-call-at-noon"})

    answer = house.get(f"/bookings/{booked['id']}/history")

    cancelled, made = answer.json()["items"]
    assert (made["action"], cancelled["action"]) == ("confirmed", "cancelled")
    assert cancelled["before"]["status"] == "confirmed"
    assert cancelled["after"]["status"] == "cancelled"
    assert cancelled["actor_id"] == str(house.member_id)
    assert cancelled["request_id"] == "the-call-at-noon"
    assert "Ada" not in answer.text
    assert "example.com" not in answer.text


def test_the_history_pages(house: House) -> None:
    booked = house.book()
    house.post(f"/bookings/{booked['id']}/cancel")

    first = house.get(f"/bookings/{booked['id']}/history", limit=1).json()
    second = house.get(f"/bookings/{booked['id']}/history", limit=1, cursor=first["next_cursor"]).json()

    assert [row["action"] for row in first["items"] + second["items"]] == ["cancelled", "confirmed"]
    assert second["next_cursor"] is None


@pytest.mark.parametrize("path", ["", "/history"])
def test_an_id_that_is_none_is_an_unknown_booking(house: House, path: str) -> None:
    check_problem(house.get(f"/bookings/latest{path}"), 404, "not_found")

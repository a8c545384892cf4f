"""Lists show nothing of another organization, however they are asked; ids are the matter of foreign ids."""

from __future__ import annotations

import pytest

from tests.api.houses import House


@pytest.mark.parametrize("path", ["/bookings", "/blackouts", "/conflicts"])
def test_a_list_shows_nothing_of_the_neighbours(house: House, neighbours: House, path: str) -> None:
    neighbours.book()

    assert house.get(path).json()["items"] == []


def test_the_audit_shows_nothing_of_the_neighbours(house: House, neighbours: House) -> None:
    theirs = neighbours.book()["id"]

    assert theirs not in house.get("/audit", limit=200).text


def test_a_cursor_of_the_neighbours_shows_nothing_of_theirs(house: House, neighbours: House) -> None:
    for ahead in (10, 11):
        neighbours.book(ahead, ahead + 1)
    cursor = neighbours.get("/bookings", limit=1).json()["next_cursor"]
    mine = house.book(12, 13)

    found = house.get("/bookings", cursor=cursor).json()["items"]

    assert [booking["id"] for booking in found] == [mine["id"]]


def test_a_guest_is_found_in_ones_own_house_only(house: House, neighbours: House) -> None:
    guest = {"name": "Ada", "email": "ada@example.com"}
    neighbours.book(guest=guest)
    mine = house.book(guest=guest)

    found = house.get("/bookings", q="ada@example.com").json()["items"]

    assert [booking["id"] for booking in found] == [mine["id"]]

"""Two who edit the same thing at the same time: who names the version they saw is told of the other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from hub.models.bookings import Booking
from tests.api.houses import House, day, problem


def _edit_at_once(house: House, path: str, bodies: list[dict[str, Any]], etag: str | None) -> list[Any]:
    """All of them are under way before the first can commit."""
    headers = {"If-Match": etag} if etag else {}
    with ThreadPoolExecutor(len(bodies)) as threads:
        with house.rooms_locked() as session:
            if path.startswith("/bookings/"):
                booking_id = UUID(path.rpartition("/")[2])
                session.scalars(select(Booking).where(Booking.id == booking_id).with_for_update()).one()
            answers = [
                threads.submit(house.ask, "PATCH", path, json=body, headers=headers) for body in bodies
            ]
            house.wait_for_queue(len(bodies))
        return [answer.result() for answer in answers]


@pytest.fixture(params=["bookings", "blackouts"])
def edited(house: House, request: pytest.FixtureRequest) -> tuple[str, list[dict[str, Any]]]:
    """A path, and two edits of it."""
    if request.param == "bookings":
        return f"/bookings/{house.book()['id']}", [{"guests": 2}, {"guest": {"name": "Grace Hopper"}}]
    body = {"unit_id": house.rooms[0], "kind": "closed", "arrival": day(10), "departure": day(12)}
    made = house.post("/blackouts", body).json()
    return f"/blackouts/{made['id']}", [{"kind": "maintenance"}, {"note": "new boiler"}]


def test_of_two_edits_of_one_version_one_wins(house: House, edited: tuple[str, list[dict[str, Any]]]) -> None:
    path, bodies = edited
    etag = house.get(path).headers["etag"]

    answers = _edit_at_once(house, path, bodies, etag)

    won, lost = sorted(answers, key=lambda answer: int(answer.status_code))
    assert won.status_code == 200
    problem(lost, 412, "changed", "If-Match")
    assert house.get(path).json() == won.json()


def test_two_edits_of_different_things_that_name_no_version_are_both_kept(
    house: House, edited: tuple[str, list[dict[str, Any]]]
) -> None:
    path, bodies = edited

    answers = _edit_at_once(house, path, bodies, None)

    assert [answer.status_code for answer in answers] == [200, 200]
    now = house.get(path).json()
    for body in bodies:
        for name, value in body.items():
            assert now[name] == value or now[name]["name"] == value["name"]

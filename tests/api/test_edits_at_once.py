"""Two who edit the same thing at the same time: who names the version they saw is told of the other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from api.schemas.connections import NEW_CONNECTION
from hub.models.bookings import Booking
from hub.models.links import Connection
from hub.queries import links as query
from tests.api.houses import House, check_problem, day


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
    check_problem(lost, 412, "changed", "If-Match")
    assert house.get(path).json() == won.json()


@pytest.fixture
def connection(house: House) -> Connection:
    """One without links."""
    made = house.post("/connections", NEW_CONNECTION).json()
    return house.work(lambda session: query.connection(session, UUID(made["id"])))


def _at_once(house: House, connection: Connection, method: str, *bodies: Any, **headers: str) -> list[Any]:
    """Answers, the best first, of requests that were all under way before the first could commit."""
    path = f"/connections/{connection.id}"
    with ThreadPoolExecutor(len(bodies)) as threads:
        with house.runtime.database.unit_of_work(house.organization_id) as session:
            query.connection(session, connection.id, lock=True)
            asked = [
                threads.submit(house.ask, method, path, json=body, headers=dict(headers)) for body in bodies
            ]
            house.wait_for_queue(len(bodies))
        return sorted((one.result() for one in asked), key=lambda answer: int(answer.status_code))


def test_edits_of_a_connection_that_name_no_version_are_all_made(
    house: House, connection: Connection
) -> None:
    answers = _at_once(house, connection, "PATCH", {"name": "North"}, {"name": "South"})

    assert [answer.status_code for answer in answers] == [200, 200]
    assert sorted(answer.json()["version"] for answer in answers) == [2, 3]


def test_of_two_edits_of_one_version_of_a_connection_one_wins(house: House, connection: Connection) -> None:
    seen = {"If-Match": '"1"'}

    won, lost = _at_once(house, connection, "PATCH", {"name": "North"}, {"name": "South"}, **seen)

    assert won.status_code == 200
    check_problem(lost, 412, "changed", "If-Match")


def test_a_connection_is_removed_once(house: House, connection: Connection) -> None:
    removed, late = _at_once(house, connection, "DELETE", None, None)

    assert removed.status_code == 204
    check_problem(late, 404, "not_found")


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

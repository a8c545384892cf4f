"""Units that are kept back while a channel is stale: also from those who come at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text

from api.app import Door
from hub.queries import checks as query
from hub.services import checks
from sync.runtime import Runtime
from tests.api.houses import House, check_problem
from tests.api.linked import FEED
from tests.api.live import _well as _well
from tests.api.live import forget, hang, let_go, patient, policy, read_before
from tests.concurrency.together import together
from tests.fakes.feed_server import Answer, FeedServer
from tests.sync.calendars import calendar
from workers.listening import Listener


@pytest.fixture
def stale(house: House, channel: FeedServer) -> House:
    """Three free rooms of which two are kept back: one can be sold."""
    policy(house, "flag", check_deadline_ms=100)
    house.ask("PATCH", f"/unit-types/{house.unit_type_id}", json={"safety_margin": 2})
    read_before(house, channel)  # nobody listens and reads it again
    house.work(
        lambda session: session.execute(text("UPDATE links SET verified_at = verified_at - interval '1 day'"))
    )
    return house


def sold_at_once(house: House, rooms: tuple[str, ...]) -> list[int]:
    """Each its own room, so that no unit's lock keeps one from another."""
    ended = together([partial(house.post, "/bookings", house.stay(20, 23, unit_id=room)) for room in rooms])
    assert not [one for one in ended if isinstance(one, Exception)]
    return sorted(one.status_code for one in ended if not isinstance(one, Exception))


def test_of_those_who_come_at_once_no_more_are_served_than_may_be(stale: House) -> None:
    assert sold_at_once(stale, stale.rooms) == [201, 409, 409]


def never_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two count before either of them takes anything."""
    counted = threading.Barrier(2, timeout=20)
    keep_back: Callable[..., None] = checks._keep_back

    def together_with_another(*args: Any) -> None:
        keep_back(*args)
        counted.wait()

    monkeypatch.setattr(query, "take_turns", lambda *_: None)
    monkeypatch.setattr(checks, "_keep_back", together_with_another)


def test_without_taking_turns_too_many_would_be(stale: House, monkeypatch: pytest.MonkeyPatch) -> None:
    never_in_turn(monkeypatch)
    assert sold_at_once(stale, stale.rooms[1:]) == [201, 201]


@pytest.fixture
def listens(runtime: Runtime) -> Iterator[None]:
    listener = Listener(runtime)
    listener.begin()
    yield
    listener.end()


def test_the_last_unit_of_a_type_is_kept_back_while_a_channel_is_stale(
    house: House, channel: FeedServer, door: Door, listens: None
) -> None:
    policy(house, "flag")
    answer = house.ask("PATCH", f"/unit-types/{house.unit_type_id}", json={"safety_margin": 1})
    assert answer.status_code == 200, answer.text
    read_before(house, channel)
    hang(channel)

    assert [house.post("/bookings", house.stay(20, 23)).status_code for _ in range(2)] == [201, 201]
    refused = check_problem(house.post("/bookings", house.stay(20, 23)), 409, "kept_back", "items[0]")
    assert "Seaside Rentals" in refused["detail"]

    channel.answer(FEED, Answer(body=calendar()))
    let_go(house)
    house.work(lambda session: session.execute(text("UPDATE links SET failures = 0")))
    forget(door)
    patient(house)
    assert house.post("/bookings", house.stay(20, 23)).status_code == 201


@pytest.fixture
def villa(stale: House) -> str:
    """Room 1 and Room 2 together, the only one of its type, which is kept back; rooms are not."""
    stale.ask("PATCH", f"/unit-types/{stale.unit_type_id}", json={"safety_margin": 0})
    kind = {
        "property_id": stale.property_id,
        "name": "Villa",
        "category": "home",
        "let_by": "night",
        "capacity": 4,
    }
    made = stale.post("/unit-types", kind | {"safety_margin": 1})
    assert made.status_code == 201, made.text
    body = {"unit_type_id": made.json()["id"], "name": "Villa", "parts": stale.rooms[:2]}
    answer = stale.post("/units", body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_a_room_of_the_last_villa_is_kept_back_with_it(stale: House, villa: str) -> None:
    for unit_id in (villa, stale.rooms[0]):
        refused = stale.post("/bookings", stale.stay(20, 23, unit_id=unit_id))
        assert "Villa" in check_problem(refused, 409, "kept_back", "items[0]")["detail"]
    assert stale.post("/bookings", stale.stay(20, 23, unit_id=stale.rooms[2])).status_code == 201


def test_a_room_takes_nothing_from_a_villa_that_cannot_be_had_anyway(stale: House, villa: str) -> None:
    policy(stale, "off")
    stale.work(lambda session: session.execute(text("UPDATE unit_types SET safety_margin = 0")))
    one = stale.post("/bookings", stale.stay(20, 23, unit_id=stale.rooms[0])).json()
    policy(stale, "flag", check_deadline_ms=100)
    stale.work(lambda s: s.execute(text("UPDATE unit_types SET safety_margin = 1 WHERE name = 'Villa'")))

    item = {"item_id": one["items"][0]["id"], "unit_id": stale.rooms[1]}
    moved = stale.post(f"/bookings/{one['id']}/move", {"items": [item]})
    assert moved.status_code == 200, moved.text
    assert stale.post("/bookings", stale.stay(20, 23, unit_id=stale.rooms[0])).status_code == 201


def test_the_last_rooms_are_kept_back_from_who_wants_the_villa(stale: House, villa: str) -> None:
    stale.work(lambda session: session.execute(text("UPDATE unit_types SET safety_margin = 0")))
    stale.ask("PATCH", f"/unit-types/{stale.unit_type_id}", json={"safety_margin": 2})
    refused = stale.post("/bookings", stale.stay(20, 23, unit_id=villa))
    check_problem(refused, 409, "kept_back", "items[0]")


def _wing(house: House, villa: str) -> str:
    """Another of the villa's type, which has none of its rooms."""
    kind = house.get(f"/units/{villa}").json()["unit_type_id"]
    rooms = [
        house.post("/units", {"unit_type_id": house.unit_type_id, "name": f"Attic {n}"}).json()["id"]
        for n in (1, 2)
    ]
    made = house.post("/units", {"unit_type_id": kind, "name": "Wing", "parts": rooms})
    assert made.status_code == 201, made.text
    return str(rooms[0])


def test_who_wants_a_room_of_one_villa_and_who_wants_one_of_the_other_take_turns(
    stale: House, villa: str
) -> None:
    assert sold_at_once(stale, (stale.rooms[0], _wing(stale, villa))) == [201, 409]


def test_without_taking_turns_both_villas_would_be_gone(
    stale: House, villa: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    never_in_turn(monkeypatch)
    assert sold_at_once(stale, (stale.rooms[0], _wing(stale, villa))) == [201, 201]

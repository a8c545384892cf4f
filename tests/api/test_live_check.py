"""Channels are asked before a booking is accepted; what it means that one does not answer is a policy."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from api.app import Door
from sync import answers
from sync.runtime import Runtime
from tests.api.houses import House, check_problem, day
from tests.api.linked import FEED, linked, pulled, says
from tests.concurrency.together import together, until
from tests.fakes.counting_server import CountingServer
from tests.fakes.feed_server import Answer, FeedServer
from tests.sync.calendars import calendar, nights
from tests.sync.calendars import day as date_of
from workers.listening import Listener

DEADLINE_MS = 600
SLACK = 0.3
HANGS = 30.0
"""Seconds; nobody waits for that"""


@pytest.fixture(autouse=True)
def _listens(runtime: Runtime) -> Iterator[None]:
    """What the puller has beside its queue."""
    listener = Listener(runtime)
    listener.begin()
    yield
    listener.end()


@pytest.fixture(autouse=True)
def _well(door: Door) -> None:
    """No host is remembered for what it did in another test: they have one name."""
    door.http.state.checker._breakers.clear()


def policy(house: House, name: str, **more: Any) -> None:
    body = {"check_policy": name, "check_deadline_ms": DEADLINE_MS} | more
    answer = house.ask("PATCH", f"/properties/{house.property_id}", json=body)
    assert answer.status_code == 200, answer.text


def read_before(house: House, channel: FeedServer, **fields: Any) -> dict[str, Any]:
    """A link that was read when its calendar was empty, longer ago than its property takes for fresh."""
    channel.answer(FEED, Answer(body=calendar()))
    made = linked(house, channel, **fields)
    pulled(house, made)
    house.work(
        lambda session: session.execute(
            text(
                "UPDATE links SET verified_at = verified_at - interval '1 minute',"
                " next_pull_at = now() + interval '10 minutes' WHERE id = CAST(:id AS uuid)"
            ),
            {"id": made["id"]},
        )
    )
    return made


def hang(channel: FeedServer) -> None:
    channel.answer(FEED, Answer(body=calendar(), delay=HANGS))


def stay(house: House, arrival: int = 20, departure: int = 23, **fields: Any) -> Any:
    return house.post("/bookings", house.stay(arrival, departure, unit_id=house.rooms[0]) | fields)


def evidence(house: House, booked: dict[str, Any]) -> list[dict[str, Any]]:
    answer = house.get(f"/bookings/{booked['id']}/checks")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def test_an_event_that_appeared_a_second_ago_refuses_the_booking_and_names_its_channel(
    house: House, channel: FeedServer
) -> None:
    read_before(house, channel)
    says(channel, nights("a", date_of(21), date_of(22)))

    refused = check_problem(stay(house), 409, "sold_out", "items[0]")
    assert "Seaside Rentals" in refused["errors"][1]["message"]
    assert stay(house, 22, 24).status_code == 201, "the other nights are free"


def test_without_the_check_the_same_booking_is_accepted(house: House, channel: FeedServer) -> None:
    read_before(house, channel)
    policy(house, "off")
    says(channel, nights("a", date_of(21), date_of(22)))

    booked = stay(house)
    assert booked.status_code == 201
    assert booked.json()["check"] == {"state": "unchecked", "at": None}
    assert evidence(house, booked.json()) == []


def test_what_the_channels_said_is_kept_with_the_booking(house: House, channel: FeedServer) -> None:
    link = read_before(house, channel)
    channel.answer(FEED, Answer(body=calendar(), etag='"v7"', headers={"ETag": '"v7"'}))

    booked = stay(house).json()
    assert booked["check"]["state"] == "verified"
    (said,) = evidence(house, booked)
    assert (said["link_id"], said["channel"], said["scope"]) == (link["id"], "Seaside Rentals", "Room 1")
    assert (said["verdict"], said["stage"], said["version"]) == ("answered", "booked", '"v7"')
    assert said["verified_at"] >= said["at"]
    assert said["age_seconds"] == 0
    assert 0 < said["duration_ms"] < 2000


def test_a_channel_that_was_known_a_moment_ago_is_not_asked_again(house: House, channel: FeedServer) -> None:
    policy(house, "refuse", check_age_seconds=3600)
    read_before(house, channel)
    asked = len(channel.requests(FEED))

    booked = stay(house)
    assert booked.status_code == 201
    assert len(channel.requests(FEED)) == asked
    (said,) = evidence(house, booked.json())
    assert said["verdict"] == "fresh"
    assert 60 <= said["age_seconds"] < 120


def test_what_can_never_be_is_refused_before_anybody_is_asked(house: House, channel: FeedServer) -> None:
    read_before(house, channel)
    asked = len(channel.requests(FEED))
    check_problem(stay(house, guests=99), 422, "over_capacity", "guests")
    assert len(channel.requests(FEED)) == asked


def test_a_channel_that_hangs_costs_the_first_booking_its_deadline_and_the_next_ones_nothing(
    house: House, channel: FeedServer
) -> None:
    policy(house, "flag")
    read_before(house, channel)
    hang(channel)

    took = []
    for arrival in (20, 30, 40):
        began = time.monotonic()
        answer = stay(house, arrival, arrival + 2)
        took.append(time.monotonic() - began)
        assert answer.json()["check"]["state"] == "flagged"

    assert DEADLINE_MS / 1000 <= took[0] <= DEADLINE_MS / 1000 + SLACK
    assert max(took[1:]) < DEADLINE_MS / 1000 / 2
    assert [said["verdict"] for said in evidence(house, answer.json())] == ["spared"]


def test_without_the_breaker_each_booking_would_wait(house: House, channel: FeedServer, door: Door) -> None:
    policy(house, "flag")
    read_before(house, channel)
    hang(channel)
    stay(house, 20, 22)

    door.http.state.checker._breakers.clear()
    began = time.monotonic()
    stay(house, 30, 32)
    assert time.monotonic() - began >= DEADLINE_MS / 1000


def test_where_the_policy_is_to_refuse_a_silent_channel_refuses_and_is_named(
    house: House, channel: FeedServer
) -> None:
    policy(house, "refuse")
    link = read_before(house, channel)
    hang(channel)

    refused = check_problem(stay(house), 409, "channel_unverified", "items[0]")
    (reason,) = refused["errors"]
    assert reason["message"].startswith(
        "Room 1 cannot be sold before its channels have been asked: Seaside Rentals (Room 1) did not answer"
    )
    assert (reason["link_id"], reason["verdict"]) == (link["id"], "late")
    assert house.get("/bookings").json()["items"] == []


def test_an_error_of_the_channel_refuses_at_once_and_says_which(house: House, channel: FeedServer) -> None:
    policy(house, "refuse", check_deadline_ms=20000)
    read_before(house, channel)
    channel.answer(FEED, Answer(body=b"<html>sorry</html>", headers={"Content-Type": "text/html"}))

    (reason,) = check_problem(stay(house), 409, "channel_unverified", "items[0]")["errors"]
    assert "could not be read" in reason["message"]
    assert reason["verdict"] == "failed"


def test_a_link_that_needs_a_person_first_is_not_waited_for(house: House, channel: FeedServer) -> None:
    policy(house, "refuse", check_deadline_ms=20000)
    link = read_before(house, channel)
    house.work(
        lambda session: session.execute(
            text("UPDATE links SET state = 'needs_auth', state_reason = 'sign in again' WHERE id = :id"),
            {"id": UUID(link["id"])},
        )
    )
    (reason,) = check_problem(stay(house), 409, "channel_unverified", "items[0]")["errors"]
    assert reason["verdict"] == "unreachable"
    assert "sign in again" in reason["message"]


def test_a_link_that_a_person_paused_refuses_nothing(house: House, channel: FeedServer) -> None:
    policy(house, "refuse")
    link = read_before(house, channel)
    house.post(f"/links/{link['id']}/pause")
    booked = stay(house)
    assert booked.status_code == 201
    assert [said["verdict"] for said in evidence(house, booked.json())] == ["paused"]


def test_a_flagged_booking_is_verified_once_its_channel_answers(
    house: House, channel: FeedServer, runtime: Runtime
) -> None:
    policy(house, "flag")
    link = read_before(house, channel)
    hang(channel)
    booked = stay(house).json()
    assert (booked["status"], booked["check"]["state"]) == ("confirmed", "flagged")
    answers.settle(runtime)
    assert house.get(f"/bookings/{booked['id']}").json()["check"]["state"] == "flagged"

    channel.answer(FEED, Answer(body=calendar()))
    _let_go(house, link)
    pulled(house, link)
    answers.settle(runtime)
    now = house.get(f"/bookings/{booked['id']}").json()
    assert now["check"]["state"] == "verified"
    assert now["version"] == booked["version"], "it is no edit"
    assert [said["stage"] for said in evidence(house, booked)] == ["awaited", "booked"]


def test_a_booking_is_held_until_its_channel_answers_and_then_confirmed(
    house: House, channel: FeedServer, runtime: Runtime
) -> None:
    policy(house, "hold")
    link = read_before(house, channel)
    hang(channel)
    booked = stay(house).json()
    assert (booked["status"], booked["check"]["state"]) == ("held", "awaiting")
    assert booked["hold_until"] is not None
    check_problem(stay(house), 409, "sold_out", "items[0]")
    answers.settle(runtime)
    assert house.get(f"/bookings/{booked['id']}").json()["status"] == "held"

    channel.answer(FEED, Answer(body=calendar()))
    _let_go(house, link)
    pulled(house, link)
    answers.settle(runtime)
    now = house.get(f"/bookings/{booked['id']}").json()
    assert (now["status"], now["check"]["state"], now["hold_until"]) == ("confirmed", "verified", None)


def test_a_booking_that_waits_is_cancelled_where_its_channel_had_sold_the_nights(
    house: House, channel: FeedServer, runtime: Runtime
) -> None:
    policy(house, "hold")
    link = read_before(house, channel)
    hang(channel)
    booked = stay(house).json()

    says(channel, nights("a", date_of(21), date_of(22)))
    _let_go(house, link)
    pulled(house, link)
    answers.settle(runtime)
    now = house.get(f"/bookings/{booked['id']}").json()
    assert now["status"] == "cancelled"
    assert "Seaside Rentals" in now["cancel_reason"]


def test_a_hold_is_checked_again_when_it_is_confirmed(house: House, channel: FeedServer) -> None:
    read_before(house, channel)
    held = stay(house, status="held").json()
    assert held["check"]["state"] == "verified"
    says(channel, nights("a", date_of(21), date_of(22)))
    _age(house)

    refused = check_problem(house.post(f"/bookings/{held['id']}/confirm"), 409, "sold_out", "items[0]")
    assert "Seaside Rentals" in refused["errors"][-1]["message"]


def test_what_is_moved_is_checked_where_it_goes(house: House, channel: FeedServer) -> None:
    read_before(house, channel)
    booked = stay(house).json()
    says(channel, nights("a", date_of(31), date_of(32)))
    _age(house)

    item = {"item_id": booked["items"][0]["id"], "arrival": day(30), "departure": day(33)}
    refused = check_problem(
        house.post(f"/bookings/{booked['id']}/move", {"items": [item]}), 409, "sold_out", "items[0]"
    )
    assert "Seaside Rentals" in refused["errors"][1]["message"]


def test_fifty_bookings_at_once_cause_one_fetch_and_one_sale(house: House, channel: FeedServer) -> None:
    policy(house, "refuse", check_deadline_ms=20000)
    with CountingServer(calendar(), 0.3) as slow:
        answer = house.post(
            "/links",
            {
                "connection_id": _connection(house),
                "direction": "import",
                "settings": {"url": slow.url("/a.ics")},
                "unit_id": house.rooms[0],
            },
        )
        assert answer.status_code == 201, answer.text
        pulled(house, answer.json())
        _age(house)
        before = slow.total()
        ended = together([partial(stay, house)] * 50)

        codes = [one.status_code for one in ended if not isinstance(one, Exception)]
        assert sorted(codes) == [201] + [409] * 49
        assert slow.total() - before == 1


def test_any_unit_of_a_type_is_one_whose_channels_answered(house: House, channel: FeedServer) -> None:
    policy(house, "refuse", check_deadline_ms=20000)
    read_before(house, channel)
    hang(channel)

    began = time.monotonic()
    booked = house.post("/bookings", house.stay(20, 23))
    assert booked.status_code == 201, booked.text
    assert booked.json()["items"][0]["unit_id"] in house.rooms[1:]
    assert time.monotonic() - began < 5, "nobody waits for Room 1 while others are free"


def test_the_last_unit_of_a_type_is_kept_back_while_a_channel_is_stale(
    house: House, channel: FeedServer, door: Door
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
    _let_go_all(house)
    house.work(lambda session: session.execute(text("UPDATE links SET failures = 0")))
    door.http.state.checker._breakers.clear()
    until(lambda: house.post("/bookings", house.stay(20, 23)).status_code == 201, within=30, what="sold")


def test_channels_are_asked_on_purpose(house: House, channel: FeedServer) -> None:
    policy(house, "off")
    link = read_before(house, channel)
    says(channel, nights("a", date_of(21), date_of(22)))

    body = {"unit_type_id": house.unit_type_id, "arrival": day(20), "departure": day(23)}
    said = house.post("/conflicts/check", body)
    assert said.status_code == 200, said.text
    units = {one["unit_id"]: one for one in said.json()["units"]}
    assert [units[room]["free"] for room in house.rooms] == [False, True, True]
    assert "Seaside Rentals" in units[house.rooms[0]]["taken_by"][0]
    (seen,) = said.json()["channels"]
    assert (seen["link_id"], seen["verdict"]) == (link["id"], "answered")


def test_what_is_asked_on_purpose_names_what_is_wrong_with_the_question(house: House) -> None:
    span = {"arrival": day(20), "departure": day(23)}
    check_problem(house.post("/conflicts/check", span), 422, "one_of")
    nobody = span | {"unit_id": str(UUID(int=7))}
    check_problem(house.post("/conflicts/check", nobody), 422, "unknown", "unit_id")
    cars = span | {"unit_type_id": house.car_type_id}
    check_problem(house.post("/conflicts/check", cars), 422, "let_by_hour", "arrival")


def _connection(house: House) -> str:
    made = house.post("/connections", {"connector": "ical", "name": "Seaside Rentals"})
    return str(made.json()["id"])


def _age(house: House) -> None:
    """What was verified, was so a minute earlier."""
    house.work(
        lambda session: session.execute(
            text("UPDATE links SET verified_at = verified_at - interval '1 minute'")
        )
    )


def _let_go(house: House, link: dict[str, Any]) -> None:
    """Whoever hangs there has lost the link: by the database's clock, which no test can move."""
    house.work(
        lambda session: session.execute(
            text("UPDATE links SET lease_until = 'epoch', attempts = 0 WHERE id = :id"),
            {"id": UUID(link["id"])},
        )
    )


def _let_go_all(house: House) -> None:
    house.work(lambda session: session.execute(text("UPDATE links SET lease_until = 'epoch', attempts = 0")))


def test_how_long_a_property_takes_a_channel_for_fresh_is_its_own_affair(house: House) -> None:
    policy(house, "hold", check_age_seconds=300)
    said = house.get(f"/properties/{house.property_id}").json()
    assert (said["check_policy"], said["check_age_seconds"], said["check_deadline_ms"]) == (
        "hold",
        300,
        DEADLINE_MS,
    )
    kind = f"/unit-types/{house.unit_type_id}"
    made = house.ask("PATCH", kind, json={"check_policy": "refuse", "check_age_seconds": 5}).json()
    assert (made["check_policy"], made["check_age_seconds"], made["check_deadline_ms"]) == ("refuse", 5, None)
    back = house.ask("PATCH", kind, json={"check_policy": "property"}).json()
    assert (back["check_policy"], back["check_age_seconds"]) == (None, None)
    assert timedelta(seconds=said["check_age_seconds"]) == timedelta(minutes=5)

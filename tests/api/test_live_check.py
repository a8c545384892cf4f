"""Channels are asked before a booking is accepted; what it means that one does not answer is a policy."""

from __future__ import annotations

import time
from datetime import timedelta
from functools import partial
from uuid import UUID

from tests.api.houses import House, check_problem, day
from tests.api.linked import FEED, connected, pulled, says
from tests.api.live import (
    DEADLINE_MS,
    PATIENT_MS,
    age,
    evidence,
    hang,
    patient,
    policy,
    read_before,
    stay,
)
from tests.api.live import _listens as _listens
from tests.api.live import _well as _well
from tests.concurrency.together import together
from tests.fakes.counting_server import CountingServer
from tests.fakes.feed_server import Answer, FeedServer
from tests.sync.calendars import calendar, nights
from tests.sync.calendars import day as date_of


def test_an_event_that_appeared_a_second_ago_refuses_the_booking_and_names_its_channel(
    house: House, channel: FeedServer
) -> None:
    patient(house)
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
    patient(house)
    link = read_before(house, channel)
    channel.answer(FEED, Answer(body=calendar(), etag='"v7"', headers={"ETag": '"v7"'}))

    booked = stay(house).json()
    assert booked["check"]["state"] == "verified"
    (said,) = evidence(house, booked)
    assert (said["link_id"], said["channel"], said["scope"]) == (link["id"], "Seaside Rentals", "Room 1")
    assert (said["verdict"], said["stage"], said["version"]) == ("answered", "booked", '"v7"')
    assert said["verified_at"] >= said["at"]
    assert said["age_seconds"] == 0
    assert 0 < said["duration_ms"] < PATIENT_MS


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


def test_a_hold_is_checked_again_when_it_is_confirmed(house: House, channel: FeedServer) -> None:
    patient(house)
    read_before(house, channel)
    held = stay(house, status="held").json()
    assert held["check"]["state"] == "verified"
    says(channel, nights("a", date_of(21), date_of(22)))
    age(house)

    refused = check_problem(house.post(f"/bookings/{held['id']}/confirm"), 409, "sold_out", "items[0]")
    assert "Seaside Rentals" in refused["errors"][-1]["message"]


def test_what_is_moved_is_checked_where_it_goes(house: House, channel: FeedServer) -> None:
    patient(house)
    read_before(house, channel)
    booked = stay(house).json()
    says(channel, nights("a", date_of(31), date_of(32)))
    age(house)

    item = {"item_id": booked["items"][0]["id"], "arrival": day(30), "departure": day(33)}
    refused = check_problem(
        house.post(f"/bookings/{booked['id']}/move", {"items": [item]}), 409, "sold_out", "items[0]"
    )
    assert "Seaside Rentals" in refused["errors"][1]["message"]


def test_fifty_bookings_at_once_cause_one_fetch_and_one_sale(house: House, channel: FeedServer) -> None:
    patient(house, "refuse", check_age_seconds=30)  # however long fifty take
    with CountingServer(calendar(), 0.3) as slow:
        answer = house.post(
            "/links",
            {
                "connection_id": connected(house)["id"],
                "direction": "import",
                "settings": {"url": slow.url("/a.ics")},
                "unit_id": house.rooms[0],
            },
        )
        assert answer.status_code == 201, answer.text
        pulled(house, answer.json())
        age(house)
        before = slow.total()
        ended = together([partial(stay, house)] * 50)

        codes = [one.status_code for one in ended if not isinstance(one, Exception)]
        assert sorted(codes) == [201] + [409] * 49
        assert slow.total() - before == 1


def test_any_unit_of_a_type_is_one_whose_channels_answered(house: House, channel: FeedServer) -> None:
    patient(house, "refuse")
    read_before(house, channel)
    hang(channel)

    began = time.monotonic()
    booked = house.post("/bookings", house.stay(20, 23))
    assert booked.status_code == 201, booked.text
    assert booked.json()["items"][0]["unit_id"] in house.rooms[1:]
    assert time.monotonic() - began < PATIENT_MS / 2000, "nobody waits for Room 1 while others are free"


def test_channels_are_asked_on_purpose(house: House, channel: FeedServer) -> None:
    patient(house, "off")
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
    check_problem(house.post("/conflicts/check", span), 422, "one_of", "unit_id")
    both = span | {"unit_id": house.rooms[0], "unit_type_id": house.unit_type_id}
    check_problem(house.post("/conflicts/check", both), 422, "one_of", "unit_type_id")
    for named, words in (("unit_id", "there is no such unit"), ("unit_type_id", "there is no unit of")):
        nobody = house.post("/conflicts/check", span | {named: str(UUID(int=7))})
        assert check_problem(nobody, 422, "unknown", named)["detail"].startswith(words)
    cars = span | {"unit_type_id": house.car_type_id}
    check_problem(house.post("/conflicts/check", cars), 422, "let_by_hour", "arrival")


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

"""A channel that does not answer, or cannot be asked, costs little; what it means is the policy's affair."""

from __future__ import annotations

import time
from uuid import UUID

from sqlalchemy import text

from api.app import Door
from tests.api.houses import House, check_problem
from tests.api.linked import FEED
from tests.api.live import (
    DEADLINE_MS,
    HANGS,
    evidence,
    forget,
    hang,
    patient,
    policy,
    read_before,
    stay,
)
from tests.api.live import _listens as _listens
from tests.api.live import _well as _well
from tests.fakes.feed_server import Answer, FeedServer


def test_a_channel_that_hangs_costs_the_first_booking_its_deadline_and_the_next_ones_nothing(
    house: House, channel: FeedServer
) -> None:
    policy(house, "flag", check_deadline_ms=4000)
    read_before(house, channel)
    hang(channel)

    took, verdicts = [], []
    for arrival in (20, 30, 40):
        began = time.monotonic()
        answer = stay(house, arrival, arrival + 2)
        took.append(time.monotonic() - began)
        assert answer.json()["check"]["state"] == "flagged"
        verdicts += [said["verdict"] for said in evidence(house, answer.json())]

    assert verdicts == ["late", "spared", "spared"]
    assert 4 <= took[0] < HANGS / 2
    assert max(took[1:]) < 4


def test_without_the_breaker_each_booking_would_wait(house: House, channel: FeedServer, door: Door) -> None:
    policy(house, "flag")
    read_before(house, channel)
    hang(channel)
    stay(house, 20, 22)

    forget(door)
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
    patient(house, "refuse")
    read_before(house, channel)
    channel.answer(FEED, Answer(body=b"<html>sorry</html>", headers={"Content-Type": "text/html"}))

    (reason,) = check_problem(stay(house), 409, "channel_unverified", "items[0]")["errors"]
    assert "could not be read" in reason["message"]
    assert reason["verdict"] == "failed"


def test_a_link_that_needs_a_person_first_is_not_waited_for(house: House, channel: FeedServer) -> None:
    patient(house, "refuse")
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

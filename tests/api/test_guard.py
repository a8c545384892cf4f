"""A guarded link at the door: what it says, and a person's word on it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.houses import House, check_problem
from tests.api.linked import linked, pulled, says
from tests.conftest import FrozenClock
from tests.fakes.feed_server import FeedServer
from tests.sync.calendars import day, nights


@pytest.fixture
def guarded(house: House, channel: FeedServer, clock: FrozenClock) -> dict[str, Any]:
    """The calendar of three stays is empty at its second reading."""
    says(channel, *(nights(f"s{n}", day(20 + 5 * n), day(23 + 5 * n)) for n in range(3)))
    link = linked(house, channel)
    pulled(house, link)
    says(channel)
    pulled(house, link)
    return link


def test_a_guarded_link_says_why_and_what_would_be_freed(house: House, guarded: dict[str, Any]) -> None:
    shown = house.get(f"/links/{guarded['id']}").json()

    assert shown["state"] == "guarded"
    assert "the calendar is empty although 3 stays were held: 9 nights" in shown["state_reason"]
    assert shown["guard"]["freed"][0] == [str(day(20)), str(day(23))]
    assert shown["next_pull_at"] is not None
    events = house.get(f"/links/{guarded['id']}/events").json()["items"]
    assert all(event["missing_since"] for event in events)


def test_releasing_frees_at_once(house: House, guarded: dict[str, Any]) -> None:
    answer = house.post(f"/links/{guarded['id']}/accept-guard", {"action": "release"})

    assert (answer.status_code, answer.json()["state"], answer.json()["guard"]) == (200, "active", None)
    assert house.get(f"/links/{guarded['id']}/events").json()["items"] == []
    history = house.get("/audit", entity="external_event").json()["items"]
    assert [row["action"] for row in history[:3]] == ["released"] * 3


def test_keeping_holds_it_and_one_event_can_be_released_later(house: House, guarded: dict[str, Any]) -> None:
    kept = house.post(f"/links/{guarded['id']}/accept-guard", {"action": "keep"})
    assert (kept.status_code, kept.json()["state"]) == (200, "active")
    events = house.get(f"/links/{guarded['id']}/events").json()["items"]
    assert all(event["kept_at"] and not event["missing_since"] for event in events)

    body = {"action": "release", "event_ids": [events[0]["id"]]}
    assert house.post(f"/links/{guarded['id']}/accept-guard", body).status_code == 200

    left = house.get(f"/links/{guarded['id']}/events").json()["items"]
    assert [event["id"] for event in left] == [event["id"] for event in events[1:]]


def test_where_nothing_waits_there_is_nothing_to_decide(house: House, channel: FeedServer) -> None:
    says(channel)
    link = linked(house, channel)

    answer = house.post(f"/links/{link['id']}/accept-guard", {"action": "release"})

    check_problem(answer, 409, "nothing_waits")


@pytest.mark.parametrize("wrong", [{"action": "maybe"}, {"event_ids": []}, {"event_ids": ["x"]}])
def test_a_decision_that_is_none_is_refused(
    house: House, guarded: dict[str, Any], wrong: dict[str, Any]
) -> None:
    answer = house.post(f"/links/{guarded['id']}/accept-guard", {"action": "release"} | wrong)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith(next(iter(wrong)))
    assert house.get(f"/links/{guarded['id']}").json()["state"] == "guarded"


@pytest.mark.parametrize("named", [False, True], ids=["all", "one"])
def test_who_does_not_say_what_to_do_frees_nothing(
    house: House, guarded: dict[str, Any], named: bool
) -> None:
    events = house.get(f"/links/{guarded['id']}/events").json()["items"]
    body = {"event_ids": [events[0]["id"]]} if named else {}

    answer = house.post(f"/links/{guarded['id']}/accept-guard", body)

    check_problem(answer, 422, "missing", "action")
    assert house.get(f"/links/{guarded['id']}").json()["state"] == "guarded"
    assert house.get(f"/links/{guarded['id']}/events").json()["items"] == events


def test_what_would_be_freed_is_told_with_when_and_the_ways_out(
    house: House, guarded: dict[str, Any], clock: FrozenClock
) -> None:
    answer = house.get(f"/links/{guarded['id']}/guard")

    told = answer.json()
    assert (answer.status_code, told["tripped"], told["total"]) == (200, True, 3)
    assert told["why"] == house.get(f"/links/{guarded['id']}").json()["state_reason"]
    first = told["events"][0]
    assert (first["first"], first["after"]) == (str(day(20)), str(day(23)))
    assert (first["unit_ids"], first["reads"], first["needs"]) == ([house.rooms[0]], 1, 3)
    assert first["missing_since"] <= first["freed_at"] <= told["freed_at"]
    assert [way["action"] for way in told["ways"]] == ["release", "keep"]
    assert "Reserved" not in answer.text

    body = {"action": "release", "event_ids": [first["event_id"]]}
    assert house.post(f"/links/{guarded['id']}/accept-guard", body).status_code == 200
    assert house.get(f"/links/{guarded['id']}/guard").json()["total"] == 2


def test_where_nothing_waits_nothing_is_told(house: House, channel: FeedServer) -> None:
    says(channel)
    link = linked(house, channel)

    told = house.get(f"/links/{link['id']}/guard").json()

    assert told == {
        "link_id": link["id"],
        "tripped": False,
        "why": None,
        "since": None,
        "freed_at": None,
        "total": 0,
        "events": [],
        "ways": [],
    }
    check_problem(house.get(f"/links/{link['connection_id']}/guard"), 404, "not_found")


def test_guarded_links_are_listed_and_say_what_to_do(
    house: House, guarded: dict[str, Any], channel: FeedServer
) -> None:
    other = linked(house, channel, unit_id=house.rooms[1])

    (found,) = house.get("/links", state="guarded").json()["items"]
    calm = house.get(f"/links/{other['id']}").json()

    assert found["id"] == guarded["id"]
    assert found["words"].startswith("guarded: its calendar lost much at once")
    assert found["to_do"].startswith("release it if that is right, keep it if it is not")
    assert (calm["to_do"], calm["words"][:4]) == (None, "new:")

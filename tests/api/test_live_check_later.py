"""What was accepted on a channel's word, or without it, and is moved, moved aside, or answered later."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from hub import clock
from hub.domain.evidence import Evidence
from hub.services import checks, confirming, rebooking
from hub.services.checks import Judged, Unasked
from hub.services.rebooking import MoveRequest
from sync import answers
from sync.pull import pull
from sync.runtime import Runtime
from tests.api.houses import House, check_problem, instant
from tests.api.linked import FEED, connected, linked, pulled, says
from tests.api.live import _listens as _listens
from tests.api.live import _well as _well
from tests.api.live import evidence, hang, patient, policy, read_before, stay
from tests.fakes.counting_server import CountingServer
from tests.fakes.feed_server import Answer, FeedServer
from tests.sync.calendars import calendar, nights
from tests.sync.calendars import day as date_of
from workers.listening import Listener


def sql(house: House, statement: str, **known: Any) -> None:
    house.work(lambda session: session.execute(text(statement), known))


def read_at(
    house: House, channel: FeedServer, path: str, unit_id: str, connection_id: str | None = None
) -> dict[str, Any]:
    """A link of its own to one unit, which was read a minute ago when its calendar was empty."""
    channel.answer(path, Answer(body=calendar()))
    made = linked(
        house,
        channel,
        connection_id=connection_id or connected(house)["id"],
        settings={"url": channel.url(path)},
        unit_id=unit_id,
    )
    pulled(house, made)
    sql(
        house,
        "UPDATE links SET verified_at = now() - interval '1 minute',"
        " next_pull_at = now() + interval '10 minutes'",
    )
    return made


def read_now(house: House, link: dict[str, Any]) -> None:
    """Whoever hangs there has lost the link, and another has read it."""
    sql(house, "UPDATE links SET lease_until = 'epoch', attempts = 0 WHERE id = :id", id=UUID(link["id"]))
    pulled(house, link)


def now(house: House, booked: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = house.get(f"/bookings/{booked['id']}").json()
    return found


def state(house: House, booked: dict[str, Any]) -> str:
    return str(now(house, booked)["check"]["state"])


def test_what_was_flagged_and_had_been_sold_by_its_channel_is_never_called_verified(
    house: House, channel: FeedServer, runtime: Runtime
) -> None:
    policy(house, "flag")
    link = read_before(house, channel)
    hang(channel)
    booked = stay(house).json()
    other = stay(house, 30, 32).json()
    says(channel, nights("a", date_of(21), date_of(22)))
    read_now(house, link)
    answers.settle(runtime)
    assert (state(house, booked), state(house, other)) == ("flagged", "verified")


def test_a_channel_that_is_silent_for_days_keeps_no_other_booking_from_being_verified(
    house: House, channel: FeedServer, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy(house, "flag")
    silent = read_before(house, channel)
    link = read_at(house, channel, "/b.ics", house.rooms[1])
    sql(house, "UPDATE links SET state = 'needs_auth'")
    old = stay(house).json()
    booked = house.post("/bookings", house.stay(20, 23, unit_id=house.rooms[1])).json()
    sql(house, "UPDATE links SET state = 'active' WHERE id = :id", id=UUID(link["id"]))
    read_now(house, link)

    monkeypatch.setattr(answers, "BATCH", 1)
    for _ in range(40):
        answers.settle(runtime)
    assert (state(house, old), state(house, booked)) == ("flagged", "verified"), silent["id"]


def test_what_was_said_before_the_booking_was_moved_does_not_verify_it(
    house: House, channel: FeedServer, runtime: Runtime
) -> None:
    policy(house, "flag")
    link = read_before(house, channel)
    hang(channel)
    booked = stay(house).json()
    channel.answer(FEED, Answer(body=calendar()))
    read_now(house, link)
    booking_id = UUID(booked["id"])
    before = house.work(partial(answers._asked, booking_id=booking_id))
    assert before is not None

    sql(house, "UPDATE bookings SET check_at = now() WHERE id = :id", id=booking_id)  # it was moved
    assert house.work(partial(confirming.answered, booking_id=booking_id, evidence=before)) is None
    assert state(house, booked) == "flagged"
    read_now(house, link)
    answers.settle(runtime)
    assert state(house, booked) == "verified"


def test_what_waits_to_be_confirmed_and_is_moved_to_where_nobody_need_be_asked_is_confirmed_there(
    house: House, channel: FeedServer, runtime: Runtime
) -> None:
    policy(house, "hold")
    read_before(house, channel)
    hang(channel)
    booked = stay(house).json()
    assert booked["check"]["state"] == "awaiting"
    item = {"item_id": booked["items"][0]["id"], "unit_id": house.rooms[1]}
    moved = house.post(f"/bookings/{booked['id']}/move", {"items": [item]})
    assert (moved.status_code, moved.json()["check"]["state"]) == (200, "awaiting")

    answers.settle(runtime)
    assert now(house, booked)["status"] == "confirmed"


def test_a_hold_that_was_moved_while_it_was_being_confirmed_is_judged_where_it_lies(
    house: House, channel: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_before(house, channel)
    held = house.post("/bookings", house.stay(20, 23, unit_id=house.rooms[1], status="held")).json()
    booking_id, item_id = UUID(held["id"]), UUID(held["items"][0]["id"])
    judge: Callable[..., Judged] = checks.judge_standing
    moves = [[MoveRequest(item_id, UUID(house.rooms[0]))]]

    def moved_meanwhile(*args: Any, **known: Any) -> Judged:
        judged = judge(*args, **known)
        if moves:
            requests = moves.pop()
            house.work(lambda session: rebooking.move(session, booking_id, requests))
        return judged

    monkeypatch.setattr(checks, "judge_standing", moved_meanwhile)
    with pytest.raises(Unasked):
        house.work(lambda s: confirming.confirm(s, booking_id, Evidence(clock.now())))
    assert now(house, held)["status"] == "held"


def test_who_swaps_rooms_is_checked_where_each_of_them_goes(house: House, channel: FeedServer) -> None:
    policy(house, "refuse")
    one = stay(house, 20, 23).json()
    two = house.post("/bookings", house.stay(20, 22, unit_id=house.rooms[1])).json()
    read_before(house, channel)
    swap = partial(house.post, f"/bookings/{one['id']}/move", {"swap_with": two["id"]})
    hang(channel)
    check_problem(swap(), 409, "channel_unverified", "items")

    says(channel, nights("a", date_of(22), date_of(23)))
    policy(house, "flag")
    swapped = swap()
    assert (swapped.status_code, swapped.json()["check"]["state"]) == (200, "unchecked"), "Room 2 has no link"
    assert state(house, two) == "flagged", "nobody waits for that host these seconds"
    assert [said["stage"] for said in evidence(house, two)] == ["moved"]


def test_who_is_moved_aside_to_make_room_is_flagged_until_the_channels_there_have_been_read(
    house: House, channel: FeedServer, runtime: Runtime
) -> None:
    patient(house)
    links = [read_at(house, channel, f"/{room}.ics", house.rooms[room]) for room in (0, 1)]

    def booked(arrival: int, departure: int, room: int | None = None) -> dict[str, Any]:
        fields = {} if room is None else {"unit_id": house.rooms[room]}
        answer = house.post("/bookings", house.stay(arrival, departure, **fields))
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    booked(18, 30, room=2)
    booked(22, 24, room=1)
    in_the_way = booked(20, 22, room=1)
    aside = booked(20, 22)
    house.post(f"/bookings/{in_the_way['id']}/cancel")
    assert (aside["items"][0]["unit_id"], aside["check"]["state"]) == (house.rooms[0], "verified")

    assert booked(20, 24)["items"][0]["unit_id"] == house.rooms[0]
    moved = now(house, aside)
    assert (moved["items"][0]["unit_id"], moved["check"]["state"]) == (house.rooms[1], "flagged")
    for link in links:
        read_now(house, link)
    answers.settle(runtime)
    assert state(house, aside) == "verified"


def test_a_free_room_whose_channel_is_slower_is_not_called_sold_out(
    house: House, channel: FeedServer
) -> None:
    patient(house, "refuse")
    house.post("/bookings", house.stay(20, 23, unit_id=house.rooms[2]))
    read_at(house, channel, "/a.ics", house.rooms[0])
    read_at(house, channel, "/b.ics", house.rooms[1])
    channel.answer("/a.ics", Answer(body=calendar(nights("a", date_of(21), date_of(22)))))
    channel.answer("/b.ics", Answer(body=calendar(), delay=1.0))

    booked = house.post("/bookings", house.stay(20, 23))
    assert booked.status_code == 201, booked.text
    assert booked.json()["items"][0]["unit_id"] == house.rooms[1]
    assert booked.json()["check"]["state"] == "verified"


def test_to_move_from_one_room_of_a_type_to_another_takes_none_of_those_that_are_kept_back(
    house: House, channel: FeedServer
) -> None:
    policy(house, "flag")
    house.ask("PATCH", f"/unit-types/{house.unit_type_id}", json={"safety_margin": 1})
    read_before(house, channel)
    hang(channel)
    one, _ = (house.post("/bookings", house.stay(20, 23, unit_id=room)).json() for room in house.rooms[1:])
    check_problem(stay(house), 409, "kept_back", "items[0]")

    item = {"item_id": one["items"][0]["id"], "unit_id": house.rooms[0]}
    assert house.post(f"/bookings/{one['id']}/move", {"items": [item]}).status_code == 200


def test_who_hardly_waits_for_a_host_spares_it_for_nobody_who_would_wait_longer(
    house: House, channel: FeedServer
) -> None:
    policy(house, "flag")
    read_before(house, channel)
    channel.answer(FEED, Answer(body=calendar(), delay=1.5))
    assert stay(house, 20, 22).json()["check"]["state"] == "flagged"
    assert [said["verdict"] for said in evidence(house, stay(house, 40, 42).json())] == ["spared"]

    patient(house, "flag", check_age_seconds=0)
    assert stay(house, 30, 32).json()["check"]["state"] == "verified"


def test_one_calendar_that_is_none_spares_no_other_at_its_host(house: House, channel: FeedServer) -> None:
    patient(house, "flag", check_age_seconds=0)
    account = connected(house)["id"]  # by which they are spared where no host is named
    for path, unit_id in (("/a.ics", house.rooms[0]), ("/b.ics", house.rooms[1])):
        read_at(house, channel, path, unit_id, account)
    channel.answer("/a.ics", Answer(body=b"<html>sorry</html>", headers={"Content-Type": "text/html"}))

    assert stay(house).json()["check"]["state"] == "flagged"
    other = house.post("/bookings", house.stay(20, 23, unit_id=house.rooms[1])).json()
    assert other["check"]["state"] == "verified"


def test_a_booking_of_which_one_part_is_not_to_be_asked_about_is_not_called_verified(
    house: House, channel: FeedServer
) -> None:
    patient(house)
    read_before(house, channel)
    read_at(house, channel, "/car.ics", house.cars[0])
    both = house.stay(20, 23, unit_id=house.rooms[0])
    car = {"unit_id": house.cars[0], "starts_at": instant(500), "ends_at": instant(502)}
    both["items"] = [*both["items"], car]
    house.ask("PATCH", f"/unit-types/{house.car_type_id}", json={"check_policy": "off"})

    booked = house.post("/bookings", both)
    assert booked.status_code == 201, booked.text
    assert booked.json()["check"]["state"] == "unchecked"
    assert stay(house, 40, 42).json()["check"]["state"] == "verified"


def test_a_call_that_another_puller_has_answered_already_fetches_nothing(
    house: House, runtime: Runtime
) -> None:
    with CountingServer(calendar(), 0) as channel:
        body = {"connection_id": connected(house)["id"], "direction": "import", "unit_id": house.rooms[0]}
        link = house.post("/links", body | {"settings": {"url": channel.url("/a.ics")}}).json()
        said = f"{house.organization_id} {link['id']}"
        listener, begun = Listener(runtime), channel.total()
        for _ in range(3):
            listener._pull(said)
        assert channel.total() == begun + 1
        pull(runtime, house.organization_id, UUID(link["id"]), trigger="check")
        assert channel.total() == begun + 2, "whoever does not look fetches again"

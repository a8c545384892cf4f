"""A booking that was accepted without its channel's word gets it later."""

from __future__ import annotations

from hub import clock
from hub.queries import checks as query
from sync import answers
from sync.runtime import Runtime
from tests.api.houses import House, check_problem
from tests.api.linked import pulled, says
from tests.api.live import _listens as _listens
from tests.api.live import _well as _well
from tests.api.live import (
    evidence,
    let_go,
    speaks,
    stay,
    unheard,
)
from tests.fakes.feed_server import FeedServer
from tests.sync.calendars import day as date_of
from tests.sync.calendars import nights


def test_a_flagged_booking_is_verified_once_its_channel_answers(
    house: House, channel: FeedServer, runtime: Runtime
) -> None:
    link, booked = unheard(house, channel, "flag")
    assert (booked["status"], booked["check"]["state"]) == ("confirmed", "flagged")
    answers.settle(runtime)
    assert house.get(f"/bookings/{booked['id']}").json()["check"]["state"] == "flagged"

    speaks(house, channel, link)
    answers.settle(runtime)
    now = house.get(f"/bookings/{booked['id']}").json()
    assert now["check"]["state"] == "verified"
    assert now["version"] == booked["version"], "it is no edit"
    assert [said["stage"] for said in evidence(house, booked)] == ["awaited", "booked"]


def test_a_channel_that_stays_silent_has_nobody_look_at_its_bookings_again_and_again(
    house: House, channel: FeedServer
) -> None:
    link, booked = unheard(house, channel, "flag")

    def looked_at() -> list[str]:
        found = house.work(lambda session: query.unanswered(session, clock.now(), 10))
        return [str(booking.id) for booking in found]

    assert looked_at() == []
    speaks(house, channel, link)
    assert looked_at() == [booked["id"]]


def test_a_booking_is_held_until_its_channel_answers_and_then_confirmed(
    house: House, channel: FeedServer, runtime: Runtime
) -> None:
    link, booked = unheard(house, channel, "hold")
    assert (booked["status"], booked["check"]["state"]) == ("held", "awaiting")
    assert booked["hold_until"] is not None
    check_problem(stay(house), 409, "sold_out", "items[0]")
    answers.settle(runtime)
    assert house.get(f"/bookings/{booked['id']}").json()["status"] == "held"

    speaks(house, channel, link)
    answers.settle(runtime)
    now = house.get(f"/bookings/{booked['id']}").json()
    assert (now["status"], now["check"]["state"], now["hold_until"]) == ("confirmed", "verified", None)


def test_a_booking_that_waits_is_cancelled_where_its_channel_had_sold_the_nights(
    house: House, channel: FeedServer, runtime: Runtime
) -> None:
    link, booked = unheard(house, channel, "hold")

    says(channel, nights("a", date_of(21), date_of(22)))
    let_go(house)
    pulled(house, link)
    answers.settle(runtime)
    now = house.get(f"/bookings/{booked['id']}").json()
    assert now["status"] == "cancelled"
    assert "Seaside Rentals" in now["cancel_reason"]

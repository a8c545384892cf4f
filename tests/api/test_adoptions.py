"""POST links/{id}/events/{event_id}/adopt: at the door."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from sync.runtime import Runtime
from tests.api.at_google import AtGoogle, nights
from tests.api.houses import GUEST, check_problem
from tests.api.linked import linked, pulled, says
from tests.fakes.feed_server import FeedServer
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.fakes.google_calendar.errors import Refusal
from tests.sync.both_sides import wired
from tests.sync.calendars import nights as busy

STAY = nights(30)


@pytest.fixture
def google() -> Iterator[GoogleCalendar]:
    double = GoogleCalendar()
    with wired(double):
        yield double
    assert double.violations == []


@pytest.fixture
def at(client: TestClient, runtime: Runtime, google: GoogleCalendar) -> AtGoogle:
    return AtGoogle.build(client, runtime, google)


def path(at: AtGoogle) -> str:
    """To an event that somebody wrote there, adopted."""
    at.both.person.creates("Ada", STAY.arrival, STAY.departure, at.both.calendar)
    at.both.rest()
    (told,) = at.house.get(f"/links/{at.link_id}/events").json()["items"]
    return f"/links/{at.link_id}/events/{told['id']}/adopt"


def test_an_event_becomes_a_booking_once_however_often_it_is_asked(at: AtGoogle) -> None:
    adopt = path(at)
    body = {"guest": GUEST, "guests": 2, "status": "held"}

    first = at.house.post(adopt, body, Idempotency_Key="adopt")
    replayed = at.house.post(adopt, body, Idempotency_Key="adopt")
    again = at.house.post(adopt, body)

    assert first.status_code == 201, first.text
    assert first.headers["location"] == f"/api/v1/bookings/{first.json()['id']}"
    assert (replayed.status_code, again.status_code) == (201, 200)
    assert again.json() == replayed.json() == first.json()
    assert (first.json()["status"], first.json()["source"], first.json()["guests"]) == (
        "held",
        "google_calendar",
        2,
    )
    assert first.json()["guest"]["name"] == GUEST["name"]
    assert first.json()["items"][0]["arrival"] == str(STAY.arrival)
    assert at.house.get("/bookings", channel="google_calendar").json()["items"] == [first.json()]
    assert at.house.get(f"/links/{at.link_id}/events").json()["items"] == []


def test_without_a_body_it_is_confirmed_for_nobody_known(at: AtGoogle) -> None:
    booked = at.house.post(path(at)).json()

    assert (booked["status"], booked["guest"], booked["guests"]) == ("confirmed", None, 1)
    (told,) = at.house.get(f"/bookings/{booked['id']}/channels").json()["calendars"]
    assert told["state"] == "waiting"
    at.both.rest()
    (told,) = at.house.get(f"/bookings/{booked['id']}/channels").json()["calendars"]
    assert (told["state"], told["outcome"]) == ("synced", "update: done")
    assert told["event_id"] == at.both.only()["id"]


def test_an_event_on_sold_nights_is_a_conflict_in_words(at: AtGoogle) -> None:
    at.both.book(STAY)
    at.both.rest()
    at.both.person.creates("Ada", STAY.arrival, STAY.departure, at.both.calendar)
    at.both.rest()
    (told,) = at.house.get(f"/links/{at.link_id}/events").json()["items"]

    answer = at.house.post(f"/links/{at.link_id}/events/{told['id']}/adopt")

    assert answer.status_code == 409
    assert answer.json()["errors"][0]["message"]
    assert [one["type"] for one in at.house.get("/conflicts", state="open").json()["items"]] == [
        "EXTERNAL_OVERLAP"
    ]


def test_what_only_its_organiser_may_write_is_booked_all_the_same_and_told_to_be_refused(
    at: AtGoogle,
) -> None:
    booked = at.house.post(path(at)).json()
    refusal = Refusal(
        403, "forbiddenForNonOrganizer", "Shared properties can only be changed by the organizer."
    )
    at.both.google.faults.refuse(refusal, operation="events.update")
    at.both.sync()

    (told,) = at.house.get(f"/bookings/{booked['id']}/channels").json()["calendars"]

    assert told["state"] == "refused"
    assert told["words"].startswith("refused: ")
    assert at.both.link().state == "active"
    assert at.house.get(f"/bookings/{booked['id']}").json()["status"] == "confirmed"


def test_an_event_of_a_feed_and_an_unknown_one_are_not_adopted(at: AtGoogle, channel: FeedServer) -> None:
    says(channel, busy("a", nights(20).arrival, nights(20).departure))
    feed = linked(at.house, channel)
    pulled(at.house, feed)
    (told,) = at.house.get(f"/links/{feed['id']}/events").json()["items"]

    check_problem(at.house.post(f"/links/{feed['id']}/events/{told['id']}/adopt"), 409, "of_a_feed")
    check_problem(at.house.post(f"/links/{at.link_id}/events/{told['id']}/adopt"), 404, "not_found")


def test_a_unit_of_which_the_calendar_does_not_speak_is_refused(at: AtGoogle) -> None:
    adopt = path(at)

    check_problem(at.house.post(adopt, {"unit_id": at.house.rooms[1]}), 422, "elsewhere", "unit_id")
    check_problem(at.house.post(adopt, {"unit_id": at.link_id}), 422, "unknown", "unit_id")

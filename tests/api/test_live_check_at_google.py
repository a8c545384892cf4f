"""A Google calendar is asked before a booking is accepted, like any channel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from sync.runtime import Runtime
from tests.api.at_google import AtGoogle, nights
from tests.api.houses import check_problem
from tests.api.live import patient
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.sync.both_sides import a_network, wired
from workers.listening import Listener

AGO = "UPDATE links SET verified_at = verified_at - interval '1 minute'"


@pytest.fixture
def google(runtime: Runtime) -> Iterator[GoogleCalendar]:
    double = GoogleCalendar()
    listener = Listener(replace(runtime, network=a_network(double)))
    with wired(double):
        listener.begin()
        yield double
        listener.end()
    assert double.violations == []


def test_an_event_that_appeared_in_google_a_second_ago_refuses_the_booking(
    client: TestClient, runtime: Runtime, google: GoogleCalendar
) -> None:
    at = AtGoogle.build(client, runtime, google)
    patient(at.house)
    at.both.rest()
    at.house.work(lambda session: session.execute(text(AGO)))
    span, later = nights(30), nights(40)
    at.both.person.creates("Painters", span.arrival, span.departure, at.both.calendar)

    room = at.house.rooms[0]
    item = {"unit_id": room, "arrival": str(span.arrival), "departure": str(span.departure)}
    body = {"property_id": at.house.property_id, "items": [item]}
    refused = check_problem(at.house.post("/bookings", body), 409, "sold_out", "items[0]")
    channel = at.house.get("/connections").json()["items"][0]["name"]
    assert channel in refused["errors"][1]["message"]

    item = {"unit_id": room, "arrival": str(later.arrival), "departure": str(later.departure)}
    booked = at.house.post("/bookings", {"property_id": at.house.property_id, "items": [item]})
    assert booked.status_code == 201, booked.text
    assert booked.json()["check"]["state"] == "verified"
    (said,) = at.house.get(f"/bookings/{booked.json()['id']}/checks").json()["items"]
    assert said["channel"] == channel
    assert said["version"].startswith("sha256:")

"""The hundred calendars of the demo's hostel: as many as it has units, the same every time, cheap to have."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import httpx
import icalendar
import pytest

from connectors.sandbox import harbour, samples
from connectors.sandbox.server import SandboxServer, serve
from connectors.sandbox.stays import edges
from hub import clock
from tests.fakes.loopback import NO_TLS

TODAY = date(2026, 11, 21)
BUNK = "harbour-bunk-7"


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxServer]:
    server = serve(0, tmp_path / "state.json")
    yield server
    server.shutdown()
    server.server_close()


def test_every_unit_has_a_calendar_and_four_channels_share_them() -> None:
    assert len(harbour.CALENDARS) == 2 * harbour.UNITS == 96
    assert Counter(harbour.CALENDARS.values()) == dict.fromkeys(
        ("booking", "hostaway", "tripadvisor", "vrbo"), 24
    )
    assert harbour.CALENDARS.keys() <= samples.zoo(TODAY).channels.keys()


@pytest.mark.parametrize("name", harbour.CALENDARS)
def test_a_calendar_has_a_handful_of_stays_none_of_them_soon(name: str) -> None:
    """So that a guard needs three readings and no more; and the tour's own nights are free."""
    plan = harbour.plan(name)

    assert 4 <= len(plan) <= 6
    assert plan[0][0] > 7
    assert all(one + nights <= two for (one, nights, _), (two, _, _) in pairwise(plan))
    assert plan[-1][0] + plan[-1][1] < 200
    assert harbour.plan(name) == plan


def test_two_calendars_differ_although_they_are_at_one_channel() -> None:
    assert len({harbour.plan(name) for name in harbour.CALENDARS}) == len(harbour.CALENDARS)
    zoo = samples.zoo(TODAY)
    names = [stay.id for name in harbour.CALENDARS for stay in zoo.channels[name].stays.values()]
    assert len(names) == len(set(names))


def test_they_are_served_and_listed_beside_the_others(sandbox: SandboxServer) -> None:
    body = httpx.get(f"{sandbox.url}/{BUNK}.ics", verify=NO_TLS).content
    listed = httpx.get(sandbox.url, verify=NO_TLS).json()

    today = clock.today("UTC")
    begins = [event.decoded("DTSTART") for event in icalendar.Calendar.from_ical(body).walk("VEVENT")]
    assert begins == [today + timedelta(days=day) for day, _, _ in harbour.plan(BUNK)]
    assert listed[f"Booking.com, {BUNK}"] == f"{sandbox.url}/{BUNK}.ics"
    assert listed["Booking.com"] == f"{sandbox.url}/booking.ics"


def test_one_that_is_to_be_empty_is_and_the_others_are_not(sandbox: SandboxServer) -> None:
    """As the tour asks for it."""
    httpx.post(f"{sandbox.url}/zoo/{BUNK}/faults", content=json.dumps({"fault": "empty"}), verify=NO_TLS)

    assert b"VEVENT" not in httpx.get(f"{sandbox.url}/{BUNK}.ics", verify=NO_TLS).content
    assert b"VEVENT" in httpx.get(f"{sandbox.url}/harbour-bunk-8.ics", verify=NO_TLS).content


def test_a_demo_from_before_the_hostel_keeps_what_it_had_and_gets_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    with SandboxServer(0, samples.zoo(TODAY), file) as first:
        first.zoo.channels["booking"].stays.clear()
        first.keep()
    kept = json.loads(file.read_text())
    kept["channels"] = {name: kept["channels"][name] for name in samples.PLANS}
    file.write_text(json.dumps(kept))

    with SandboxServer(0, samples.zoo(TODAY + timedelta(days=30)), file) as second:
        channels = second.zoo.channels
        assert not channels["booking"].stays
        first_night = min(edges(stay.span)[0] for stay in channels[BUNK].stays.values())
    assert first_night == TODAY + timedelta(days=30 + harbour.plan(BUNK)[0][0])


def test_a_channel_that_is_asked_for_weeks_remembers_no_more_than_its_last_answers(
    sandbox: SandboxServer,
) -> None:
    for _ in range(samples.ANSWERS + 5):
        httpx.get(f"{sandbox.url}/{BUNK}.ics", verify=NO_TLS)

    assert len(sandbox.zoo.channels[BUNK].answered) == samples.ANSWERS

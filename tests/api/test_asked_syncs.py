"""POST sync-runs: everything of a category, of a few bookings, of a range of nights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from hub import clock as hub_clock
from hub.ids import new_id
from hub.models.access import MemberProperty
from hub.queries import links as links_query
from sync import linking, selecting
from sync.linking import Scope
from sync.runtime import Runtime
from tests import factories
from tests.api.at_google import AtGoogle, nights
from tests.api.houses import House, check_problem
from tests.api.linked import linked, says
from tests.fakes.feed_server import FeedServer
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.sync.both_sides import wired
from tests.sync.importing import DOMAIN

STAY, LATER = nights(30), nights(40)


@pytest.fixture
def google() -> Iterator[GoogleCalendar]:
    double = GoogleCalendar()
    with wired(double):
        yield double
    assert double.violations == []


@pytest.fixture
def at(client: TestClient, runtime: Runtime, google: GoogleCalendar) -> AtGoogle:
    return AtGoogle.build(client, runtime, google)


def asked(at: AtGoogle, first: date | None = None, to: date | None = None, **body: Any) -> set[str]:
    """The links of which runs were asked for."""
    nights = {name: str(day) for name, day in (("from", first), ("to", to)) if day}
    answer = at.house.post("/sync-runs", body | nights)
    assert answer.status_code == 202, answer.text
    return set(asked_for(at.house, answer.json()))


def asked_for(house: House, run: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The syncs that a run asked for, by link."""
    assert run["link_id"] is None
    found = house.get(f"/sync-runs/{run['id']}/children", limit=200).json()["items"]
    return {child["link_id"]: child for child in found}


def second_room(at: AtGoogle) -> str:
    """A link of the second room to a calendar of its own."""
    calendar = at.both.person.makes_calendar("Room 2", "Europe/Madrid")
    scope = Scope(unit_id=at.both.units[1])

    def link(session: Session) -> UUID:
        said = {"calendar_id": calendar}
        made = linking.link(session, at.both.connection_id, scope, "two_way", said, uid_domain=DOMAIN)
        return made.id

    return str(at.both.do(link))


def touched(at: AtGoogle) -> list[str]:
    """The things of ours that the first room's calendar is to be compared with, and what they stand for."""
    return sorted(item.local_kind or "" for item in at.both.items() if item.touched)


def test_criteria_choose_links_and_all_of_them_must_hold(at: AtGoogle, channel: FeedServer) -> None:
    first, second = at.link_id, second_room(at)
    says(channel)
    feed = linked(at.house, channel)["id"]
    place, kind = at.house.property_id, at.house.unit_type_id

    assert asked(at, property_ids=[place]) == {first, second, feed}
    assert asked(at, unit_type_ids=[kind], connectors=["google_calendar"]) == {first, second}
    assert asked(at, categories=["room"], connectors=["ical"]) == {feed}
    assert asked(at, categories=["car"]) == set()
    assert asked(at, link_ids=[second, feed]) == {second, feed}
    assert asked(at, property_ids=[place], mode="push") == {first, second}
    booked = at.both.book(STAY, unit=1)
    assert asked(at, booking_ids=[str(booked.booking.id)]) == {second}
    assert asked(at, first=STAY.arrival) == {first, second, feed}


def test_a_pull_leaves_what_we_wrote_alone(at: AtGoogle) -> None:
    at.both.book(STAY)
    at.both.rest()
    before = at.both.link()

    assert asked(at, link_ids=[at.link_id], mode="pull") == {at.link_id}

    assert touched(at) == []
    assert (at.both.link().scan_at, at.both.link().dirty_seq) == (before.scan_at, before.dirty_seq)
    assert at.both.link().next_pull_at <= hub_clock.now()


def test_only_what_lies_in_the_nights_is_compared_anew(at: AtGoogle) -> None:
    at.both.book(STAY)
    at.both.book(LATER)
    at.both.close(nights(50))
    at.both.rest()
    between = asked(at, STAY.departure, LATER.arrival, property_ids=[at.house.property_id])
    assert between == {at.link_id}
    assert touched(at) == []

    asked(at, STAY.arrival, LATER.arrival, property_ids=[at.house.property_id])
    assert touched(at) == ["booking_item"]

    asked(at, LATER.arrival, categories=["room"])
    assert touched(at) == ["blackout", "booking_item", "booking_item"]
    at.both.google.reset_log()
    at.both.rest()
    assert (touched(at), at.both.google.writes()) == ([], [])


def test_without_nights_everything_is_compared_anew(at: AtGoogle) -> None:
    booked = at.both.book(STAY)
    at.both.rest()
    assert at.both.link().scan_at is not None

    asked(at, categories=["room"])

    assert at.both.link().scan_at is None
    at.both.rest()
    assert at.shown(booked)["state"] == "synced"


def test_the_booking_that_is_named_is_compared_in_the_links_that_match_alone(at: AtGoogle) -> None:
    whole = at.both.person.makes_calendar("All rooms", "Europe/Madrid")
    scope, said = Scope(at.both.property_id), {"calendar_id": whole}

    def link(session: Session) -> UUID:
        made = linking.link(session, at.both.connection_id, scope, "two_way", said, uid_domain=DOMAIN)
        return made.id

    other = at.both.do(link)
    booked = at.both.book(STAY)
    at.both.rest()
    dirty = at.both.do(lambda session: links_query.one(session, other)).dirty_seq

    assert asked(at, booking_ids=[str(booked.booking.id)], link_ids=[at.link_id]) == {at.link_id}

    assert touched(at) == ["booking_item"]
    assert at.both.do(lambda session: links_query.one(session, other)).dirty_seq == dirty


def test_who_asks_twice_joins_the_run_that_waits(at: AtGoogle) -> None:
    one, other = (at.house.post("/sync-runs", {"link_ids": [at.link_id]}).json() for _ in range(2))

    assert (one["id"], one["progress"]["total"]) == (other["id"], 1)
    (child,) = asked_for(at.house, one).values()
    assert at.both.sync().run_id == UUID(child["id"])
    assert at.house.get(f"/sync-runs/{child['id']}").json()["state"] == "done"
    assert at.house.get(f"/sync-runs/{one['id']}").json()["state"] == "done"


def test_links_that_rest_are_told_and_feeds_only_where_they_are_named(
    at: AtGoogle, channel: FeedServer
) -> None:
    exported = linked(at.house, channel, direction="export", settings={})["id"]
    at.house.post(f"/links/{at.link_id}/pause")

    answer = at.house.post("/sync-runs", {"property_ids": [at.house.property_id]}).json()
    named = at.house.post("/sync-runs", {"link_ids": [at.link_id, exported]}).json()

    assert (answer["progress"]["total"], named["progress"]["total"]) == (0, 0)
    assert (answer["state"], asked_for(at.house, named)) == ("done", {})
    assert [(one["link_id"], one["code"]) for one in answer["left_out"]] == [(at.link_id, "not_active")]
    assert {(one["link_id"], one["code"]) for one in named["left_out"]} == {
        (at.link_id, "not_active"),
        (exported, "exports_only"),
    }


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({}, "required", "link_ids"),
        ({"mode": "pull"}, "required", "link_ids"),
        ({"from": "2027-07-02", "to": "2027-07-02"}, "empty_span", "to"),
        ({"link_ids": []}, "too_short", "link_ids"),
        ({"connectors": ["ical", "fax"]}, "unknown", "connectors[1]"),
        ({"property_ids": [str(new_id())]}, "unknown", "property_ids[0]"),
        ({"unit_type_ids": [str(new_id())]}, "unknown", "unit_type_ids[0]"),
        ({"link_ids": [str(new_id())]}, "unknown", "link_ids[0]"),
        ({"booking_ids": [str(new_id())]}, "unknown", "booking_ids[0]"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(
    house: House, body: dict[str, Any], code: str, field: str
) -> None:
    check_problem(house.post("/sync-runs", body), 422, code, field)


def test_too_much_at_once_is_refused_and_nothing_is_asked_for(
    at: AtGoogle, monkeypatch: pytest.MonkeyPatch
) -> None:
    second_room(at)
    at.both.book(STAY)
    at.both.book(LATER)
    everything = {"property_ids": [at.house.property_id]}

    monkeypatch.setattr(selecting, "MOST_BOOKINGS", 1)
    check_problem(
        at.house.post("/sync-runs", everything | {"to": str(LATER.departure)}), 422, "too_many", "from"
    )
    monkeypatch.setattr(selecting, "MOST_LINKS", 1)
    check_problem(at.house.post("/sync-runs", everything), 422, "too_many")

    assert at.both.runs() == []


def test_staff_who_are_limited_sync_their_properties_alone(at: AtGoogle) -> None:
    def limit(session: Session) -> UUID:
        place, member = factories.a_property(session), factories.a_member(session)
        member.role = "staff"
        session.flush()
        one = {"member_id": member.id, "property_id": place.id}
        session.add(MemberProperty(organization_id=at.both.organization_id, **one))
        return member.id

    limited = replace(at, house=replace(at.house, member_id=at.both.do(limit), role="staff"))

    assert asked(limited, first=STAY.arrival) == set()
    assert asked(limited, connectors=["google_calendar"]) == set()
    assert asked(at, first=STAY.arrival) == {at.link_id}

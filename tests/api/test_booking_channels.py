"""A booking in calendars that are synced event by event: how it stands, and what people ask of it by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from hub import clock as hub_clock
from hub.domain.lifecycle import Status
from hub.domain.periods import Nights
from hub.queries import changes
from hub.queries import links as links_query
from hub.services.bookings import Booked
from sync import linking, relay
from sync.runtime import Runtime
from tests.api.at_google import AtGoogle, nights
from tests.api.houses import check_problem
from tests.api.linked import linked, says
from tests.conftest import FrozenClock
from tests.fakes.feed_server import FeedServer
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.sync.both_sides import wired

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


def days(span: Nights) -> tuple[str, str]:
    return span.arrival.isoformat(), span.departure.isoformat()


def away(at: AtGoogle) -> Booked:
    """A stay that somebody deleted there three times: only the question is left."""
    booked = at.both.book(STAY)
    at.both.rest()
    for _ in range(3):
        at.both.person.deletes(at.both.only()["id"], at.both.calendar)
        at.both.rest()
    assert at.days() == []
    return booked


def said(at: AtGoogle) -> list[str]:
    """What the change log says of the link's items."""
    items = [item.id for item in at.both.items()]
    found = at.both.do(lambda session: [changes.history(session, "sync_item", one) for one in items])
    return [change.action for history in found for change in history]


def test_a_booking_waits_for_its_calendar_and_is_in_it_then(at: AtGoogle) -> None:
    booked = at.both.book(STAY)

    waits = at.shown(booked)
    at.both.rest()
    there = at.shown(booked)

    assert (waits["state"], waits["event_id"], waits["written_at"]) == ("waiting", None, None)
    assert (there["state"], there["event_id"], there["outcome"]) == (
        "synced",
        at.both.only()["id"],
        "create: done",
    )
    assert (there["channel"], there["scope"], there["kind"]) == ("Casa Azul", "Room 1", "booking_item")
    assert there["written_at"] is not None
    assert at.channels(booked)["summary"] == "in 1 of 1 calendars"
    assert at.channels(booked)["seen"] == "seen by 1 of 1 channel"


def test_a_calendar_counts_as_a_channel_once_both_sides_agree(at: AtGoogle) -> None:
    booked = at.both.book(STAY)
    waits = "Casa Azul does not have it yet: waits for the next sync"
    assert at.channels(booked)["seen"] == f"seen by 0 of 1 channel; {waits}"

    at.both.rest()
    assert at.channels(booked)["seen"] == "seen by 1 of 1 channel"

    at.both.cancel(booked)
    at.both.rest()
    assert at.channels(booked)["seen"] == "that it is gone was seen by 1 of 1 channel"


def test_a_booking_of_a_room_without_a_calendar_is_in_none(at: AtGoogle) -> None:
    booked = at.both.book(STAY, unit=1)
    at.both.rest()

    told = at.channels(booked)

    assert (told["calendars"], told["summary"]) == ([], "no feed names it")
    problem = check_problem(at.take("create", booked), 409, "not_exported")
    assert problem["detail"] == "this calendar speaks of none of the booking's units"


def test_what_the_quota_puts_off_says_until_when(at: AtGoogle, clock: FrozenClock) -> None:
    booked = at.both.book(STAY)
    at.both.google.faults.out_of_quota(operation="events.insert")
    at.both.sync()

    told = at.shown(booked)

    assert told["state"] == "put_off"
    assert told["until"] is not None
    assert at.both.link().rests_until is not None
    clock.advance(timedelta(hours=2))
    at.both.rest()
    assert at.shown(booked)["state"] == "synced"


def test_a_booking_that_is_taken_out_stays_out_until_it_is_shown_again(at: AtGoogle) -> None:
    booked = at.both.book(STAY)
    at.both.rest()

    removed = at.take("remove", booked)
    at.both.rest()

    assert removed.status_code == 202, removed.text
    assert removed.json()["link_id"] == at.link_id
    assert removed.headers["location"] == f"/api/v1/sync-runs/{removed.json()['id']}"
    assert (at.days(), at.shown(booked)["state"]) == ([], "hidden")
    assert at.both.booking(booked).status == Status.CONFIRMED
    taken = at.house.stay(30, 32, unit_id=at.house.rooms[0])
    assert at.house.post("/bookings", taken).status_code == 409
    at.both.move(booked, LATER)
    at.both.rest()
    assert at.days() == []

    assert at.take("create", booked).status_code == 202
    at.both.rest()
    assert (at.days(), at.shown(booked)["state"]) == ([days(LATER)], "synced")
    assert said(at) == ["hidden", "shown"]
    assert at.both.conflicts() == []


def test_taken_out_before_it_was_ever_written_it_is_never_written(at: AtGoogle) -> None:
    booked = at.both.book(STAY)

    assert at.take("remove", booked).status_code == 202
    at.both.rest()

    assert (at.both.google.writes(), at.shown(booked)["state"]) == ([], "hidden")


def test_a_refresh_writes_it_though_nothing_changed(at: AtGoogle) -> None:
    booked = at.both.book(STAY)
    at.both.rest()
    before = at.both.only()
    at.both.google.reset_log()

    assert at.take("refresh", booked).status_code == 202
    at.both.rest()

    assert len(at.both.google.writes()) == 1
    assert (at.both.only()["id"], at.both.only()["summary"]) == (before["id"], before["summary"])
    assert at.both.only()["etag"] != before["etag"]
    assert said(at) == ["refreshed"]
    assert at.shown(booked)["outcome"] == "update: done"


def test_a_refresh_does_not_lose_what_somebody_changed_there_meanwhile(at: AtGoogle) -> None:
    booked = at.both.book(STAY)
    at.both.rest()
    event = at.both.only()["id"]
    at.both.person.moves(event, LATER.arrival, LATER.departure, at.both.calendar)
    at.both.person.edits(event, at.both.calendar, summary="Grace, needs a cot")

    assert at.take("refresh", booked).status_code == 202
    at.both.rest()

    assert at.both.nights(booked) == [(LATER.arrival, LATER.departure)]
    assert at.both.only()["summary"] == "Grace, needs a cot"


def test_what_was_deleted_there_again_and_again_is_shown_again_and_nobody_is_asked_any_more(
    at: AtGoogle,
) -> None:
    booked = away(at)
    told = at.shown(booked)
    assert (told["state"], told["review"]) == ("deleted_there", True)
    check_problem(at.take("refresh", booked), 409, "not_shown")

    assert at.take("create", booked).status_code == 202
    at.both.rest()

    assert at.days() == [days(STAY)]
    assert at.both.conflicts() == []
    assert (at.shown(booked)["state"], at.shown(booked)["review"]) == ("synced", False)
    assert [item.restores for item in at.both.items()] == [0]


def test_who_shows_again_what_is_being_taken_out_is_not_asked_about_it(at: AtGoogle) -> None:
    booked = at.both.book(STAY)
    at.both.rest()
    at.take("remove", booked)
    at.both.google.faults.lose_answer(method="DELETE")
    at.both.sync()
    assert [op.state for op in at.both.ops()][-1] == "inflight"
    assert at.take("create", booked).status_code == 202

    at.both.rest()

    assert at.days() == [days(STAY)]
    assert (at.both.conflicts(), at.shown(booked)["review"]) == ([], False)


@pytest.mark.parametrize("resting", ["cancelled", "hold", "over"])
def test_what_is_not_exported_any_more_cannot_be_shown(
    at: AtGoogle, clock: FrozenClock, resting: str
) -> None:
    booked = at.both.book(STAY, status=Status.HELD if resting == "hold" else Status.CONFIRMED)
    if resting == "cancelled":
        at.both.cancel(booked)
    else:
        clock.advance(timedelta(days=1 if resting == "hold" else 60))

    problem = check_problem(at.take("create", booked), 409, "over" if resting == "over" else "not_exported")

    words = {"cancelled": "a cancelled booking is", "hold": "the hold ran out", "over": "it is over"}
    assert problem["detail"].startswith(words[resting])


def test_a_link_that_is_not_written_in_or_rests_refuses(at: AtGoogle, channel: FeedServer) -> None:
    booked = at.both.book(STAY)
    says(channel)
    feed = linked(at.house, channel, direction="two_way")
    check_problem(at.take("create", booked, feed["id"]), 409, "not_by_event")
    at.house.post(f"/links/{at.link_id}/pause")

    for step in ("create", "remove"):
        check_problem(at.take(step, booked), 409, "not_active")
    assert at.shown(booked)["words"].startswith("waits: the link is paused")
    assert said(at) == []


def test_a_link_that_only_imports_refuses(
    client: TestClient, runtime: Runtime, google: GoogleCalendar
) -> None:
    at = AtGoogle.build(client, runtime, google, direction="import")
    booked = at.both.book(STAY)

    for step in ("create", "refresh", "remove"):
        check_problem(at.take(step, booked), 409, "import_only")


def test_a_booking_is_synced_with_every_channel_now(at: AtGoogle, channel: FeedServer) -> None:
    booked = at.both.book(STAY)
    says(channel)
    feed = linked(at.house, channel)
    exported = linked(at.house, channel, direction="export", settings={})
    relay.relay(at.both.runtime)
    at.both.rest()
    path = f"/bookings/{booked.booking.id}/sync"

    first = at.house.post(path, Idempotency_Key="now")
    again = at.house.post(path, Idempotency_Key="now")

    assert first.status_code == 202, first.text
    assert {run["link_id"] for run in first.json()["items"]} == {at.link_id, feed["id"]}
    assert exported["id"] not in first.text
    assert again.json() == first.json()
    assert [item.touched for item in at.both.items()] == [True]
    due = at.both.do(lambda session: links_query.one(session, UUID(feed["id"]))).next_pull_at
    assert max(due, at.both.link().next_pull_at) <= hub_clock.now()
    at.both.google.reset_log()
    at.both.rest()
    assert at.both.google.writes() == []


def test_a_link_that_rests_is_told_when_a_booking_is_synced(at: AtGoogle) -> None:
    booked = at.both.book(STAY)

    def pause(session: Session) -> None:
        linking.pause(session, at.both.link_id)

    at.both.do(pause)
    answer = at.house.post(f"/bookings/{booked.booking.id}/sync").json()

    assert answer["items"] == []
    assert [(one["link_id"], one["code"]) for one in answer["left_out"]] == [(at.link_id, "not_active")]

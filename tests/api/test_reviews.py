"""POST conflicts/{id}/resolve: an event of ours that was deleted there is shown again, or stays away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from hub.domain.lifecycle import Status
from hub.queries import changes
from hub.services.bookings import Booked
from sync.runtime import Runtime
from tests.api.at_google import AtGoogle, nights
from tests.api.houses import check_problem
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


def deleted(at: AtGoogle, times: int, **fields: Any) -> Booked:
    """A stay whose event somebody deletes there so many times."""
    booked = at.both.book(STAY, **fields)
    at.both.rest()
    for _ in range(times):
        at.both.person.deletes(at.both.only()["id"], at.both.calendar)
        at.both.rest()
    return booked


def review(at: AtGoogle) -> dict[str, Any]:
    (found,) = at.house.get("/conflicts", state="open").json()["items"]
    told: dict[str, Any] = found
    return told


def resolve(at: AtGoogle, conflict: dict[str, Any], action: str) -> Any:
    return at.house.post(f"/conflicts/{conflict['id']}/resolve", {"action": action})


def test_a_review_shows_both_sides_and_what_they_said(at: AtGoogle) -> None:
    booked = deleted(at, 1)

    told = review(at)

    assert (told["type"], told["event_id"], told["booking_id"]) == (
        "MIRROR_DELETED",
        None,
        str(booked.booking.id),
    )
    assert told["sync_item_id"] == str(at.both.items()[0].id)
    assert told["remote"]["gone"] is True
    assert booked.booking.reference in told["texts"]["local"]["summary"]
    assert told["texts"]["remote"] is None


def test_hidden_it_stays_away_and_the_booking_stays(at: AtGoogle) -> None:
    booked = deleted(at, 1)
    conflict = review(at)

    settled = resolve(at, conflict, "hide")
    at.both.rest()

    assert settled.status_code == 200, settled.text
    assert (settled.json()["state"], settled.json()["closed_at"] is None) == ("closed", False)
    assert (at.days(), at.both.conflicts()) == ([], [])
    assert at.both.booking(booked).status == Status.CONFIRMED
    assert (at.shown(booked)["state"], at.shown(booked)["review"]) == ("hidden", False)


def test_what_was_put_back_may_stay_and_is_put_back_twice_again_later(at: AtGoogle) -> None:
    booked = deleted(at, 2)
    there = at.both.only()["id"]

    assert resolve(at, review(at), "show").status_code == 200
    at.both.rest()

    assert at.both.only()["id"] == there
    assert at.both.conflicts() == []
    for _ in range(2):
        at.both.person.deletes(at.both.only()["id"], at.both.calendar)
        at.both.rest()
    assert len(at.days()) == 1
    assert at.shown(booked)["review"] is True


def test_what_was_not_put_back_any_more_is_shown_again(at: AtGoogle) -> None:
    deleted(at, 3)
    assert at.days() == []

    settled = resolve(at, review(at), "show").json()
    at.both.rest()

    assert settled["resolution"] == "shown there, as somebody decided"
    assert at.days() == [(STAY.arrival.isoformat(), STAY.departure.isoformat())]
    assert at.both.conflicts() == []
    history = at.both.do(lambda session: changes.history(session, "sync_item", at.both.items()[0].id))
    assert [change.action for change in history] == ["shown"]


def test_saying_the_same_again_changes_nothing_and_the_contrary_is_a_conflict(at: AtGoogle) -> None:
    deleted(at, 1)
    conflict = review(at)
    first = resolve(at, conflict, "hide").json()

    assert resolve(at, conflict, "hide").json() == first
    check_problem(resolve(at, conflict, "show"), 409, "closed")


def test_a_booking_that_was_cancelled_meanwhile_is_not_shown_again(at: AtGoogle) -> None:
    booked = deleted(at, 3)
    conflict = review(at)
    at.both.cancel(booked)

    check_problem(resolve(at, conflict, "show"), 409, "not_exported")

    at.both.rest()
    assert at.both.conflicts() == []


def test_a_deletion_that_nobody_could_accept_from_a_calendar_that_only_shows_is_settled_too(
    client: TestClient, runtime: Runtime, google: GoogleCalendar
) -> None:
    at = AtGoogle.build(client, runtime, google, direction="export")
    at.both.close(STAY)
    at.both.rest()
    at.both.person.deletes(at.both.only()["id"], at.both.calendar)
    at.both.rest()
    assert len(at.days()) == 1

    assert resolve(at, review(at), "hide").status_code == 200
    at.both.rest()

    assert at.days() == []
    assert len(at.both.blackouts()) == 1


def test_an_overlap_is_neither_shown_nor_hidden_and_what_is_only_to_be_read_is_settled(at: AtGoogle) -> None:
    at.both.book(LATER)
    mine = at.both.book(STAY)
    at.both.rest()
    event = at.shown(mine)["event_id"]
    at.both.person.moves(event, LATER.arrival, LATER.departure, at.both.calendar)
    at.both.person.creates("Painters", STAY.arrival, STAY.departure, at.both.calendar)
    at.both.rest()
    (overlap,) = at.house.get("/conflicts", state="open").json()["items"]
    (read,) = at.house.get("/conflicts", state="closed").json()["items"]

    assert (overlap["type"], overlap["texts"], overlap["sync_item_id"]) == ("EXTERNAL_OVERLAP", None, None)
    check_problem(resolve(at, overlap, "hide"), 422, "no_way_out", "action")
    assert read["ways_out"] == []
    assert read["type"] == "REMOTE_MOVE_REJECTED"
    assert set(read["texts"]) == {"local", "remote"}
    check_problem(resolve(at, read, "show"), 409, "closed")

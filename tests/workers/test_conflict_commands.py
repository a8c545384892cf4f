"""hub conflicts: the list, one of them with its ways out, and taking one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub.domain.periods import Nights
from sync.runtime import Runtime
from tests.fakes.feed_server import FeedServer
from tests.sync.calendars import day, nights
from tests.sync.importing import Importer
from tests.workers.conftest import Run


@pytest.fixture
def house(runtime: Runtime, remote: FeedServer) -> Importer:
    """Two rooms, the first of them sold by us and by a channel."""
    made = Importer.build(runtime, remote)
    made.book(Nights(day(21), day(25)), made.units[0])
    made.says(nights("a", day(20), day(23)))
    made.pull(made.link(name="Seaside Rentals"))
    return made


def listed(hub: Run, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = hub("conflicts", *arguments, "--json").json
    return found


def test_conflicts_are_listed_with_a_short_id_and_the_best_way_out(house: Importer, hub: Run) -> None:
    (row,) = listed(hub)
    shown = hub("conflicts").out

    assert row["id"][-8:] in shown
    assert "Room 1 is claimed twice" in row["words"]
    assert row["ways_out"][0]["action"] == "move_booking"


def test_a_short_id_shows_both_sides_and_what_can_be_done(house: Importer, hub: Run) -> None:
    (row,) = listed(hub)

    told = hub("conflicts", "show", row["id"][-8:])

    assert told.code == 0
    assert "Room 1 is claimed twice: by Seaside Rentals" in told.out
    assert "which is free for all of it" in told.out
    assert json.loads(hub("conflicts", "show", row["id"], "--json").out)["fingerprint"] == row["fingerprint"]


def test_a_way_out_is_taken_by_its_name_and_that_of_the_unit(house: Importer, hub: Run) -> None:
    (row,) = listed(hub)

    done = hub("conflicts", "resolve", row["id"][-8:], "move_booking", "--unit", "Room 2")

    assert (done.code, "was moved to Room 2" in done.out) == (0, True), done.err
    assert listed(hub) == []
    assert [one["state"] for one in listed(hub, "--all")] == ["closed"]
    assert hub("conflicts").out == "There are no open conflicts.\n"
    actors = house.run_sql("SELECT actor_kind FROM changes WHERE entity = 'conflict' AND action = 'resolved'")
    assert actors.scalars().all() == ["command"]


def test_without_a_unit_the_first_that_is_offered_is_taken(house: Importer, hub: Run) -> None:
    (row,) = listed(hub)

    assert "was moved to Room 2" in hub("conflicts", "resolve", row["id"][-8:], "move_booking").out


def test_what_cannot_be_done_is_said_in_a_sentence(house: Importer, hub: Run) -> None:
    (row,) = listed(hub)
    short = row["id"][-8:]

    refused = hub("conflicts", "resolve", short, "release")
    assert (refused.code, "is no way out of this" in refused.err) == (1, True)
    assert "no conflict 00000000" in hub("conflicts", "show", "00000000").err
    for too_little in ("", short[-1]):
        said = hub("conflicts", "resolve", too_little, "cancel_booking")
        assert (said.code, "at least the last 4 characters" in said.err) == (1, True)
    house.book(Nights(day(22), day(23)), house.units[1])
    taken = hub("conflicts", "resolve", short, "move_booking", "--unit", "Room 2")
    assert (taken.code, "Room 2 was taken meanwhile by booking" in taken.err) == (1, True)
    assert hub("conflicts", "resolve", short, "cancel_booking", "--reason", "sold twice").code == 0

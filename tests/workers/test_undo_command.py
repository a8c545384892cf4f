"""hub runs undo: the plan, the question, and what is done; of a run of many links each of its syncs."""

from __future__ import annotations

from uuid import UUID

import pytest

from sync import requests
from sync.runtime import Runtime
from tests.fakes.feed_server import FeedServer
from tests.sync.calendars import day, nights
from tests.sync.importing import Importer
from tests.workers.conftest import Run
from workers.commands import undoing


@pytest.fixture
def house(runtime: Runtime, remote: FeedServer) -> Importer:
    return Importer.build(runtime, remote)


@pytest.fixture
def link(house: Importer) -> UUID:
    house.says()
    made = house.link(name="Seaside Rentals")
    house.pull(made)
    return made


@pytest.fixture
def run(house: Importer, link: UUID) -> str:
    """The sync that brought two events."""
    house.says(nights("a", day(20), day(23)), nights("b", day(30), day(32)))
    return str(house.pull(link).run_id)


def test_the_plan_is_shown_and_done_once_somebody_agrees(
    house: Importer, link: UUID, hub: Run, run: str
) -> None:
    done = hub("runs", "undo", run[-8:], given="y\n")

    assert done.code == 0, done.err
    assert "came: " in done.out
    assert "is ignored" in done.out
    assert done.out.rstrip().endswith("2 events ignored")
    assert house.blocks(link) == []
    actors = house.run_sql("SELECT actor_kind FROM changes WHERE entity = 'sync_run' AND action = 'undone'")
    assert actors.scalars().all() == ["command"]


def test_who_does_not_agree_changes_nothing(house: Importer, link: UUID, hub: Run, run: str) -> None:
    assert hub("runs", "undo", run, given="n\n").code == 1
    assert len(house.blocks(link)) == 2

    dry = hub("runs", "undo", run, "--dry-run")
    assert (dry.code, dry.out.rstrip().endswith("2 events ignored")) == (0, True)
    assert len(house.blocks(link)) == 2


def test_machines_say_that_they_mean_it(house: Importer, link: UUID, hub: Run, run: str) -> None:
    refused = hub("runs", "undo", run, "--json")
    assert (refused.code, refused.out, "--yes" in refused.err) == (1, "", True)
    (planned,) = hub("runs", "undo", run, "--json", "--dry-run").json
    assert (planned["dry_run"], len(planned["steps"])) == (True, 2)
    assert len(house.blocks(link)) == 2

    (told,) = hub("runs", "undo", run, "--json", "--yes").json

    assert (told["run_id"], told["headline"], told["dry_run"]) == (run, "2 events ignored", False)
    assert house.blocks(link) == []
    again = hub("runs", "undo", run, "--yes")
    assert (again.code, again.out.rstrip().endswith("2 left")) == (0, True)


def test_of_a_run_of_many_links_each_sync_that_changed_something_is_undone(
    house: Importer, link: UUID, hub: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undoing, "MOST", 1)  # however many there are
    second = house.link("/second.ics", name="Harbour", unit_id=house.units[1])
    house.says(nights("a", day(20), day(23)))
    house.says(nights("b", day(30), day(32)), feed="/second.ics")
    third = house.link("/third.ics", name="Quiet", unit_id=house.units[1])
    house.says(feed="/third.ics")
    synced = hub("sync", "--all", "--json")
    assert synced.code == 0, synced.err
    parent = synced.json["id"]

    done = hub("runs", "undo", parent, "--yes")

    assert (done.code, done.out.count(": 1 event ignored")) == (0, 2), done.out + done.err
    assert [house.blocks(one) for one in (link, second, third)] == [[], [], []]


def test_of_a_sync_without_news_it_is_said_once_that_there_is_nothing_to_undo(
    house: Importer, link: UUID, hub: Run, run: str
) -> None:
    quiet = house.do(lambda session: requests.request(session, link))
    house.pull(link)

    assert hub("runs", "undo", str(quiet.id)).out == "nothing to undo\n"
    assert "came: " in hub("runs", "undo", run, "--dry-run").out


def test_a_run_that_has_not_ended_is_refused_in_a_sentence(house: Importer, link: UUID, hub: Run) -> None:
    waiting = house.do(lambda session: requests.request(session, link))

    refused = hub("runs", "undo", str(waiting.id), "--yes")

    assert (refused.code, refused.out) == (1, "")
    assert "has not ended yet" in refused.err

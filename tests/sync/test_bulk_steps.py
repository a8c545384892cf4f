"""Runs of many links that are steered by several at once, and whose numbers add up whatever happens."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import text

from hub.queries import parents
from sync import alongside, bulk
from sync import pull as pulling
from sync.attempts import Outcome
from tests.concurrency.together import Gate, inside, until
from tests.fakes.feed_server import Answer
from tests.sync.importing import Importer, Meanwhile
from tests.sync.test_bulk import ask, children, links, stands, states

LOCKED = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def someone_waits(importer: Importer) -> bool:
    return bool(importer.do(lambda session: session.scalar(text(LOCKED))))


def cancel(importer: Importer, run_id: UUID) -> object:
    return importer.do(lambda session: bulk.cancel(session, run_id))


def resume(importer: Importer, run_id: UUID) -> object:
    return importer.do(lambda session: bulk.resume(session, run_id))


def test_who_asks_while_an_equal_run_is_being_ended_gets_one_of_their_own(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They have seen it running, wait for whoever ends it, and must not join what was ended meanwhile."""
    links(importer, 1)
    run_id = ask(importer)
    gate = Gate()
    monkeypatch.setattr(parents, "cancel", gate.around(parents.cancel))

    ended, asked = inside(
        gate, lambda: cancel(importer, run_id), lambda: ask(importer), lambda: someone_waits(importer)
    )

    ended.result()
    assert states(importer, run_id) == ["cancelled"]
    assert asked.result() != run_id
    assert states(importer, asked.result()) == ["queued"]


def test_who_did_not_look_again_would_join_what_was_ended(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test before."""
    links(importer, 1)
    run_id = ask(importer)
    gate = Gate()
    monkeypatch.setattr(parents, "cancel", gate.around(parents.cancel))
    monkeypatch.setattr(parents, "unfinished", lambda session, _hash: parents.locked(session, run_id))

    ended, asked = inside(
        gate, lambda: cancel(importer, run_id), lambda: ask(importer), lambda: someone_waits(importer)
    )

    ended.result()
    assert asked.result() == run_id


def test_a_run_that_was_ended_with_all_of_it_at_work_is_no_longer_ended_once_it_is_resumed(
    importer: Importer,
) -> None:
    (link,) = links(importer, 1)
    run_id = ask(importer)

    def end_and_go_on() -> None:
        cancel(importer, run_id)
        for _ in range(2):
            resume(importer, run_id)
            found = stands(importer, run_id).progress
            assert found is not None
            assert found.state == "running"

    importer.pull(link, Meanwhile(end_and_go_on))

    shown = stands(importer, run_id).progress
    assert shown is not None
    assert (shown.state, shown.tally.done) == ("done", 1)


def test_what_came_back_to_wait_after_a_run_was_ended_is_given_up_by_ending_it_again(
    importer: Importer,
) -> None:
    (link,) = links(importer, 1)
    run_id = ask(importer)

    class Ending(Meanwhile):
        """The worker ends while the run is being ended."""

        def get(self, *args: object, **kwargs: object) -> object:  # type: ignore[override]
            cancel(importer, run_id)
            self.close()
            return super().get(*args, **kwargs)

    assert importer.pull(link, Ending(lambda: None)).state == "busy"
    assert states(importer, run_id) == ["queued"]

    cancel(importer, run_id)

    assert states(importer, run_id) == ["cancelled"]
    shown = stands(importer, run_id).progress
    assert shown is not None
    assert shown.over


def test_what_a_sync_did_before_it_failed_counts_although_it_is_asked_for_again(importer: Importer) -> None:
    (link,) = links(importer, 1)
    run_id = ask(importer)
    importer.answers(Answer(status=500), Answer(status=500), feed="/0.ics")
    importer.pull(link)
    importer.run_sql(
        "UPDATE sync_runs SET counts = '{\"created\": 30}', changed = true WHERE parent_id = :run", run=run_id
    )
    importer.says(feed="/0.ics")
    importer.do(lambda session: bulk.retry(session, run_id))

    importer.pull(link)

    shown = stands(importer, run_id)
    latest = importer.do(lambda session: parents.children(session, run_id, limit=1, latest=True))
    assert [child.state for child in latest] == ["done"]
    assert shown.progress is not None
    assert [child.state for child in children(importer, run_id)] == ["retried", "done"]
    assert shown.counts["created"] == 30
    assert (shown.progress.tally.total, shown.progress.tally.changed) == (1, 1)


def test_organizations_that_ask_the_same_do_not_wait_for_each_other(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = Importer.build(importer.runtime, importer.channel)
    links(importer, 1)
    gate = Gate()
    monkeypatch.setattr(parents, "unfinished", gate.around(parents.unfinished))
    waited: list[bool] = []

    def is_waiting() -> bool:
        waited.append(someone_waits(importer))
        return waited[-1]

    ours, others = inside(gate, lambda: ask(importer), lambda: ask(theirs), is_waiting)

    assert ours.result() != others.result()
    assert not any(waited)


def test_a_defect_met_while_working_along_ends_neither_the_others_nor_the_command(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = links(importer, 6)
    run_id = ask(importer)
    pull = pulling.pull

    def broken(runtime: object, organization_id: UUID, link_id: UUID) -> Outcome:
        if link_id == found[0]:
            raise RuntimeError("a defect")
        return pull(importer.runtime, organization_id, link_id)

    monkeypatch.setattr(alongside, "AT_ONCE", 1)
    monkeypatch.setattr(pulling, "pull", broken)

    with alongside.working(importer.runtime, importer.organization_id, run_id):
        until(lambda: states(importer, run_id).count("done") == 5, within=20, what="the others are synced")

    assert sorted(states(importer, run_id)) == [*["done"] * 5, "queued"]

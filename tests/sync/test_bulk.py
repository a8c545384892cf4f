"""Runs of many links: joined, ended, gone on with, and each child answered by a pull that began after it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from hub import clock
from hub.errors import Conflict
from hub.models.records import SyncRun
from hub.queries import parents
from hub.queries.selected import Criteria
from sync import bulk, linking, requests
from sync.bulk import Shown
from sync.selecting import Mode
from tests.concurrency.together import together
from tests.fakes.feed_server import Answer
from tests.sync.calendars import day, nights
from tests.sync.importing import Importer, Meanwhile

PULL = Mode.PULL


def ask(importer: Importer, *link_ids: UUID) -> UUID:
    wanted = Criteria(link_ids=link_ids) if link_ids else Criteria(everything=True)
    return importer.do(lambda session: bulk.ask(session, wanted, PULL).id)


def stands(importer: Importer, run_id: UUID) -> Shown:
    return importer.do(lambda session: bulk.one(session, run_id))


def states(importer: Importer, run_id: UUID) -> list[str]:
    return [child.state for child in children(importer, run_id)]


def children(importer: Importer, run_id: UUID) -> list[SyncRun]:
    return list(importer.do(lambda session: parents.children(session, run_id, limit=100)))


def links(importer: Importer, number: int) -> list[UUID]:
    found = []
    for name in range(number):
        importer.says(nights(f"a{name}", day(20 + 3 * name), day(22 + 3 * name)), feed=f"/{name}.ics")
        found.append(importer.link(feed=f"/{name}.ics"))
    return found


def test_one_pull_answers_all_that_was_asked_for_before_it_began(importer: Importer) -> None:
    (link,) = links(importer, 1)
    one, other = ask(importer, link), ask(importer)
    single = importer.do(lambda session: requests.request(session, link))

    outcome = importer.pull(link)

    assert outcome.state == "changed"
    runs = importer.runs(link)
    assert {run.parent_id for run in runs} == {one, other, None}
    assert [(run.state, run.counts, run.summary) for run in runs] == [
        ("done", outcome.counts, list(outcome.summary))
    ] * 3
    assert outcome.run_id == runs[0].id
    assert single.id in {run.id for run in runs}
    for run_id in (one, other):
        shown = stands(importer, run_id)
        assert shown.progress is not None
        assert (shown.progress.state, shown.progress.tally.done, shown.counts["added"]) == ("done", 1, 1)


def test_what_is_asked_for_while_a_pull_goes_on_is_answered_by_the_next_alone(importer: Importer) -> None:
    """Two parents over one link, the second asked for while the first's pull reads."""
    (link,) = links(importer, 1)
    first = ask(importer, link)
    asked: list[UUID] = []

    importer.pull(link, Meanwhile(lambda: asked.append(ask(importer))))

    assert (states(importer, first), states(importer, asked[0])) == (["done"], ["queued"])
    answered_at = children(importer, first)[0].finished_at
    importer.pull(link)
    assert states(importer, asked[0]) == ["done"]
    assert children(importer, first)[0].finished_at == answered_at, "nothing is answered twice"


def test_an_equal_request_joins_the_run_that_is_under_way(importer: Importer) -> None:
    one, other = links(importer, 2)

    run_id = ask(importer, one, other)

    assert ask(importer, other, one) == run_id, "in whatever order it is said"
    assert ask(importer, one) != run_id
    for link in (one, other):
        importer.pull(link)
    assert ask(importer, one, other) != run_id, "what is over is joined by nobody"


def test_of_many_who_ask_the_same_at_once_all_get_one_run(importer: Importer) -> None:
    links(importer, 3)

    runs = together([lambda: ask(importer)] * 6)

    assert len({str(run) for run in runs}) == 1, runs
    assert len(states(importer, next(run for run in runs if isinstance(run, UUID)))) == 3


def test_without_taking_turns_they_would_each_make_their_own(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test before: none of them sees what the others have not committed."""
    links(importer, 1)
    monkeypatch.setattr(parents, "unfinished", lambda _session, _hash: None)

    runs = together([lambda: ask(importer)] * 3)

    assert len({str(run) for run in runs}) == 3


def test_who_asks_for_one_link_does_not_join_a_run_that_others_may_end(importer: Importer) -> None:
    (link,) = links(importer, 1)
    run_id = ask(importer, link)
    single = importer.do(lambda session: requests.request(session, link))

    importer.do(lambda session: bulk.cancel(session, run_id))

    assert states(importer, run_id) == ["cancelled"]
    assert importer.pull(link).run_id == single.id


def test_a_run_that_is_ended_finishes_what_is_at_work(importer: Importer) -> None:
    one, other = links(importer, 2)
    run_id = ask(importer)

    def end() -> object:
        return importer.do(lambda session: bulk.cancel(session, run_id))

    importer.pull(one, Meanwhile(end))

    assert sorted(states(importer, run_id)) == ["cancelled", "done"]
    shown = stands(importer, run_id).progress
    assert shown is not None
    assert (shown.state, shown.over) == ("cancelled", True)
    end()
    importer.pull(other)
    assert sorted(states(importer, run_id)) == ["cancelled", "done"], "nobody answers what was cancelled"


def test_a_run_that_was_ended_goes_on_with_what_was_given_up(importer: Importer) -> None:
    one, other = links(importer, 2)
    run_id = ask(importer)
    importer.pull(one)
    importer.do(lambda session: bulk.cancel(session, run_id))

    for _ in range(2):
        importer.do(lambda session: bulk.resume(session, run_id))
        assert sorted(states(importer, run_id)) == ["done", "queued"]
    importer.pull(other)

    shown = stands(importer, run_id).progress
    assert shown is not None
    assert (shown.state, shown.tally.done) == ("done", 2)
    with pytest.raises(Conflict, match="over"):
        importer.do(lambda session: bulk.resume(session, run_id))
    with pytest.raises(Conflict, match="over"):
        importer.do(lambda session: bulk.cancel(session, run_id))


def test_links_that_rest_meanwhile_are_not_gone_on_with(importer: Importer) -> None:
    one, other = links(importer, 2)
    run_id = ask(importer)
    importer.do(lambda session: bulk.cancel(session, run_id))
    importer.do(lambda session: linking.pause(session, one))

    importer.do(lambda session: bulk.resume(session, run_id))

    assert {child.link_id: child.state for child in children(importer, run_id)} == {
        one: "cancelled",
        other: "queued",
    }
    importer.pull(other)
    with pytest.raises(Conflict, match="resume it first"):
        importer.do(lambda session: bulk.resume(session, run_id))


def test_what_failed_is_asked_for_again_once(importer: Importer) -> None:
    one, other = links(importer, 2)
    importer.answers(Answer(status=500), Answer(body=b""), feed="/1.ics")
    run_id = ask(importer)
    for link in (one, other):
        importer.pull(link)
    assert sorted(states(importer, run_id)) == ["done", "failed"]
    importer.says(nights("b", day(40), day(42)), feed="/1.ics")

    for _ in range(2):
        importer.do(lambda session: bulk.retry(session, run_id))
        assert sorted(states(importer, run_id)) == ["done", "queued", "retried"]
    importer.pull(other)

    shown = stands(importer, run_id).progress
    assert shown is not None
    assert (shown.state, shown.tally.total, shown.tally.done, shown.tally.retried) == ("done", 2, 2, 1)


def test_where_nothing_failed_there_is_nothing_to_try_again(importer: Importer) -> None:
    (link,) = links(importer, 1)
    run_id = ask(importer)
    importer.pull(link)

    with pytest.raises(Conflict, match="nothing of this run failed"):
        importer.do(lambda session: bulk.retry(session, run_id))


def test_a_pull_that_was_broken_off_before_it_asked_leaves_its_runs_waiting(importer: Importer) -> None:
    (link,) = links(importer, 1)
    run_id = ask(importer)
    closed = Meanwhile(lambda: None)
    closed.close()

    assert importer.pull(link, closed).state == "busy"

    assert states(importer, run_id) == ["queued"]
    assert importer.pull(link).state == "changed"
    assert states(importer, run_id) == ["done"]


def test_what_a_killed_worker_was_at_is_answered_by_the_next(importer: Importer) -> None:
    (link,) = links(importer, 1)
    run_id = ask(importer)

    class Killed(BaseException):
        pass

    def die() -> None:
        raise Killed

    with pytest.raises(Killed):
        importer.pull(link, Meanwhile(die))
    assert states(importer, run_id) == ["running"]
    importer.run_sql("UPDATE links SET lease_until = clock_timestamp() - interval '1 second'")

    importer.pull(link)

    assert states(importer, run_id) == ["done"]


def test_a_link_that_is_removed_takes_its_part_of_the_run_with_it(importer: Importer) -> None:
    one, other = links(importer, 2)
    run_id = ask(importer)

    def remove(session: Session) -> None:
        linking.unlink(session, one)

    importer.do(remove)
    importer.pull(other)

    shown = stands(importer, run_id).progress
    assert shown is not None
    assert (shown.state, shown.tally.total) == ("done", 1)


def test_whoever_works_along_takes_one_link_at_a_time(importer: Importer) -> None:
    found = links(importer, 4)
    run_id = ask(importer)
    now = clock.now()

    def take(session: Session) -> UUID | None:
        # As a plan may be that goes through all links and asks for each anew.
        session.execute(text("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"))
        return parents.claim(session, run_id, now, now + timedelta(hours=1), at_host=4)

    taken = [importer.do(take) for _ in found]

    assert {str(one) for one in taken} == {str(one) for one in found}
    assert importer.do(take) is None

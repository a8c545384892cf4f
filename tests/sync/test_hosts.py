"""Manners towards hosts, in real pulls: all spared for one, nobody blamed for another."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Row
from sqlalchemy.orm import Session

from connectors.errors import RateLimited
from connectors.transport import Network
from hub.queries import hosts as query
from sync import requests
from sync.dry_run import rehearse
from sync.planning.politeness import LONGEST_PAUSE
from sync.runtime import Runtime
from tests import factories
from tests.concurrency.together import until
from tests.conftest import FrozenClock
from tests.connectors.remotes import leading_to
from tests.fakes.feed_server import Answer, FeedServer
from tests.sync.beginning import link, pull
from tests.sync.calendars import calendar, day, nights
from tests.sync.importing import Importer

WHOLE = calendar(nights("a", day(20), day(23)))
BUSY, DOWN = Answer(status=429, headers={"Retry-After": "3600"}), Answer(status=503)


@pytest.fixture
def ours(named: Runtime, channel: FeedServer) -> Importer:
    return Importer.build(named, channel)


@pytest.fixture
def theirs(named: Runtime, channel: FeedServer) -> Importer:
    """Another organization with calendars at the same channel."""
    return Importer.build(named, channel)


def test_what_one_calendar_is_told_spares_the_whole_host_for_everybody(
    ours: Importer, theirs: Importer, clock: FrozenClock, host: str
) -> None:
    ours.answers(BUSY, feed="/a.ics")
    theirs.answers(Answer(body=WHOLE), feed="/b.ics")
    told, other = link(ours, host), link(theirs, host, "/b.ics")
    before = theirs.state(other)

    assert pull(ours, told).state == "failed"
    outcome = pull(theirs, other)

    assert outcome.state == "busy"
    assert host in (outcome.error or "")
    assert not ours.channel.requests("/b.ics")
    state = theirs.state(other)
    assert (state.state, state.failures, state.attempts) == (before.state, 0, 0)
    assert state.next_pull_at >= clock.instant + timedelta(hours=1)
    assert theirs.runs(other) == []


@pytest.mark.parametrize("answer", [BUSY, DOWN], ids=["asked", "failed"])
def test_a_person_goes_there_unless_the_host_asked_not_to_be_asked(
    ours: Importer, theirs: Importer, clock: FrozenClock, host: str, answer: Answer
) -> None:
    ours.answers(answer, feed="/a.ics")
    theirs.answers(Answer(body=WHOLE), feed="/b.ics")
    pull(ours, link(ours, host))
    other = link(theirs, host, "/b.ics")
    assert pull(theirs, other).state == "busy"

    theirs.do(lambda session: requests.request(session, other))
    outcome = pull(theirs, other)

    assert outcome.state == ("busy" if answer is BUSY else "changed")
    (run,) = theirs.runs(other)
    assert run.state == ("queued" if answer is BUSY else "done")


def test_a_person_at_a_terminal_is_told_why_it_must_wait(
    ours: Importer, clock: FrozenClock, host: str
) -> None:
    ours.answers(BUSY, feed="/a.ics")
    told = link(ours, host)
    pull(ours, told)

    outcome = pull(ours, told, "command")

    assert outcome.state == "busy"
    assert "asked not to be asked" in (outcome.error or "")


def test_one_answer_and_a_host_is_trusted_again(
    ours: Importer, theirs: Importer, clock: FrozenClock, host: str
) -> None:
    ours.answers(DOWN, DOWN, Answer(body=WHOLE), feed="/a.ics")
    theirs.answers(Answer(body=WHOLE), feed="/b.ics")
    one, other = link(ours, host), link(theirs, host, "/b.ics")
    for _ in range(2):
        assert pull(ours, one).state == "failed"
        clock.advance(LONGEST_PAUSE)
    assert failures(ours, host) == 2

    assert pull(ours, one).state == "changed"

    assert failures(ours, host) == 0
    assert pull(theirs, other).state == "changed"


def test_a_pause_ends_by_itself(ours: Importer, theirs: Importer, clock: FrozenClock, host: str) -> None:
    ours.answers(DOWN, feed="/a.ics")
    theirs.answers(Answer(body=WHOLE), feed="/b.ics")
    one, other = link(ours, host), link(theirs, host, "/b.ics")
    pull(ours, one)
    assert pull(theirs, other).state == "busy"

    clock.advance(timedelta(seconds=30))

    assert pull(theirs, other).state == "changed"


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=404),
        Answer(status=403),
        Answer(status=500),
        Answer(body=b"<html>"),
        Answer(hang_up=True),
    ],
    ids=["not found", "refused", "an error", "a page", "a hang-up"],
)
def test_what_is_wrong_with_one_calendar_is_no_fault_of_its_host(
    ours: Importer, theirs: Importer, clock: FrozenClock, host: str, answer: Answer
) -> None:
    ours.answers(answer, feed="/a.ics")
    theirs.answers(Answer(body=WHOLE), feed="/b.ics")

    assert pull(ours, link(ours, host)).state == "failed"

    assert pull(theirs, link(theirs, host, "/b.ics")).state == "changed"


def test_it_is_the_host_that_failed_which_is_spared_and_not_the_one_that_led_there(
    ours: Importer, theirs: Importer, clock: FrozenClock, host: str
) -> None:
    leading = f"leading.{host}"
    ours.answers(
        Answer(status=302, headers={"Location": f"http://{host}:{ours.channel.port}/b.ics"}), feed="/a.ics"
    )
    ours.answers(DOWN, feed="/b.ics")
    ours.answers(Answer(body=WHOLE), feed="/c.ics")

    assert pull(ours, link(ours, leading)).state == "failed"

    assert pull(theirs, link(theirs, leading, "/c.ics")).state == "changed"
    assert pull(theirs, link(theirs, host, "/c.ics")).state == "busy"


def test_a_calendar_that_crashes_its_worker_is_not_forgiven_by_having_to_wait(
    ours: Importer, clock: FrozenClock, host: str
) -> None:
    crashed, other = link(ours, host), link(ours, host, "/b.ics")
    ours.answers(BUSY, feed="/b.ics")
    ours.run_sql("UPDATE links SET attempts = 2 WHERE id = :id", id=crashed)
    pull(ours, other)

    assert pull(ours, crashed).state == "busy"

    assert ours.state(crashed).attempts == 2


def test_a_process_that_ends_gives_back_what_it_has_begun(ours: Importer, host: str) -> None:
    ours.answers(Answer(body=WHOLE, delay=30), Answer(body=WHOLE), feed="/a.ics")
    one = link(ours, host)
    closing = Network(["127.0.0.1"], resolve=leading_to("127.0.0.1"))
    ending = replace(ours, runtime=replace(ours.runtime, network=closing))

    def close_once_asked() -> None:
        until(lambda: ours.channel.requests("/a.ics"), within=20, what="the channel is asked")
        closing.close()

    with ThreadPoolExecutor(1) as other:
        closed = other.submit(close_once_asked)
        assert pull(ending, one).state == "busy"
    assert closed.exception() is None

    state = ours.state(one)
    assert (state.failures, state.attempts, state.state_reason) == (0, 0, None)
    assert pull(ours, one).state == "changed", "by another process, at once"


def standing(session: Session, host: str) -> Row[Any]:
    return query.stand(session, host, 1, datetime.max.replace(tzinfo=UTC))


def failures(importer: Importer, host: str) -> int:
    row = importer.do(lambda session: standing(session, f"{host}:{importer.channel.port}"))
    return row.failures or 0


def test_a_host_that_is_well_is_not_remembered(ours: Importer, host: str) -> None:
    ours.answers(Answer(body=WHOLE), feed="/a.ics")
    pull(ours, link(ours, host))

    row = ours.do(lambda session: standing(session, f"{host}:{ours.channel.port}"))
    assert (row.running, row.failures) == (0, None)


def test_hosts_of_which_nothing_was_heard_are_forgotten(
    named: Runtime, clock: FrozenClock, host: str
) -> None:
    asking, failing = f"asking.{host}", f"failing.{host}"
    factories.an_organization(named.database)
    now = clock.instant
    with named.database.unit_of_work(None) as session:
        query.spare(session, failing, 3, now, None, now)
        query.spare(session, asking, 1, None, now + timedelta(days=30), now)
        query.forget(session, now + timedelta(days=8))
        left = [standing(session, name).failures for name in (asking, failing)]

    assert left == [1, None]


def test_whoever_insists_makes_the_pause_no_longer_for_others(
    ours: Importer, theirs: Importer, clock: FrozenClock, host: str
) -> None:
    ours.answers(DOWN, feed="/a.ics")
    theirs.answers(Answer(body=WHOLE), feed="/b.ics")
    one, other = link(ours, host), link(theirs, host, "/b.ics")
    pull(ours, one)
    for _ in range(5):
        ours.do(lambda session: requests.request(session, one))
        assert pull(ours, one).state == "failed"
    assert failures(ours, host) == 1

    clock.advance(timedelta(seconds=30))

    assert pull(theirs, other).state == "changed"


def test_another_port_of_the_same_name_is_another_host(
    ours: Importer, theirs: Importer, clock: FrozenClock, host: str
) -> None:
    theirs.answers(Answer(body=WHOLE), feed="/b.ics")
    nobody_listens = link(ours, host, port=1)
    assert pull(ours, nobody_listens).state == "failed"
    assert pull(ours, nobody_listens).state == "busy", "it is spared"

    assert pull(theirs, link(theirs, host, "/b.ics")).state == "changed"


def test_a_dry_run_asks_no_host_that_asked_not_to_be_asked(
    ours: Importer, clock: FrozenClock, host: str
) -> None:
    ours.answers(BUSY, feed="/a.ics")
    ours.answers(Answer(body=WHOLE), feed="/b.ics")
    told, other = link(ours, host), link(ours, host, "/b.ics")
    assert pull(ours, told).state == "failed"

    with pytest.raises(RateLimited, match="asked not to be asked before"):
        rehearse(ours.runtime, ours.organization_id, other)

    assert not ours.channel.requests("/b.ics")
    clock.advance(timedelta(hours=1, seconds=1))
    assert rehearse(ours.runtime, ours.organization_id, other).plan.changed
    later = clock.instant + timedelta(hours=1)
    ours.run_sql("UPDATE links SET rests_until = :later WHERE id = :link", later=later, link=other)
    with pytest.raises(RateLimited, match="asked not to be asked before"):
        rehearse(ours.runtime, ours.organization_id, other)

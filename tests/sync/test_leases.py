"""Who may write: one pull at a time, never one that lost its lease, never one that kills its worker."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from hub.queries import links as query
from hub.queries.links import Fenced, Lease
from sync import linking, remote, requests
from sync.attempts import Outcome
from tests.concurrency.together import together, until
from tests.conftest import FrozenClock
from tests.fakes.feed_server import Answer
from tests.sync.calendars import calendar, day, nights
from tests.sync.importing import FEED, Importer, Meanwhile

LASTING = timedelta(seconds=60)


class Crash(BaseException):
    """What ends a worker: nothing catches it."""


def _crash(*_args: Any) -> Any:
    raise Crash


def _two_at_once(importer: Importer, link: UUID) -> tuple[Outcome, Outcome]:
    """A second pull begins and ends while the first one still has its channel's answer in its hands."""
    second: list[Outcome] = []
    first = importer.pull(link, Meanwhile(lambda: second.append(importer.pull(link))))
    return first, second[0]


def _expire(importer: Importer) -> None:
    importer.run_sql("UPDATE links SET lease_until = 'epoch'")


def test_of_two_pulls_at_once_one_is_busy_and_the_calendar_is_fetched_once(importer: Importer) -> None:
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()

    first, second = _two_at_once(importer, link)

    assert (first.state, second.state) == ("changed", "busy")
    assert len(importer.channel.requests(FEED)) == 1


def test_of_many_pulls_at_one_moment_none_is_done_by_two(importer: Importer) -> None:
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()

    outcomes = together([lambda: importer.pull(link)] * 6)

    assert not [one for one in outcomes if isinstance(one, Exception)]
    states = [one.state for one in outcomes if isinstance(one, Outcome)]
    assert states.count("changed") == 1
    assert len(importer.channel.requests(FEED)) == len(states) - states.count("busy")
    assert len(importer.blocks(link)) == 1


def test_without_the_lease_both_would_fetch(importer: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the test before: it is the lease that keeps them apart."""

    def to_everybody(session: Session, link_id: UUID, lasting: timedelta) -> Lease | None:
        session.connection().exec_driver_sql("UPDATE links SET lease_until = 'epoch'")
        return query_acquire(session, link_id, lasting)

    query_acquire = query.acquire
    monkeypatch.setattr(query, "acquire", to_everybody)
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()

    _two_at_once(importer, link)

    assert len(importer.channel.requests(FEED)) == 2


def test_a_pull_that_lost_its_lease_writes_nothing(importer: Importer) -> None:
    """It slept with its answer, its lease ran out, another pulled, and then it wakes up."""
    link = importer.link()
    importer.says(nights("old", day(20), day(23)))
    network = Meanwhile(lambda: _overtake(importer, link))

    outcome = importer.pull(link, network)

    assert outcome.state == "busy"
    assert [event.first for event in importer.events(link)] == [day(30)], "what the other one read"
    assert importer.pull(link).state == "unchanged"


def test_a_failure_of_a_pull_that_lost_its_lease_is_not_written_either(importer: Importer) -> None:
    link = importer.link()
    importer.answers(Answer(status=500), Answer(body=calendar(nights("new", day(30), day(31)))))
    network = Meanwhile(lambda: _overtake(importer, link, says=False))

    outcome = importer.pull(link, network)

    assert outcome.state == "busy"
    assert (importer.state(link).failures, importer.state(link).state_reason) == (0, None)


def test_a_lease_is_fenced_by_the_next_one(importer: Importer) -> None:
    link = importer.link()
    first = importer.do(lambda session: query.acquire(session, link, LASTING))
    assert first is not None
    assert importer.do(lambda session: query.acquire(session, link, LASTING)) is None
    _expire(importer)
    second = importer.do(lambda session: query.acquire(session, link, LASTING))
    assert second is not None
    assert second.fence == first.fence + 1

    with pytest.raises(Fenced):
        importer.do(lambda session: query.hold(session, first))
    importer.do(lambda session: query.release(session, first))
    assert importer.do(lambda session: query.acquire(session, link, LASTING)) is None, "released by the first"
    assert importer.do(lambda session: query.hold(session, second)).id == link


def test_a_lease_lasts_as_long_as_its_channel_takes(importer: Importer) -> None:
    assert _outlasting(importer) == ["changed", "busy"]
    assert len(importer.channel.requests(FEED)) == 1


def test_without_renewal_a_slow_channel_would_be_asked_twice(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test before."""
    monkeypatch.setattr(query, "renew", lambda *_: False)

    assert _outlasting(importer) == ["busy", "changed"]
    assert len(importer.channel.requests(FEED)) == 2


def _outlasting(importer: Importer) -> list[str]:
    """A pull whose channel takes longer than its lease, and then another meanwhile: how both ended."""
    settings = importer.runtime.settings.model_copy(update={"lease_seconds": 2})
    brief = replace(importer, runtime=replace(importer.runtime, settings=settings))
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()
    second: list[Outcome] = []

    def late() -> None:
        ends = importer.state(link).lease_until
        over = "SELECT clock_timestamp() > :ends"
        until(lambda: importer.run_sql(over, ends=ends).scalar(), within=10, what="its time is over")
        second.append(importer.pull(link))

    first = brief.pull(link, Meanwhile(late))
    return [first.state, second[0].state]


def test_a_lease_that_was_given_back_or_lost_is_not_renewed(importer: Importer) -> None:
    link = importer.link()
    lease = importer.do(lambda session: query.acquire(session, link, LASTING))
    assert lease is not None
    assert importer.do(lambda session: query.renew(session, lease, LASTING))
    importer.do(lambda session: query.release(session, lease))

    assert not importer.do(lambda session: query.renew(session, lease, LASTING))
    importer.do(lambda session: query.acquire(session, link, LASTING))
    assert not importer.do(lambda session: query.renew(session, lease, LASTING))


def test_a_calendar_that_ends_its_worker_is_set_aside_after_three_times(
    importer: Importer, monkeypatch: pytest.MonkeyPatch, clock: FrozenClock
) -> None:
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()
    importer.pull(link)
    held = importer.held(link)
    run = importer.do(lambda session: requests.request(session, link))
    monkeypatch.setattr(remote, "ask", _crash)
    for _ in range(3):
        with pytest.raises(Crash):
            importer.pull(link)
        _expire(importer)

    outcome = importer.pull(link)

    state = importer.state(link)
    assert (outcome.state, outcome.run_id, state.state) == ("failed", run.id, "paused")
    assert "ended its worker" in (state.state_reason or "")
    assert importer.held(link) == held
    clock.advance(timedelta(hours=1))
    assert (importer.organization_id, link) not in importer.claimed()


def test_a_link_that_was_set_aside_recovers_when_somebody_resumes_it(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()
    with monkeypatch.context() as broken:
        broken.setattr(remote, "ask", _crash)
        for _ in range(3):
            with pytest.raises(Crash):
                importer.pull(link)
            _expire(importer)
        importer.pull(link)

    importer.do(lambda session: linking.resume(session, link))

    assert importer.pull(link).state == "changed"
    state = importer.state(link)
    assert (state.state, state.state_reason, state.attempts) == ("active", None, 0)


def test_crashes_count_only_in_a_row(importer: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()
    for _ in range(4):
        with monkeypatch.context() as broken:
            broken.setattr(remote, "ask", _crash)
            with pytest.raises(Crash):
                importer.pull(link)
        _expire(importer)
        importer.pull(link)

    assert importer.state(link).state == "active"


def _overtake(importer: Importer, link: UUID, *, says: bool = True) -> None:
    _expire(importer)
    if says:
        importer.says(nights("new", day(30), day(31)))
    assert importer.pull(link).state == "changed"

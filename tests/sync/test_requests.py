"""Pulls that somebody asked for: each run is ended by a pull that began after it."""

from __future__ import annotations

from uuid import UUID

import pytest

from hub.errors import Conflict
from sync import linking, requests
from tests.conftest import FrozenClock
from tests.fakes.feed_server import Answer
from tests.sync.calendars import day, nights
from tests.sync.importing import Importer, Meanwhile


def test_a_pull_that_was_asked_for_ends_its_run_even_without_news(importer: Importer) -> None:
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()
    importer.pull(link)
    run = importer.do(lambda session: requests.request(session, link))

    outcome = importer.pull(link)

    assert (outcome.state, outcome.run_id) == ("unchanged", run.id)
    ended = importer.runs(link)[-1]
    assert (ended.id, ended.state, ended.trigger) == (run.id, "done", "request")
    assert ended.finished_at is not None


def test_a_run_that_was_asked_for_says_what_failed(importer: Importer) -> None:
    importer.answers(Answer(status=500))
    link = importer.link()
    importer.do(lambda session: requests.request(session, link))

    outcome = importer.pull(link)

    (run,) = importer.runs(link)
    assert (run.state, run.error) == ("failed", outcome.error)


def test_who_asks_while_a_request_waits_joins_it(importer: Importer, clock: FrozenClock) -> None:
    link = importer.link()
    importer.run_sql("UPDATE links SET next_pull_at = next_pull_at + interval '1 hour'")

    first, second = (importer.do(lambda session: requests.request(session, link)) for _ in range(2))

    assert first.id == second.id
    assert importer.state(link).next_pull_at == clock.instant


def test_who_asks_during_a_pull_is_answered_by_the_next_one(importer: Importer, clock: FrozenClock) -> None:
    """What is being read now may be older than the question."""
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()
    asked: list[UUID] = []
    network = Meanwhile(lambda: asked.append(importer.do(lambda session: requests.request(session, link)).id))

    importer.pull(link, network)

    assert [run.state for run in importer.runs(link) if run.id == asked[0]] == ["queued"]
    assert importer.state(link).next_pull_at == clock.instant, "at once, not after the interval"
    assert importer.pull(link).run_id == asked[0]


def test_nobody_waits_for_a_link_that_was_paused(importer: Importer) -> None:
    link = importer.link()
    importer.do(lambda session: requests.request(session, link))

    importer.do(lambda session: linking.pause(session, link))

    (run,) = importer.runs(link)
    assert (run.state, run.error) == ("cancelled", "the link was paused")
    with pytest.raises(Conflict, match="resume it first"):
        importer.do(lambda session: requests.request(session, link))


def test_a_link_that_only_exports_cannot_be_asked(importer: Importer) -> None:
    link = importer.link(direction="export")

    with pytest.raises(Conflict, match="only exports"):
        importer.do(lambda session: requests.request(session, link))

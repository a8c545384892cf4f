"""Notices by watches: each costs little, many cost little more, and false ones nothing."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from hub.queries import links as links_query
from sync import linking, notices
from sync.runtime import Runtime
from tests.conftest import FrozenClock
from tests.connectors.sandbox.playing import SandboxHarness, playing
from tests.sync.watching import Watcher


@pytest.fixture
def channel() -> Iterator[SandboxHarness]:
    with playing() as harness:
        yield harness


@pytest.fixture
def here(reaching: Runtime, channel: SandboxHarness) -> Watcher:
    return Watcher.build(reaching, channel)


def test_a_notice_brings_the_next_pass_forward_and_no_later_one_back(
    here: Watcher, clock: FrozenClock
) -> None:
    link, told = here.opened()
    later = clock.instant + timedelta(minutes=15)
    here.work(lambda session: links_query.note(session, link, next_pull_at=later))
    version = here.state(link).version

    assert notices.take(here.runtime, "sandbox", told)

    state = here.state(link)
    assert (state.next_pull_at, state.version) == (clock.instant + notices.GATHERED, version)
    (kept,) = here.open(link)
    assert (kept.notices, kept.last_notice_at) == (1, clock.instant)
    sooner = clock.instant - timedelta(minutes=1)
    here.work(lambda session: links_query.note(session, link, next_pull_at=sooner))
    assert notices.take(here.runtime, "sandbox", told)
    assert here.state(link).next_pull_at == sooner


def test_five_hundred_at_once_are_counted_and_bring_one_moment_forward(
    here: Watcher, clock: FrozenClock
) -> None:
    link, told = here.opened()
    later = clock.instant + timedelta(minutes=15)
    here.work(lambda session: links_query.note(session, link, next_pull_at=later))

    with ThreadPoolExecutor(8) as people:
        heard = list(people.map(lambda _: notices.take(here.runtime, "sandbox", told), range(500)))

    state = here.state(link)
    assert all(heard)
    assert (state.notices, state.noticed) == (500, 0)
    assert state.next_pull_at == clock.instant + notices.GATHERED


def test_what_is_no_notice_of_an_open_watch_writes_nothing(here: Watcher) -> None:
    link, told = here.opened()
    before = here.state(link)
    for slug, wrong in (
        ("sandbox", told | {"x-bell-token": secrets.token_urlsafe(32)}),
        ("sandbox", told | {"x-bell": str(link)}),
        ("sandbox", told | {"x-bell": "1' OR '1'='1"}),
        ("sandbox", told | {"x-bell-says": "deleted"}),
        ("sandbox", {}),
        ("ical", told),
        ("pigeon", told),
    ):
        assert not notices.take(here.runtime, slug, wrong), wrong

    after = here.state(link)
    assert (after.notices, after.next_pull_at) == (before.notices, before.next_pull_at)
    assert here.open(link)[0].notices == 0


def test_a_paused_link_is_nudged_by_nobody(here: Watcher) -> None:
    link, told = here.opened()
    here.work(lambda session: linking.pause(session, link))
    before = here.state(link)

    assert notices.take(here.runtime, "sandbox", told)

    assert (here.state(link).notices, here.state(link).next_pull_at) == (0, before.next_pull_at)

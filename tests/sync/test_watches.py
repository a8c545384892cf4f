"""Watches: opened, renewed before they end, closed; and what the notices that come by them do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from connectors.calendars import Watch
from connectors.contract import AllDay
from connectors.errors import RateLimited
from connectors.sandbox.connector import SandboxConnector
from hub import clock as hub_clock
from hub.queries import watches as query
from hub.vault import token_hash
from sync import linking, notices, watches
from sync.runtime import Runtime
from tests.conftest import FrozenClock
from tests.connectors.contract import Fault
from tests.connectors.sandbox.playing import SandboxHarness, playing
from tests.sync.watching import Watcher


@pytest.fixture
def channel() -> Iterator[SandboxHarness]:
    with playing() as harness:
        yield harness


@pytest.fixture
def here(reaching: Runtime, channel: SandboxHarness) -> Watcher:
    return Watcher.build(reaching, channel)


def test_a_new_link_is_watched_and_hears_of_changes(here: Watcher) -> None:
    link = here.link()
    assert here.due() == [link]
    assert here.due() == []

    here.tend(link)

    (opened,) = here.open(link)
    (bell,) = here.bells()
    assert (bell.name, bell.post_to) == (
        str(opened.id),
        here.channel.address.replace("notices", "webhooks/sandbox"),
    )
    assert opened.token_hash == token_hash(bell.token)
    assert opened.resource == here.channel.agenda.name
    assert opened.expires_at == bell.until
    life = opened.expires_at - opened.opened_at
    assert here.state(link).watch_at == opened.opened_at + life * 0.8

    today = hub_clock.today("UTC")
    here.channel.person.add(AllDay(today, today + timedelta(days=1)))
    hello, changed = here.channel.notices(2)
    assert notices.take(here.runtime, "sandbox", hello)
    assert here.state(link).notices == 0
    assert notices.take(here.runtime, "sandbox", changed)
    assert here.state(link).notices == 1


def test_the_next_one_is_opened_before_the_old_one_is_closed(here: Watcher, clock: FrozenClock) -> None:
    link = here.link()
    here.due()
    here.tend(link)
    (first,) = here.open(link)
    clock.advance((first.expires_at - first.opened_at) * 0.79)
    assert here.due() == []
    here.tend(link)
    assert [one.id for one in here.open(link)] == [first.id]
    clock.advance((first.expires_at - first.opened_at) * 0.02)
    assert here.due() == [link]

    there: list[int] = []
    unwatch = SandboxConnector.unwatch

    def meanwhile(self: SandboxConnector, *args: Any) -> None:
        there.append(len(here.bells()))
        unwatch(self, *args)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(SandboxConnector, "unwatch", meanwhile)
        here.tend(link)

    assert there == [2]
    (second,) = here.open(link)
    assert second.id != first.id
    assert [bell.name for bell in here.bells()] == [str(second.id)]


def test_a_paused_link_is_watched_no_more_and_a_resumed_one_again(here: Watcher) -> None:
    link = here.link()
    here.due()
    here.tend(link)
    here.work(lambda session: linking.pause(session, link))

    assert here.due() == [link]
    here.tend(link)
    assert (here.open(link), here.bells()) == ([], [])
    assert here.due() == []

    here.work(lambda session: linking.resume(session, link))
    assert here.due() == [link]
    here.tend(link)
    assert len(here.open(link)) == len(here.bells()) == 1


def test_a_watch_that_ends_as_it_begins_is_no_reason_to_open_one_after_the_other(
    here: Watcher, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(_: SandboxConnector, settings: Any, watch_id: str, *__: Any) -> Watch:
        return Watch(watch_id, "agenda", clock.instant - timedelta(days=1))

    monkeypatch.setattr(SandboxConnector, "watch", ended)
    link = here.link()
    here.due()

    here.tend(link)

    assert here.state(link).watch_at == clock.instant + watches.FIRST_PAUSE
    assert here.due() == []


def test_a_channel_that_says_for_how_long_is_left_alone_for_so_long(
    here: Watcher, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def limited(*_: Any) -> None:
        raise RateLimited("come less often", retry_after=timedelta(hours=3))

    monkeypatch.setattr(SandboxConnector, "watch", limited)
    link = here.link()
    here.due()

    here.tend(link)

    assert here.state(link).watch_at == clock.instant + timedelta(hours=3)
    assert here.open(link) == []


def test_a_channel_that_does_not_answer_is_asked_again_ever_later(here: Watcher, clock: FrozenClock) -> None:
    link = here.link()
    here.channel.break_(Fault.OUTAGE)
    pauses = []
    for failures in (1, 2, 3, 4):
        assert here.due() == [link]
        here.tend(link)
        state = here.state(link)
        assert (state.watch_failures, here.open(link)) == (failures, [])
        pauses.append(state.watch_at - clock.instant)
        clock.at(state.watch_at)
    for pause, longest in zip(pauses, (2, 4, 8, 16), strict=True):
        assert timedelta(minutes=longest) / 2 <= pause <= timedelta(minutes=longest)
    here.channel.heal()

    here.tend(link)

    assert (here.state(link).watch_failures, len(here.open(link))) == (0, 1)


def test_an_old_one_that_cannot_be_closed_is_tried_again(here: Watcher, clock: FrozenClock) -> None:
    link = here.link()
    here.due()
    here.tend(link)
    here.work(lambda session: linking.pause(session, link))
    here.channel.break_(Fault.OUTAGE)
    here.tend(link)
    assert len(here.open(link)) == 1
    assert here.state(link).watch_at <= clock.instant + timedelta(minutes=2)
    here.channel.heal()

    here.tend(link)

    assert (here.open(link), here.bells()) == ([], [])


def test_where_none_can_be_had_it_is_tried_tomorrow(
    here: Watcher, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = here.link()
    monkeypatch.setattr(SandboxConnector, "watch", lambda *_: None)

    here.tend(link)

    state = here.state(link)
    assert (here.open(link), state.watch_failures) == ([], 0)
    assert state.watch_at == clock.instant + timedelta(days=1)


def test_a_watch_is_known_before_its_channel_can_tell_by_it(
    here: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = here.link()
    heard = []
    watch = SandboxConnector.watch

    def at_once(self: SandboxConnector, settings: Any, watch_id: str, token: str, *rest: Any) -> Any:
        told = {"x-bell": watch_id, "x-bell-token": token, "x-bell-says": "changed"}
        heard.append(notices.take(here.runtime, "sandbox", told))
        return watch(self, settings, watch_id, token, *rest)

    monkeypatch.setattr(SandboxConnector, "watch", at_once)

    here.tend(link)

    assert heard == [True]
    assert here.state(link).notices == 1


def test_a_link_that_goes_while_its_watch_is_opened_leaves_none_behind(
    here: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = here.link()
    watch = SandboxConnector.watch

    def removed(self: SandboxConnector, *args: Any) -> Any:
        opened = watch(self, *args)
        here.work(lambda session: linking.unlink(session, link))
        return opened

    monkeypatch.setattr(SandboxConnector, "watch", removed)

    here.tend(link)

    assert here.bells() == []
    here.tend(link)


def test_another_calendar_is_watched_instead(here: Watcher) -> None:
    link = here.link()
    here.due()
    here.tend(link)
    other = here.channel.other.model_dump(include={"calendar"})

    here.work(lambda session: linking.change(session, link, settings=other))
    assert here.due() == [link]
    here.tend(link)

    (opened,) = here.open(link)
    assert opened.resource == other["calendar"]


def test_closing_is_tried_and_never_fails(here: Watcher) -> None:
    link, _ = here.opened()
    kept = here.work(lambda session: watches.open_of(session, link))

    here.channel.break_(Fault.OUTAGE)
    assert watches.close(here.runtime.network, kept) == {kept[0].id}
    here.channel.heal()
    assert watches.close(here.runtime.network, kept) == frozenset()
    assert here.bells() == []
    assert watches.close(here.runtime.network, kept) == frozenset()


def test_a_stranger_sees_no_watch(here: Watcher, reaching: Runtime, channel: SandboxHarness) -> None:
    link, _ = here.opened()
    stranger = Watcher.build(reaching, channel)

    assert stranger.work(lambda session: query.of_link(session, link)) == []

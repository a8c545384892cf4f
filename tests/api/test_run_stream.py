"""GET sync-runs/{id}/stream: told as it goes on, to so many, and no longer than anybody listens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from starlette.types import Message

from api import streaming
from api.app import Door
from api.streaming import EventStream, Look, Streams
from api.waiting import AllWait, TooManyWait
from hub.errors import NotFound
from hub.services import api_keys
from tests.api.houses import House, check_problem
from tests.api.linked import linked, pulled, says
from tests.api.machines import a_key, ask
from tests.concurrency.together import together, until
from tests.fakes.feed_server import FeedServer
from tests.sync.calendars import day, nights

ONE, OTHER = UUID(int=1), UUID(int=2)
SOON = 0.01


def events(text: str) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for block in text.strip().split("\n\n"):
        name, data = block.split("\n")
        found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


def test_a_run_is_followed_to_its_end(
    door: Door, house: House, channel: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "EVERY", SOON)
    says(channel, nights("a", day(20), day(23)))
    link = linked(house, channel)
    run = house.post("/sync-runs", {"all": True}).json()
    path = f"/sync-runs/{run['id']}"
    streams = door.http.state.streams

    def work() -> object:
        until(lambda: streams.open[house.organization_id] == 1, within=30, what="somebody listens")
        return pulled(house, link)

    answer, _ = together([lambda: house.get(f"{path}/stream"), work])

    assert not isinstance(answer, Exception)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    told = events(answer.text)
    assert [name for name, _ in told][-2:] == ["progress", "finished"]
    assert told[0][1]["state"] == "queued"
    assert told[-1][1] == house.get(path).json()
    assert told[-1][1]["progress"]["done"] == 1
    assert streams.open.total() == 0


def test_what_is_over_is_told_at_once_and_so_is_a_sync_of_one_link(house: House, channel: FeedServer) -> None:
    says(channel, nights("a", day(20), day(23)))
    link = linked(house, channel)
    run = house.post(f"/links/{link['id']}/sync").json()
    pulled(house, link)

    told = events(house.get(f"/sync-runs/{run['id']}/stream").text)

    assert [name for name, _ in told] == ["progress", "finished"]
    assert told[0][1]["link_id"] == link["id"]


def test_nobody_follows_what_they_may_not_see(house: House, neighbours: House, channel: FeedServer) -> None:
    says(channel)
    run = house.post(f"/links/{linked(house, channel)['id']}/sync").json()

    check_problem(neighbours.get(f"/sync-runs/{run['id']}/stream"), 404, "not_found")


def test_a_key_that_is_revoked_hears_no_more(
    door: Door, house: House, channel: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "EVERY", SOON)
    says(channel)
    linked(house, channel)
    run = house.post("/sync-runs", {"all": True}).json()
    streams, made = door.http.state.streams, a_key(house)

    def revoke() -> None:
        until(lambda: streams.open[house.organization_id] == 1, within=30, what="somebody listens")
        house.work(lambda session: api_keys.revoke(session, made.row.id))
        until(lambda: streams.open[house.organization_id] == 0, within=30, what="nobody listens")

    path = f"/sync-runs/{run['id']}/stream"
    answer, ended = together([lambda: ask(house, made.secret, "GET", path), revoke])

    assert not isinstance(answer, Exception)
    assert [name for name, _ in events(answer.text)] == ["progress"], "the run goes on"
    assert ended is None


def test_so_many_streams_are_open_at_one_time(
    door: Door, house: House, channel: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(channel)
    run = house.post(f"/links/{linked(house, channel)['id']}/sync").json()
    streams = door.http.state.streams

    monkeypatch.setattr(streams, "of_one", 0)
    check_problem(house.get(f"/sync-runs/{run['id']}/stream"), 429, "too_many_streams")
    monkeypatch.setattr(streams, "of_one", 1)
    monkeypatch.setattr(streams, "most", 0)
    check_problem(house.get(f"/sync-runs/{run['id']}/stream"), 503, "busy")


def test_one_organization_does_not_take_the_places_of_all() -> None:
    streams = Streams(most=3, of_one=2)
    for _ in range(2):
        streams.enter(ONE)
    with pytest.raises(TooManyWait):
        streams.enter(ONE)
    streams.enter(OTHER)
    with pytest.raises(AllWait):
        streams.enter(OTHER)
    streams.leave(ONE)
    streams.enter(OTHER)


class Listener:
    """Who listens to a stream past the door, and hangs up after so many events."""

    def __init__(self, hangs_up_after: int = 1000) -> None:
        self.heard: list[str] = []
        self._after = hangs_up_after
        self._gone = asyncio.Event()

    async def receive(self) -> Message:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if body := message.get("body"):
            self.heard.append(body.decode())
        if len(self.heard) >= self._after:
            self._gone.set()

    def listens(self, streams: Streams, look: Callable[[], Look]) -> None:
        async def run() -> None:
            stream = EventStream(streams, ONE, look(), look)
            await asyncio.wait_for(stream({"type": "http"}, self.receive, self.send), 30)

        asyncio.run(run())


def going_on() -> Callable[[], Look]:
    number = iter(range(10_000))
    return lambda: Look(str(next(number)), over=False)


def test_who_hangs_up_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "EVERY", SOON)
    streams, listener = Streams(), Listener(hangs_up_after=3)

    listener.listens(streams, going_on())

    assert len(listener.heard) == 3
    assert streams.open.total() == 0


def test_what_is_the_same_is_not_told_twice_and_silence_is_broken_by_a_comment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streaming, "EVERY", SOON)
    monkeypatch.setattr(streaming, "HEARTBEAT", 3 * SOON)
    listener = Listener(hangs_up_after=3)

    listener.listens(Streams(), lambda: Look("{}", over=False))

    assert [line.partition("\n")[0] for line in listener.heard] == ["event: progress", *[": still at it"] * 2]


def test_a_stream_ends_when_its_time_is_over_or_when_there_is_nothing_to_see_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streaming, "EVERY", SOON)
    looks = iter([Look("1", over=False), Look("2", over=False)])

    def look() -> Look:
        if (found := next(looks, None)) is None:
            raise NotFound.because("not_found", "there is no such run")
        return found

    gone = Listener()
    gone.listens(Streams(), look)
    assert len(gone.heard) == 2

    monkeypatch.setattr(streaming, "LONGEST", 5 * SOON)
    late, streams = Listener(), Streams()
    late.listens(streams, going_on())
    assert 1 <= len(late.heard) <= 10
    assert streams.open.total() == 0

"""How old a feed may be, and what happens while the database is away."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from api import feed_cache
from api.feeds import FeedsApp
from sync import linking
from sync.runtime import Runtime
from tests.api.feeds.reader import Reading, Seconds, ask, one, with_app
from tests.sync.exporting import Place, events, july


def test_a_feed_is_read_once_a_second_at_most_and_a_booking_is_in_it_a_second_later(
    place: Place, runtime: Runtime, path: str, seconds: Seconds, reading: Reading
) -> None:
    async def work(app: FeedsApp) -> None:
        first = await ask(app, path)
        place.book(place.units[0], july(10, 12))
        seconds.now += 0.4
        assert await ask(app, path) == first
        assert reading.times == 1
        seconds.now += 0.6
        assert len(events((await ask(app, path)).body)) == 2
        assert reading.times == 2

    with_app(runtime, work)


def test_a_feed_in_demand_is_read_before_it_is_too_old_and_nobody_waits(
    runtime: Runtime, path: str, seconds: Seconds, reading: Reading
) -> None:
    async def work(app: FeedsApp) -> None:
        first = await ask(app, path)
        reading.may_go_on.clear()
        seconds.now += 0.95
        assert [await ask(app, path) for _ in range(3)] == [first] * 3
        reading.may_go_on.set()

    with_app(runtime, work)
    assert reading.times == 2


def test_many_who_ask_at_once_wait_for_one_reading(runtime: Runtime, path: str, reading: Reading) -> None:
    async def work(app: FeedsApp) -> None:
        reading.may_go_on.clear()
        asking = [asyncio.create_task(ask(app, path)) for _ in range(50)]
        await asyncio.sleep(0)
        reading.may_go_on.set()
        answers = await asyncio.gather(*asking)
        assert {answer.status for answer in answers} == {200}
        assert len({answer.body for answer in answers}) == 1

    with_app(runtime, work)
    assert reading.times == 1


def test_without_the_database_the_last_feed_is_served_for_a_minute_and_then_none(
    runtime: Runtime, path: str, seconds: Seconds, reading: Reading
) -> None:
    async def work(app: FeedsApp) -> None:
        first = await ask(app, path)
        reading.fails = True
        for later in (1.0, 30.0, 28.9):
            seconds.now += later
            assert await ask(app, path) == first
        seconds.now += 0.2
        for _ in range(2):
            answer = await ask(app, path)
            assert (answer.status, answer.headers["retry-after"]) == (503, "5")
        reading.fails = False
        assert await ask(app, path) == first

    with_app(runtime, work)


def test_while_the_database_is_away_it_is_asked_once_a_second(
    runtime: Runtime, path: str, seconds: Seconds, reading: Reading
) -> None:
    async def work(app: FeedsApp) -> None:
        await ask(app, path)
        reading.fails = True
        for _ in range(10):
            seconds.now += 1.0
            for _ in range(10):
                assert (await ask(app, path)).status == 200

    with_app(runtime, work)
    assert reading.times == 11


def test_an_unknown_token_is_not_unknown_because_the_database_is_away(
    runtime: Runtime, path: str, reading: Reading
) -> None:
    reading.fails = True
    assert one(runtime, path).status == 503


def test_a_database_that_hangs_is_waited_for_only_once(
    runtime: Runtime, path: str, seconds: Seconds, reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(app: FeedsApp) -> None:
        first = await ask(app, path)
        monkeypatch.setattr(feed_cache, "PATIENCE", 0.05)
        reading.may_go_on.clear()
        seconds.now += 2
        assert await ask(app, path) == first
        seconds.now += 57
        assert await ask(app, path) == first
        seconds.now += 2
        assert (await ask(app, path)).status == 503
        reading.may_go_on.set()

    with_app(runtime, work)
    assert reading.times == 2


def test_a_rotated_address_is_forgotten_within_a_second(
    place: Place, link: UUID, path: str, seconds: Seconds
) -> None:
    async def work(app: FeedsApp) -> None:
        assert (await ask(app, path)).status == 200
        place.do(lambda session: linking.rotate_feed(session, link))
        seconds.now += 1
        assert (await ask(app, path)).status == 404
        assert (await ask(app, f"/feeds/{place.token(link)}.ics")).status == 200

    with_app(place.runtime, work)


def test_guessing_tokens_neither_fills_the_memory_nor_delays_a_known_feed(
    runtime: Runtime, path: str, seconds: Seconds, reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_cache, "MOST_STRANGERS", 3)

    async def work(app: FeedsApp) -> None:
        first = await ask(app, path)
        reading.may_go_on.clear()
        guesses = [asyncio.create_task(ask(app, f"/feeds/{'x' * 40}{n}.ics")) for n in range(10)]
        await asyncio.sleep(0)
        seconds.now += 0.95
        assert await ask(app, path) == first
        reading.may_go_on.set()
        statuses = sorted(answer.status for answer in await asyncio.gather(*guesses))
        assert statuses == [404] * 3 + [503] * 7
        assert len(app._cache.shelves) == 1

    with_app(runtime, work)


@pytest.mark.parametrize("limit", ["MOST_FEEDS", "MOST_BYTES"])
def test_the_feed_read_longest_ago_makes_room(
    place: Place, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.book(place.units[0], july(3, 7))
    paths = [f"/feeds/{place.token(place.link(unit_id=place.units[0]))}.ics" for _ in range(3)]

    async def work(app: FeedsApp) -> None:
        assert (await ask(app, paths[0])).status == 200
        size = app._cache.shelves[paths[0]].size
        monkeypatch.setattr(feed_cache, limit, 2 if limit == "MOST_FEEDS" else 5 * size // 2)
        for path in paths[1:]:
            assert (await ask(app, path)).status == 200
        assert list(app._cache.shelves) == paths[1:]

    with_app(place.runtime, work)

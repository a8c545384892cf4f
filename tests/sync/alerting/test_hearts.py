"""That beat is silent is noticed although beat is silent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sync.alerting import hearts
from tests.sync.alerting.watched import Watched

TEN = timedelta(seconds=10)


def stand_in(watched: Watched, times: int) -> list[bool]:
    """What a web process does every ten seconds."""
    stood = []
    for _ in range(times):
        watched.clock.advance(TEN)
        stood.append(hearts.stand_in(watched.runtime))
    return stood


def test_while_workers_look_nobody_stands_in(watched: Watched) -> None:
    for _ in range(10):
        hearts.beat(watched.runtime, "beat")
        hearts.beat(watched.runtime, "worker")
        assert stand_in(watched, 1) == [False]
    assert watched.receiver.posted == []


def test_a_beat_that_falls_silent_is_told_by_whoever_stands_in(watched: Watched) -> None:
    hearts.beat(watched.runtime, "beat")
    hearts.beat(watched.runtime, "worker")
    stand_in(watched, 12)
    assert watched.heard()["alert.opened", "beat_silent"] == 1
    for _ in range(10):
        hearts.beat(watched.runtime, "beat")
        stand_in(watched, 1)
    assert watched.heard()["alert.recovered", "beat_silent"] == 1


def test_a_beat_that_never_ran_is_missed_from_when_somebody_expects_it(watched: Watched) -> None:
    stand_in(watched, 12)
    assert watched.heard()["alert.opened", "beat_silent"] == 0
    hearts.expect(watched.runtime)
    stand_in(watched, 12)
    assert watched.heard()["alert.opened", "beat_silent"] == 1


def test_to_expect_beat_does_not_make_it_look_alive(watched: Watched) -> None:
    hearts.beat(watched.runtime, "beat")
    before = watched.rows("SELECT at FROM heartbeats WHERE name = 'beat'")
    watched.clock.advance(timedelta(hours=1))
    hearts.expect(watched.runtime)
    assert watched.rows("SELECT at FROM heartbeats WHERE name = 'beat'") == before


def test_many_who_stand_in_tell_it_once(watched: Watched) -> None:
    hearts.expect(watched.runtime)
    with ThreadPoolExecutor(4) as pool:
        for _ in range(12):
            watched.clock.advance(TEN)
            list(pool.map(lambda _: hearts.stand_in(watched.runtime), range(4)))
    told = [posted.told["type"] for posted in watched.receiver.posted]
    assert told.count("alert.opened") == len(watched.receiver.posted) == watched.heard().total()
    assert watched.heard()["alert.opened", "beat_silent"] == 1


def test_a_clock_that_was_ahead_for_a_moment_hides_no_silence(watched: Watched) -> None:
    watched.clock.advance(timedelta(days=1))
    hearts.beat(watched.runtime, "beat")
    hearts.beat(watched.runtime, "worker")
    watched.clock.advance(timedelta(days=-1))
    stand_in(watched, 12)
    assert watched.heard()["alert.opened", "beat_silent"] == 1
    for _ in range(10):
        hearts.beat(watched.runtime, "beat")
        stand_in(watched, 1)
    assert watched.heard()["alert.recovered", "beat_silent"] == 1
    stand_in(watched, 12)
    assert watched.heard()["alert.opened", "beat_silent"] == 2


def test_signs_of_life_that_arrive_out_of_turn_make_nobody_older(watched: Watched) -> None:
    hearts.beat(watched.runtime, "beat")
    before = watched.rows("SELECT at FROM heartbeats WHERE name = 'beat'")
    watched.clock.advance(timedelta(seconds=-5))
    hearts.beat(watched.runtime, "beat")
    assert watched.rows("SELECT at FROM heartbeats WHERE name = 'beat'") == before

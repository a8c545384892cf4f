"""The supervisor: starts in order, restarts what dies, gives up on what keeps dying, stops in reverse."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import Misconfigured
from workers import supervisor as module
from workers.supervisor import Crashes, GaveUp, Hurry, Supervisor


@dataclass
class Doll:
    """A part without a process: it dies when it is told."""

    name: str
    story: list[str]
    needed: bool = True
    living: bool = False
    fails_to_start: int = 0
    hurries_at_stop: bool = False
    starts: int = field(default=0)

    def start(self) -> None:
        if self.fails_to_start:
            self.fails_to_start -= 1
            raise Misconfigured(f"{self.name} cannot start")
        self.story.append(f"start {self.name}")
        self.starts += 1
        self.living = True

    def alive(self) -> bool:
        return self.living

    def fate(self) -> str:
        return "fell over"

    def log_end(self) -> str:
        return "its last words"

    def ask(self) -> None:
        self.story.append(f"ask {self.name}")

    def stop(self) -> None:
        if self.hurries_at_stop:
            raise Hurry
        self.story.append(f"stop {self.name}")
        self.living = False

    def kill(self) -> None:
        self.story.append(f"kill {self.name}")
        self.living = False


def supervised(said: list[str]) -> Supervisor:
    return Supervisor(said.append, lambda: Crashes(first_delay=0.0))


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK", 0.001)


def test_parts_start_in_order_and_stop_in_reverse() -> None:
    story: list[str] = []
    supervisor = supervised(story)
    for name in ("database", "worker", "web"):
        supervisor.start(Doll(name, story))
    supervisor.stop()
    assert story == [
        *("start database", "start worker", "start web"),
        *("ask web", "ask worker", "ask database"),
        *("stop web", "stop worker", "stop database"),
    ]


def test_what_dies_is_started_again() -> None:
    said: list[str] = []
    supervisor, part = supervised(said), Doll("web", [])
    supervisor.start(part)
    part.living = False
    assert supervisor.run(until=lambda: part.starts == 2)
    assert said == ["web fell over; starting it again"]


def test_the_fifth_crash_in_a_minute_is_the_last() -> None:
    supervisor, part = supervised([]), Doll("web", [])
    supervisor.start(part)

    def dies_again() -> bool:
        part.living = False
        return False

    with pytest.raises(GaveUp, match=r"web fell over, for the fifth time within a minute\nits last words"):
        supervisor.run(until=dies_again)
    assert part.starts == 5


def test_a_part_that_is_not_needed_only_stays_off() -> None:
    said: list[str] = []
    supervisor = supervised(said)
    extra, web = Doll("feeds", [], needed=False), Doll("web", [])
    supervisor.start(extra)
    supervisor.start(web)

    def dies_again() -> bool:
        extra.living = False
        return any("stays off" in line for line in said)

    assert supervisor.run(until=dies_again)
    assert web.living


def test_a_start_that_fails_is_a_crash_like_any_other() -> None:
    said: list[str] = []
    supervisor, part = supervised(said), Doll("postgres", [])
    supervisor.start(part)
    part.living, part.fails_to_start = False, 2
    assert supervisor.run(until=lambda: part.living)
    assert said.count("postgres cannot start") == 2


def test_a_signal_asks_to_stop_and_a_second_one_to_hurry() -> None:
    story: list[str] = []
    supervisor = supervised(story)
    before = signal.getsignal(signal.SIGTERM)
    with supervisor.listening():
        supervisor.start(Doll("database", story))
        os.kill(os.getpid(), signal.SIGTERM)
        assert supervisor.run() is False
        with pytest.raises(Hurry):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGTERM) is before


def test_in_a_hurry_everything_is_killed_in_reverse() -> None:
    story: list[str] = []
    supervisor = supervised(story)
    supervisor.start(Doll("database", story))
    supervisor.start(Doll("worker", story, hurries_at_stop=True))
    supervisor.start(Doll("web", story))
    supervisor.stop()
    assert story[6:] == ["stop web", "kill web", "kill worker", "kill database"]


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=40).map(sorted))
def test_it_gives_up_exactly_at_the_fifth_crash_within_a_minute(times: list[float]) -> None:
    crashes = Crashes(within=60.0, most=5, first_delay=0.2)
    for index, now in enumerate(times):
        recent = sum(1 for time in times[: index + 1] if now - time <= 60.0)
        delay = crashes.delay(now)
        assert (delay is None) == (recent >= 5)
        if delay is None:
            break
        assert delay == pytest.approx(0.2 * 2 ** (recent - 1))

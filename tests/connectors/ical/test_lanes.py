"""The quick lane and the slow one: feeds that take long hold up no honest one, and all waiting has an end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from connectors.ical import limits, reading
from connectors.ical.content import TooComplex, TooSlow
from connectors.ical.frames import Refusal, Request
from connectors.ical.lanes import Lane, Verdict, Verdicts
from connectors.ical.process import ReaderLost, ReaderProcess
from connectors.ical.reading import Readers
from connectors.ical.understand import Understood
from hub.config import Settings
from tests.connectors.ical.hostile import events
from tests.connectors.ical.readers import REQUEST, feed, readers, uids
from tests.connectors.ical.reading import calendar

NETWORK_SECONDS = 20
FEW, HOSTILE = 6, 14


@pytest.fixture(autouse=True)
def _none_left() -> Iterator[None]:
    reading.close()
    yield
    reading.close()
    assert not readers()


def hostile(number: int) -> bytes:
    rule = events(40, "DTSTART:20060701T100000Z", "DTEND:20060701T110000Z", "RRULE:FREQ=HOURLY;INTERVAL=1")
    return calendar(f"X-NUMBER:{number}", rule.rstrip())


def answered_after(name: str) -> float:
    began = time.monotonic()
    assert uids(name) == [name]
    return time.monotonic() - began


def among_hostile_ones(number: int) -> list[float]:
    """Seconds that four honest feeds take which come after so many."""

    def attack(name: int) -> None:
        with pytest.raises((TooComplex, ReaderLost)):
            reading.read(hostile(name), REQUEST)

    with ThreadPoolExecutor(number + 4) as threads:
        attacks = [threads.submit(attack, name) for name in range(number)]
        honest = list(threads.map(answered_after, ["a", "b", "c", "d"]))
        reading.close()
        for asked in attacks:
            asked.cancel()
    return honest


@pytest.mark.parametrize(
    ("number", "quick", "at_most"),
    [
        # Other tests run beside this one: honest feeds have more time, and readers all of theirs to start.
        pytest.param(FEW, 1.5, (FEW / limits.QUICK_READERS + 1) * (1.5 + limits.START_SECONDS), id="few"),
        pytest.param(HOSTILE, limits.QUICK_SECONDS, 10, id="many", marks=pytest.mark.soak),
    ],
)
def test_hostile_feeds_hold_up_honest_ones_for_a_few_turns_at_most(
    monkeypatch: pytest.MonkeyPatch, number: int, quick: float, at_most: float
) -> None:
    monkeypatch.setattr(limits, "SLOW_WAIT_SECONDS", 0.1)  # how long they themselves take is not asked here
    monkeypatch.setattr(limits, "WALL_SECONDS", 2.0)
    monkeypatch.setattr(limits, "QUICK_SECONDS", quick)
    monkeypatch.setattr(limits, "QUICK_WAIT_SECONDS", at_most)

    assert max(among_hostile_ones(number)) <= at_most


def test_if_the_quick_lane_took_as_long_as_the_slow_one_they_would_wait_in_vain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The control, with a shorter wait."""
    monkeypatch.setattr(limits, "WALL_SECONDS", 2.0)
    monkeypatch.setattr(limits, "QUICK_SECONDS", 2.0)
    monkeypatch.setattr(limits, "QUICK_WAIT_SECONDS", 1.0)
    monkeypatch.setattr(limits, "SLOW_WAIT_SECONDS", 0.1)

    with pytest.raises(ReaderLost, match="at work"):
        among_hostile_ones(FEW)


def test_all_of_one_reading_is_over_before_its_link_is_handed_out_again() -> None:
    before_slow = limits.QUICK_WAIT_SECONDS + limits.START_SECONDS + limits.QUICK_SECONDS
    in_slow = limits.START_SECONDS + limits.WALL_SECONDS

    assert before_slow + in_slow <= limits.MOST_SECONDS
    assert limits.QUICK_SECONDS + limits.SLOW_WAIT_SECONDS + in_slow <= limits.MOST_SECONDS
    assert Settings.model_fields["lease_seconds"].default > limits.MOST_SECONDS + NETWORK_SECONDS


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that readers are given for a feed; none is ever enough."""
    given: list[float] = []

    def ask(_: ReaderProcess, __: bytes, ___: object, seconds: float) -> Refusal:
        given.append(seconds)
        return Refusal("too_slow", "it takes too long to read")

    monkeypatch.setattr(ReaderProcess, "ask", ask)
    monkeypatch.setattr(ReaderProcess, "__init__", lambda self: setattr(self, "ends", False))
    monkeypatch.setattr(ReaderProcess, "kill", lambda _: None)
    return given


def refused(readers: Readers, name: str = "a") -> None:
    with pytest.raises(TooSlow) as raised:
        readers.ask(feed(name), REQUEST)
    assert raised.value.code == "too_complex"


def test_what_took_too_long_in_both_lanes_is_refused_unread_for_an_hour(
    asked: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = Readers()
    refused(pool)
    assert asked == [limits.QUICK_SECONDS, limits.WALL_SECONDS]

    refused(pool)
    assert len(asked) == 2

    monkeypatch.setattr(limits, "REFUSED_SECONDS", -1.0)
    refused(pool)
    assert asked[2:] == [limits.WALL_SECONDS]

    refused(pool, "another")
    assert asked[3:] == [limits.QUICK_SECONDS, limits.WALL_SECONDS]


def test_who_finds_too_many_waiting_does_not_wait() -> None:
    lane = Lane(1, 0)

    with lane.place(0), pytest.raises(ReaderLost, match="at work"), lane.place(60):
        pass
    with lane.place(0):
        pass


def test_only_the_last_feeds_that_took_too_long_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_VERDICTS", 2)
    verdicts = Verdicts()
    verdicts.note("one", Verdict.SLOW)
    verdicts.note("two", Verdict.REFUSED)
    assert verdicts.of("one") is Verdict.SLOW

    verdicts.note("three", Verdict.SLOW)

    assert [verdicts.of(name) for name in ("one", "two", "three")] == [Verdict.SLOW, None, Verdict.SLOW]


@pytest.fixture
def asked_for(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that each reader was given."""
    given: list[float] = []
    ask = ReaderProcess.ask

    def asking(self: ReaderProcess, body: bytes, request: Request, seconds: float) -> Understood | Refusal:
        given.append(seconds)
        return ask(self, body, request, seconds)

    monkeypatch.setattr(ReaderProcess, "ask", asking)
    return given


@pytest.mark.parametrize(("number", "seconds"), [(5, limits.QUICK_SECONDS), (6, limits.WALL_SECONDS)])
def test_a_feed_of_too_many_events_for_the_quick_lane_is_not_tried_there(
    monkeypatch: pytest.MonkeyPatch, asked_for: list[float], number: int, seconds: float
) -> None:
    monkeypatch.setattr(limits, "QUICK_EVENTS", 5)

    found = reading.read(calendar(*events(number, "DTSTART;VALUE=DATE:20260701").splitlines()), REQUEST)

    assert len(found.events) == number
    assert asked_for[0] == seconds, "a busy machine may try it in the other lane as well"

"""
No feed, whatever it is written to cost, holds up its reader: it ends, it takes little memory, it says what
it can or why it cannot, and the next feed is read at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import psutil
import pytest

from connectors.contract import Window
from connectors.ical import limits, process, reading
from connectors.ical.content import NotACalendar
from connectors.ical.frames import Request
from connectors.ical.understand import Understood
from tests.connectors.ical.hostile import BODIES, MIB, RULES, STARTS, feed
from tests.connectors.ical.readers import peak, readers

REQUEST = Request(Window(date(2026, 6, 1), date(2028, 1, 1), date(2029, 6, 1)), ZoneInfo("Europe/Lisbon"))
GOOD = {"good", "good too"}
SECONDS = 20
"""In which every one ends, WALL_SECONDS being 10; with much else on the machine as well"""
AT_ONCE = 10
"""Seconds for the next feed, a reader started for it included; with much else on the machine as well"""
MEMORY = 100 * MIB

REFUSED: dict[str, set[str | None]] = {
    "20,000 series every second": {"too_complex", None},
    "50,000 events of one UID": {"too_many_events"},
    "100,000 events": {"too_many_events"},
    "200,000 events with nothing in them": {"too_complex"},
    "400,000 busy periods": {"too_many_events"},
    "more bytes than may be": {"too_large"},
    "8 MB of folds and empty lines": {"too_complex", None},
    "8 MB of line ends": {"too_complex"},
    "8 MB of line ends, each twice": {"too_complex"},
    "8 MB of carriage returns": {"too_complex"},
    "a million lines": {"too_complex"},
    "500,000 BEGINs": {"too_complex"},
    "500,000 BEGINs of events": {"too_complex"},
    "500,000 ENDs": {None},
    "components 100,000 deep": {"too_complex"},
    "calendars 100,000 deep": {"too_complex"},
    "100,000 alarms without an end": {"too_complex"},
    "8 MB of junk": {"not_a_calendar"},
}
"""The codes with which a feed is refused whole; None where it may also be read"""
HEAVY = {
    *("100 events of 300 RDATEs", "12,000 events of one UID", "5,000 events without a UID"),
    *("300 exceptions that recur", "300 exceptions that last", "6,000 exceptions of one series"),
    *("40,000 zones", "100,000 observances", "a rule of a zone that never applies"),
    "a zone with 9,000 lines of RDATEs",
}
"""Seconds of CPU time: a machine that is busy with something else as well may have to give up on them"""


LONG = {"20,000 series every second"}
"""They take all the time that there is for a feed"""

HARMLESS = {
    "every day, a thousand million times",
    "a step beyond time",
    "all positions",
    "until the end of time",
    "the same hour over and over",
    "yearly since the year 1",
    "daily, and each for ever",
    "daily, and each since ever",
    "a duration beyond time",
}
"""They are followed up to the end of the window, and there is nothing to tell"""


@dataclass(slots=True)
class Spent:
    seconds: float = 0.0
    reader_peak: int = 0
    """Bytes, by the kernel's account of the process, which is older than this feed"""
    ours: int = 0
    """Bytes by which this process grew"""


@contextmanager
def measured() -> Iterator[Spent]:
    spent, over = Spent(), threading.Event()
    known = {reader.pid for reader in readers()}

    def note() -> None:
        spent.reader_peak = max(spent.reader_peak, *map(peak, known), 0)

    def look() -> None:
        for number in count(1):
            if over.wait(0.01):
                return
            if number % 10 == 0:  # to look for another one, which takes its place, costs far more
                known.update(reader.pid for reader in readers())
            note()

    note()
    looking = threading.Thread(target=look)
    before = psutil.Process().memory_info().rss
    looking.start()
    began = time.monotonic()
    try:
        yield spent
    finally:
        spent.seconds = time.monotonic() - began
        over.set()
        looking.join()
        spent.ours = psutil.Process().memory_info().rss - before


def outcome(body: bytes) -> tuple[str | None, Understood | None]:
    try:
        return None, reading.read(body, REQUEST)
    except NotACalendar as refusal:
        return refusal.code, None


@pytest.fixture
def _soon_out_of_patience(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Readers that give up on a feed after a second, not five."""
    hurried = "from connectors.ical import limits, reader; limits.PATIENCE = 1.0; reader.main()"
    monkeypatch.setattr(process, "COMMAND", (*process.COMMAND[:3], "-c", hurried, process.COMMAND[-1]))
    reading.close()
    yield
    reading.close()


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.soak if name in LONG else ()) for name in BODIES]
)
def test_no_feed_holds_up_its_reader(name: str) -> None:
    assert read_after(name) == GOOD


@pytest.mark.usefixtures("_soon_out_of_patience")
@pytest.mark.parametrize("name", sorted(LONG))
def test_a_feed_without_end_ends_with_its_readers_patience(name: str) -> None:
    assert read_after(name) == GOOD


def read_after(name: str) -> set[str]:
    """What the next feed is said to hold, at once; the one of that name cost little and was told about."""
    body = BODIES[name]()
    reading.read(feed(), REQUEST)

    with measured() as spent:
        code, read = outcome(body)
    began = time.monotonic()
    again = reading.read(feed(), REQUEST)

    assert time.monotonic() - began < AT_ONCE
    assert code in REFUSED.get(name, {None, "too_complex"} if name in HEAVY else {None})
    if read is not None:
        assert {event.uid for event in read.events if event.busy} >= GOOD
        if name in RULES or name in STARTS:
            about_the_bad_event(name, read)
    assert spent.seconds < SECONDS
    if Path("/proc/self/status").exists():
        assert spent.reader_peak > 10 * MIB
        assert spent.reader_peak + spent.ours <= MEMORY
    return {event.uid for event in again.events}


def about_the_bad_event(name: str, read: Understood) -> None:
    """It is busy on its own dates, there are not too many of it, and it is told."""
    bad = [event for event in read.events if event.uid == "bad"]

    assert all(event.busy for event in bad)
    assert len(bad) <= limits.MOST_OCCURRENCES
    assert bad or "since the year 1" in name or "since 1970" in name
    assert read.problems or name in HARMLESS


def test_there_are_as_many_as_are_said() -> None:
    assert len(BODIES) == 94
    assert BODIES.keys() >= REFUSED.keys() | HARMLESS | HEAVY

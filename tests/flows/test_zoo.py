"""
Weeks among all channels with all their quirks and faults: no night is freed, no word of ours comes back.

ZOO_SEED chooses another game, `./dev soak tests/flows/test_zoo.py` plays longer and denser ones; a seed tells
the whole game. With `-s` each tells how it went.
"""

from __future__ import annotations

import os
import random
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from connectors.sandbox.channels import CHANNELS
from connectors.sandbox.faults import FAULTS
from connectors.sandbox.server import serve
from connectors.sandbox.stays import HOUR
from connectors.sandbox.zoo import Zoo
from connectors.transport import Network
from sync.planning import guard, slides, words
from sync.planning.known import Slide
from sync.runtime import Runtime
from tests import servers
from tests.conftest import FrozenClock
from tests.flows.zoo.house import MADRID, House
from tests.flows.zoo.run import STARTED, Game, Pace
from tests.flows.zoo.watch import Report
from tests.sync.importing import a_runtime

LATE = timedelta(seconds=1)

SEED = os.environ.get("ZOO_SEED", "1")


@dataclass(frozen=True, slots=True)
class Group:
    """Channels of one house; with several units each link speaks of their type."""

    channels: tuple[str, ...]
    units: int = 1
    hourly: bool = False


GROUPS = {
    "lodgings": Group(("airbnb", "booking", "vrbo")),
    "managers": Group(("smoobu", "guesty")),
    "hubs": Group(("hub", "tripadvisor")),
    "calendars": Group(("google", "outlook", "apple")),
    "boats": Group(("samboat", "getmyboat", "click_and_boat", "turo"), hourly=True),
    "rooms": Group(("hostaway", "airbnb"), units=3),
}
TOGETHER = {
    "hubs and lodgings": Group((*GROUPS["lodgings"].channels, *GROUPS["hubs"].channels)),
    "managers and calendars": Group((*GROUPS["managers"].channels, *GROUPS["calendars"].channels)),
    "boats": GROUPS["boats"],
    "rooms": GROUPS["rooms"],
}
"""In the usual run: as many channels in fewer houses"""
LIVELY = timedelta(days=52)
"""Long enough for every fault to come to a channel with some calm in between; quiet days follow"""
USUAL = Pace(pull=21 * HOUR, read=27 * HOUR, guest=29 * HOUR)
DENSE = Pace(pull=1.5 * HOUR, read=2 * HOUR, guest=9 * HOUR)


@pytest.fixture
def runtime(own_database: servers.Database) -> Iterator[Runtime]:
    opened = a_runtime(own_database, Network(["127.0.0.1"]))
    yield opened
    opened.close()


def play(
    runtime: Runtime,
    clock: FrozenClock,
    group: str,
    seed: str,
    pace: Pace,
    lively: timedelta = LIVELY,
    everywhere: bool = True,
) -> Report:
    """Reproducible from the seed: the hub's own jitter is made from it as well."""
    chosen, name = (GROUPS | TOGETHER)[group], f"{seed} {group}"
    random.seed(zlib.crc32(name.encode()))
    clock.at(STARTED)
    server = serve(zoo=Zoo.of(chosen.channels, name, STARTED, MADRID), late=LATE)
    try:
        urls = {kind: f"{server.url}/{kind}.ics" for kind in chosen.channels}
        house = House.build(runtime, urls, units=chosen.units, hourly=chosen.hourly)
        return Game(house, server, clock, name, pace, lively, everywhere).play()
    finally:
        server.shutdown()
        server.server_close()


def check_report(report: Report, group: str, seed: str) -> None:
    print(f"\n{group}, seed {seed}: {report.words()}")  # noqa: T201 -- for whoever looks on with -s
    assert report.violations() == {}
    assert set(report.faults) >= set(FAULTS)
    assert report.sales > 0
    assert report.guarded > report.tripped > 0


def test_every_channel_is_played() -> None:
    for groups in (GROUPS, TOGETHER):
        assert {kind for group in groups.values() for kind in group.channels} == set(CHANNELS)


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("group", TOGETHER)
def test_each_fault_at_one_of_the_channels(runtime: Runtime, clock: FrozenClock, group: str) -> None:
    """As many faults a week as in the long games, and so in a part of the time."""
    lively = LIVELY / len(TOGETHER[group].channels)
    check_report(play(runtime, clock, group, SEED, USUAL, lively, False), group, SEED)


@pytest.mark.soak
@pytest.mark.parametrize("group", GROUPS)
def test_sixty_days_with_each_fault_at_every_channel(
    runtime: Runtime, clock: FrozenClock, group: str
) -> None:
    check_report(play(runtime, clock, group, SEED, USUAL), group, SEED)


def test_where_one_reading_is_enough_faults_free_nights(
    runtime: Runtime, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "READINGS", 1)
    monkeypatch.setattr(guard, "READINGS_WHEN_TRIPPED", 1)
    monkeypatch.setattr(guard, "NEAR", ())

    report = play(runtime, clock, "hubs", SEED, USUAL, timedelta(days=13))

    assert report.freed, report.words()


def _no_windows(*_: object) -> dict[str, Slide]:
    return {}


def _told_twice(lines: Callable[..., tuple[str, ...]]) -> Callable[..., tuple[str, ...]]:
    return lambda *told, **more: 2 * lines(*told, **more)


@pytest.mark.parametrize(
    ("where", "what", "instead"),
    [(slides, "kinds", _no_windows), (words, "summary", _told_twice(words.summary))],
    ids=["each day's window is an event", "a change is told twice"],
)
def test_a_hub_that_tells_people_more_than_happened_is_found_out(
    runtime: Runtime,
    clock: FrozenClock,
    monkeypatch: pytest.MonkeyPatch,
    where: object,
    what: str,
    instead: object,
) -> None:
    monkeypatch.setattr(where, what, instead)

    report = play(runtime, clock, "managers", SEED, USUAL, timedelta(days=10), everywhere=False)

    assert "churn" in report.violations(), report.words()


@pytest.mark.soak
@pytest.mark.parametrize("seed", [f"{SEED}-{number}" for number in range(5)])
@pytest.mark.parametrize("group", GROUPS)
def test_sixty_dense_days(runtime: Runtime, clock: FrozenClock, group: str, seed: str) -> None:
    check_report(play(runtime, clock, group, seed, DENSE), group, seed)

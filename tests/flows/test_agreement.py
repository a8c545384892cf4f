"""Whatever crashes, repeats, expires or comes between: both sides end equal, nothing is lost or doubled."""

from __future__ import annotations

import os
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from connectors.google_calendar import transport
from connectors.transport import Network
from sync.runtime import Runtime
from tests import servers
from tests.conftest import FrozenClock
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.flows.agreement.boundaries import Boundaries, Wire
from tests.flows.agreement.play import Move, play, schedules
from tests.flows.agreement.world import World
from tests.sync.importing import a_runtime

GAMES = int(os.environ.get("AGREEMENT_GAMES", "20"))
MANY = 400
"""In the long runs"""


@pytest.fixture(scope="module")
def runtime(database: servers.Database) -> Iterator[Runtime]:
    opened = a_runtime(database, Network(["127.0.0.1"]))
    yield opened
    opened.close()


def game(runtime: Runtime, schedule: list[Move]) -> list[str]:
    patch = pytest.MonkeyPatch()
    frozen = FrozenClock(patch)
    google, boundaries = GoogleCalendar(), Boundaries()
    with httpx.Client(transport=Wire(google, boundaries)) as client:
        patch.setattr(transport, "_client", lambda: client)
        try:
            return play(World.begin(runtime, google, boundaries, frozen), schedule)
        finally:
            patch.undo()


@pytest.mark.long
@pytest.mark.parametrize(
    "number",
    [
        pytest.param(GAMES, id="some", marks=pytest.mark.timeout(300)),
        pytest.param(MANY, id="many", marks=[pytest.mark.soak, pytest.mark.timeout(1800)]),
    ],
)
def test_both_sides_end_equal_whatever_happens(runtime: Runtime, number: int) -> None:
    @settings(
        max_examples=number,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
    )
    @given(schedules())
    def games(schedule: list[Move]) -> None:
        assert game(runtime, schedule) == []

    games()

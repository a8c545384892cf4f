"""The games find out when one of the engine's elements is missing: else they would prove nothing."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from sync.runtime import Runtime
from tests.flows.agreement.play import Move, schedules
from tests.flows.agreement.without import ELEMENTS
from tests.flows.test_agreement import game, runtime

__all__ = ["runtime"]

MINUTE = 60.0


@pytest.mark.long
@pytest.mark.timeout(180)
@pytest.mark.parametrize("element", ELEMENTS)
def test_without_it_the_games_go_wrong(
    runtime: Runtime, element: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    take, favoured = ELEMENTS[element]
    take(monkeypatch)
    ends = time.monotonic() + MINUTE
    found: list[object] = []

    @settings(
        max_examples=500,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,),
    )
    @given(schedules(favoured))
    def games(schedule: list[Move]) -> None:
        if found or time.monotonic() > ends:
            return
        try:
            found.extend(game(runtime, schedule))
        except AssertionError as error:  # it does not even come to rest
            found.append(error)

    games()

    assert found

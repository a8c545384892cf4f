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
"""Of this process's own time: others may be at work beside it"""


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("element", ELEMENTS)
def test_without_it_the_games_go_wrong(
    runtime: Runtime, element: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    take, favoured = ELEMENTS[element]
    take(monkeypatch)
    ends = time.process_time() + MINUTE
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
        if found or time.process_time() > ends:
            return
        try:
            found.extend(game(runtime, schedule))
        except AssertionError as error:  # it does not even come to rest
            found.append(error)

    games()

    assert found

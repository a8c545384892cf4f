"""The games find out when one of the engine's elements is missing: else they would prove nothing."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from sync.runtime import Runtime
from tests.flows.agreement.play import Move, schedules
from tests.flows.agreement.without import ELEMENTS
from tests.flows.test_agreement import game, runtime

__all__ = ["runtime"]

MINUTE = 60.0
"""Of this process's own time: others may be at work beside it"""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("element", ELEMENTS)
def test_without_it_the_games_go_wrong(
    runtime: Runtime, element: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the shortest game that was found once; where that says nothing any more, others are looked for."""
    ELEMENTS[element].take(monkeypatch)

    assert wrong(runtime, ELEMENTS[element].missed_in) or found_at_random(runtime, element)


def test_with_all_of_them_the_same_games_go_right(runtime: Runtime) -> None:
    for schedule in dict.fromkeys(element.missed_in for element in ELEMENTS.values()):
        assert game(runtime, [*schedule]) == []


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.parametrize("element", ELEMENTS)
def test_without_it_games_at_random_go_wrong_soon(
    runtime: Runtime, element: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ELEMENTS[element].take(monkeypatch)

    assert found_at_random(runtime, element)


def wrong(runtime: Runtime, schedule: Sequence[Move]) -> list[object]:
    try:
        return [*game(runtime, [*schedule])]
    except AssertionError as error:  # it does not even come to rest
        return [error]


def found_at_random(runtime: Runtime, element: str) -> list[object]:
    """What goes wrong in the first game in which anything does."""
    ends = time.process_time() + MINUTE
    found: list[object] = []

    @settings(
        max_examples=500,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,),
    )
    @given(schedules(ELEMENTS[element].favoured))
    def games(schedule: list[Move]) -> None:
        if not found and time.process_time() < ends:
            found.extend(wrong(runtime, schedule))

    games()
    return found

"""Schedules of who does what when, and playing them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta

from hypothesis import strategies as st

from tests.flows.agreement.checks import violations
from tests.flows.agreement.world import World

TICK = timedelta(seconds=2)
Move = tuple[str, int]

WEIGHTS: Mapping[str, int] = {
    **dict.fromkeys(("book", "sync", "meanwhile"), 4),
    **dict.fromkeys(("move", "cancel", "close", "creates", "moves", "edits", "deletes"), 3),
    **dict.fromkeys(("crashes", "fault", "sleeps", "wakes"), 3),
    **dict.fromkeys(("duplicates", "rename", "returns", "unheard", "shift", "open", "collides", "late"), 2),
    **dict.fromkeys(("confirm", "opens_up", "undeletes", "expires", "passes"), 1),
}
"""Every method of World that is played, and how often among the others"""

ACTS: Mapping[str, Callable[[World, int], object]] = {name: getattr(World, name) for name in WEIGHTS}


def schedules(favoured: Collection[str] = (), longest: int = 24) -> st.SearchStrategy[list[Move]]:
    """What is favoured happens about every other time."""
    usual = [name for name, weight in WEIGHTS.items() for _ in range(weight)]
    often = [name for name in favoured for _ in range(len(usual) // len(favoured))]
    moves = st.tuples(st.sampled_from([*usual, *often]), st.integers(0, 60))
    return st.lists(moves, min_size=6, max_size=longest)


def play(world: World, schedule: Sequence[Move]) -> list[str]:
    """What is wrong in the end."""
    world.book(0)
    world.creates(0)
    world.sync()
    for name, number in schedule:
        world.clock.advance(TICK)
        ACTS[name](world, number)
        world.look()
    world.quiet()
    return violations(world)

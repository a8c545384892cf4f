"""What a person left out stays so only as long as it is what it was."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Nature, RemoteEvent
from sync.planning import differences, identity, known, leaving_out, slides
from sync.planning.differences import Pair
from sync.planning.echoes import Standing
from tests.sync.planning.holding import NOW, ROOM, days, known_as

CLOSED = days(5, 9, summary="Not available", nature=Nature.BLOCK)


def pairs(was: RemoteEvent, *told: RemoteEvent, left_out: bool = True) -> tuple[Pair, ...]:
    heard = known.received(told, ROOM)
    windows = slides.kinds(heard, ROOM, NOW)
    held = replace(known_as(was, 1, ROOM), left_out=left_out, pieces=())
    binding = identity.bind([held], heard, ROOM, NOW, windows)
    return differences.between(binding, ROOM, NOW).pairs


def test_the_same_again_takes_nothing() -> None:
    assert leaving_out.among(pairs(CLOSED, CLOSED))[CLOSED.key].standing is Standing.IGNORED


def test_what_nobody_left_out_counts() -> None:
    assert leaving_out.among(pairs(CLOSED, CLOSED, left_out=False)) == {}


@pytest.mark.parametrize(
    "told",
    [
        replace(CLOSED, when=days(5, 10).when),
        replace(CLOSED, when=days(6, 9).when),
        replace(CLOSED, uid="another"),
        replace(CLOSED, summary="Ana"),
        replace(CLOSED, code="HM1"),
        replace(CLOSED, nature=Nature.STAY),
    ],
    ids=["longer", "shorter", "of another name", "in other words", "with a code", "a guest"],
)
def test_anything_else_counts_again(told: RemoteEvent) -> None:
    assert leaving_out.among(pairs(CLOSED, told)) == {}


keys = st.sampled_from(["a", "b", "c"])
events = st.builds(
    lambda uid, first, length, summary, nature: days(
        first, first + length, uid=uid, summary=summary, nature=nature
    ),
    keys,
    st.integers(1, 6),
    st.integers(1, 4),
    st.sampled_from(["Ana", "Closed"]),
    st.sampled_from(list(Nature)),
)


@given(was=events, told=st.lists(events, max_size=4, unique_by=lambda one: one.uid))
def test_law_nothing_is_left_out_but_what_was(was: RemoteEvent, told: list[RemoteEvent]) -> None:
    """By name, time, words, code and nature: whatever else the calendar tells meanwhile."""
    by_key = {one.key: one for one in told}
    found = leaving_out.among(pairs(was, *told))

    same = {key: one for key, one in by_key.items() if one == was}
    assert found.keys() == same.keys()

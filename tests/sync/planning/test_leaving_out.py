"""What a person left out stays so only as long as it is what it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Nature, RemoteEvent
from sync.planning import differences, identity, known, leaving_out, slides
from sync.planning.differences import Pair
from sync.planning.echoes import Standing, Verdict
from sync.planning.known import Slide
from tests.sync.planning.holding import DAY, NOW, ROOM, days, known_as

CLOSED = days(5, 9, summary="Not available", nature=Nature.BLOCK)


def pairs(was: RemoteEvent, *told: RemoteEvent, left_out: bool = True) -> tuple[Pair, ...]:
    heard = known.received(told, ROOM)
    windows = slides.kinds(heard, ROOM, NOW)
    held = replace(known_as(was, 1, ROOM), left_out=left_out, pieces=())
    binding = identity.bind([held], heard, ROOM, NOW, windows)
    return differences.between(binding, ROOM, NOW).pairs


def among(found: tuple[Pair, ...]) -> dict[str, Verdict]:
    return leaving_out.among(found, ROOM, NOW, NOW - DAY)


def test_the_same_again_takes_nothing() -> None:
    assert among(pairs(CLOSED, CLOSED))[CLOSED.key].standing is Standing.IGNORED


def test_what_nobody_left_out_counts() -> None:
    assert among(pairs(CLOSED, CLOSED, left_out=False)) == {}


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
    assert among(pairs(CLOSED, told)) == {}


def window(first: int, after: int, uid: str = "w", summary: str = "Not available") -> RemoteEvent:
    return days(first, after, uid, Nature.BLOCK, summary=summary)


def stays_out(was: RemoteEvent, slide: Slide, told: RemoteEvent, moved: timedelta = DAY) -> bool:
    """A window that was left out, was read a day ago and had moved then."""
    held = known_as(was, 1, ROOM, left_out=True, pieces=(), slide=slide, changed_at=NOW - moved)
    heard = known.received([told], ROOM)
    binding = identity.bind([held], heard, ROOM, NOW, slides.kinds(heard, ROOM, NOW))
    return told.key in among(differences.between(binding, ROOM, NOW).pairs)


@pytest.mark.parametrize("told", [window(0, 2), window(0, 2, "another"), window(1, 2), window(0, 1)])
def test_a_lead_time_that_moved_on_a_day_stays_out(told: RemoteEvent) -> None:
    assert stays_out(window(-1, 1), Slide.LEAD, told)


@pytest.mark.parametrize(
    "told",
    [window(0, 3), window(0, 12), window(1, 9, "another"), window(0, 2, summary="Painters"), window(-2, 2)],
    ids=["a night longer", "much longer", "of another name", "in other words", "begun before"],
)
def test_a_lead_time_that_did_more_than_move_on_counts(told: RemoteEvent) -> None:
    """Channels tell a stay that touches a window as one with it."""
    assert not stays_out(window(-1, 1), Slide.LEAD, told)


def test_a_lead_time_that_moved_an_hour_ago_does_not_move_again() -> None:
    assert not stays_out(window(0, 2), Slide.LEAD, window(0, 3), moved=timedelta(hours=1))


def test_a_window_at_the_end_begins_later_and_never_earlier() -> None:
    was = window(100, 400)

    assert stays_out(was, Slide.HORIZON, window(101, 401, "another"))
    assert not stays_out(was, Slide.HORIZON, window(97, 400))


def test_a_closure_that_has_begun_is_what_it_was() -> None:
    """It counts among the windows now."""
    was = window(0, 4)
    held = replace(known_as(was, 1, ROOM), left_out=True, pieces=())
    heard = known.received([was], ROOM)
    windows = slides.kinds(heard, ROOM, NOW)
    assert windows == {was.key: Slide.LEAD}

    found = differences.between(identity.bind([held], heard, ROOM, NOW, windows), ROOM, NOW)

    assert among(found.pairs).keys() == {was.key}


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
    found = among(pairs(was, *told))

    same = {key: one for key, one in by_key.items() if one == was}
    assert found.keys() == same.keys()

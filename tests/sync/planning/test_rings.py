"""
Laws of hubs that read each other: whatever was sold, moved and cancelled, and in whatever order they read,
they come to hold what is really sold and nothing else, and no further reading adds anything to that.
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sync.planning.ring_games import (
    Edges,
    Move,
    any_edges,
    cancel_all,
    days_pass,
    moves,
    orders,
    play,
    rest,
    rings_with_channels,
    trees_with_channels,
)
from tests.sync.planning.ring_words import Rules, nights
from tests.sync.planning.rings import Rewriter, World

quick = settings(deadline=None)
reads = st.integers(1, 2)


def holds_the_truth(world: World) -> bool:
    return all(hub.busy == world.truth(hub.name) for hub in world.hubs)


def ghosts(world: World) -> set[tuple[str, int]]:
    return {(hub.name, night) for hub in world.hubs for night in hub.busy - world.truth(hub.name)}


def stands_still(world: World, order: list[int]) -> bool:
    before = world.state()
    world.round(order)
    return world.state() == before


# Hubs alone: any of them may read any other


@quick
@given(any_edges, st.booleans(), reads, moves, orders)
def test_hubs_come_to_hold_what_is_sold_and_nothing_else(
    edges: Edges, two_way: bool, reads: int, game: list[Move], order: list[int]
) -> None:
    world = World(edges, Rules(reads=reads), two_way=two_way)
    play(world, game)
    rest(world, order)
    assert holds_the_truth(world)
    assert stands_still(world, order)


@quick
@given(any_edges, st.booleans(), reads, moves, orders)
def test_what_is_cancelled_is_free_everywhere(
    edges: Edges, two_way: bool, reads: int, game: list[Move], order: list[int]
) -> None:
    world = World(edges, Rules(reads=reads), two_way=two_way)
    play(world, game)
    cancel_all(world)
    rest(world, order)
    assert not any(hub.busy for hub in world.hubs)
    assert stands_still(world, order)


# With channels among them that rewrite all that they read


@quick
@given(rings_with_channels(), st.booleans(), reads, moves, orders)
def test_in_a_ring_with_channels_that_rewrite_all_no_ghost_outlives_some_rounds(
    ring: tuple[Edges, bool], merges: bool, reads: int, game: list[Move], order: list[int]
) -> None:
    edges, both = ring
    world = World(edges, Rules(reads=reads), two_way=both, merges=merges)
    play(world, game)
    rest(world, order)
    assert not ghosts(world)

    days_pass(world, order)
    assert holds_the_truth(world)
    assert stands_still(world, order)


@quick
@given(trees_with_channels(), st.booleans(), reads, moves, orders)
def test_in_a_tree_their_guests_may_go_as_well(
    edges: Edges, merges: bool, reads: int, game: list[Move], order: list[int]
) -> None:
    world = World(edges, Rules(reads=reads), two_way=True, merges=merges)
    play(world, game, channels_keep=False)
    rest(world, order)
    assert not ghosts(world)

    days_pass(world, order)
    assert holds_the_truth(world)
    assert stands_still(world, order)


@quick
@given(rings_with_channels(), st.booleans(), moves, orders)
def test_a_stay_at_a_channel_is_never_swallowed(
    ring: tuple[Edges, bool], merges: bool, game: list[Move], order: list[int]
) -> None:
    edges, both = ring
    world = World(edges, two_way=both, merges=merges)
    play(world, game)
    for source, reader in world.edges:
        channel = world.nodes[source]
        if isinstance(channel, Rewriter):
            world.pull((source, reader))
            assert channel.sold <= world.nodes[reader].busy
    rest(world, order)
    for hub in world.hubs:
        for stored in hub.events:
            if stored.entry.uid.endswith(tuple(f"@{channel.name}.example" for channel in world.channels)):
                assert not (stored.entry.stay and (stored.verdict.ours or stored.verdict.muted))


# What each rule is for: without it, a ghost that no number of rounds removes

RING = {("a", "b"), ("b", "c"), ("c", "a")}
BY_A_CHANNEL = {("a", "X"), ("X", "b"), ("b", "a")}
ROUND_ABOUT = {("a", "X"), ("X", "a"), ("a", "b"), ("b", "X")}


def booked_and_cancelled(world: World, order: Sequence[int] = ()) -> frozenset[int]:
    """What hub a still holds, many rounds later, of a booking that everybody had heard of."""
    hub = world.hubs[0]
    hub.bookings["b@a.example"] = nights(2, 5)
    for _ in range(4):
        world.round()
    assert all(one.busy == {2, 3, 4} for one in world.hubs)
    hub.bookings.clear()
    for _ in range(30):
        world.round(order)
    return hub.busy


def test_without_marks_a_ring_of_hubs_makes_an_immortal_ghost() -> None:
    assert booked_and_cancelled(World(RING, Rules(reads=1))) == set()
    assert booked_and_cancelled(World(RING, Rules(reads=1, marks=False))) == {2, 3, 4}


def test_without_muting_a_channel_in_the_ring_makes_an_immortal_ghost() -> None:
    assert booked_and_cancelled(World(BY_A_CHANNEL, Rules(reads=1))) == set()
    assert booked_and_cancelled(World(BY_A_CHANNEL, Rules(reads=1, muting=False))) == {2, 3, 4}


def test_without_draining_a_channel_and_the_hub_that_it_also_reads_keep_each_other_closed() -> None:
    with_it = World(ROUND_ABOUT, Rules(reads=1), two_way=True)
    without = World(ROUND_ABOUT, Rules(reads=1, draining=False), two_way=True)
    the_channel_reads_first = [1, 0, 2, 3]
    assert booked_and_cancelled(with_it, the_channel_reads_first) == set()
    assert booked_and_cancelled(without, the_channel_reads_first) == {2, 3, 4}

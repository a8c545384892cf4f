"""What happens in a world of hubs and channels: moves drawn by Hypothesis, and how all is brought to rest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import permutations

from hypothesis import strategies as st

from tests.sync.planning.ring_hub import Hub
from tests.sync.planning.ring_words import nights
from tests.sync.planning.rings import World

HUBS = "abcde"
Edges = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Move:
    """Somebody (by his number) does something; `first` and `length` are nights where there is a span."""

    what: str
    who: int
    first: int
    length: int


moves = st.lists(
    st.builds(
        Move,
        st.sampled_from(("pull", "pull", "pull", "pull", "show", "sell", "sell", "move", "cancel")),
        st.integers(0, 19),
        st.integers(0, 8),
        st.integers(1, 4),
    ),
    min_size=5,
    max_size=40,
)
orders = st.lists(st.integers(0, 19), max_size=10)

any_edges = st.sets(st.sampled_from(list(permutations(HUBS, 2))), min_size=1, max_size=9).map(frozenset)


@st.composite
def rings_with_channels(draw: st.DrawFn) -> tuple[Edges, bool]:
    """Two to four hubs and a channel or two, no two of these side by side; and whether it goes both ways."""
    hubs = list(HUBS[: draw(st.integers(2, 4))])
    for channel in "XY"[: draw(st.integers(1, 2))]:
        places = [n for n, name in enumerate(hubs) if name.islower() and hubs[n - 1].islower()]
        hubs.insert(draw(st.sampled_from(places)), channel)
    ring = frozenset(zip(hubs, [*hubs[1:], hubs[0]], strict=True))
    both = draw(st.booleans())
    return ring | _back(ring) if both else ring, both


@st.composite
def trees_with_channels(draw: st.DrawFn) -> Edges:
    """Every two that know each other read each other, and no two do so by two ways."""
    names = ["a", *draw(st.permutations(["b", "c", "X", "Y"]))][: draw(st.integers(2, 5))]
    found: set[tuple[str, str]] = set()
    for n, name in enumerate(names[1:], 1):
        near = [other for other in names[:n] if other.islower() or name.islower()]
        found.add((name, draw(st.sampled_from(near))))
    return frozenset(found) | _back(found)


def play(world: World, game: Iterable[Move], *, channels_keep: bool = True) -> None:
    """Nobody sells what he knows to be taken. With `channels_keep` the guests of channels stay."""
    nodes = list(world.nodes.values())
    for number, move in enumerate(game):
        node = nodes[move.who % len(nodes)]
        sold = node.bookings if isinstance(node, Hub) else node.stays
        span = nights(move.first, move.first + move.length)
        if move.what == "pull":
            world.pull(world.edges[move.who % len(world.edges)])
        elif move.what == "show":
            world.show()
        elif move.what == "sell":
            if node.busy.isdisjoint(range(move.first, move.first + move.length)):
                sold[f"{number}@{node.name}.example"] = span
        elif sold and (isinstance(node, Hub) or not channels_keep):
            uid = sorted(sold)[move.first % len(sold)]
            if move.what == "move":
                sold[uid] = span
            else:
                del sold[uid]


def rest(world: World, order: list[int]) -> None:
    """Nobody sells any more. So many rounds of pulls are enough, whatever went before."""
    slow = 2 if world.channels else 1
    for _ in range((slow * len(world.nodes) + 2) * world.rules.reads):
        world.round(order)


def days_pass(world: World, order: list[int]) -> None:
    """More than a week: by then no echo is plausible any more, and what a channel still shows is told."""
    for _ in range(8):
        world.now += timedelta(days=1)
        world.round(order)
    rest(world, order)


def cancel_all(world: World) -> None:
    for hub in world.hubs:
        hub.bookings.clear()


def _back(edges: Iterable[tuple[str, str]]) -> Edges:
    return frozenset((reader, source) for source, reader in edges)

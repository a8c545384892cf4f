"""
Hubs and channels that read each other's feeds: a model for laws.

A channel (`Rewriter`) imports feeds, forgets names, marks and texts, and shows what it read as closed under
names of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

from connectors.contract import Nature
from hub.domain.periods import Nights, Period, occupied, union
from tests.sync.planning.ring_hub import Hub
from tests.sync.planning.ring_words import ZONE, Entry, Rules, numbers

TICK = timedelta(minutes=5)


class Rewriter:
    """A channel that keeps nothing of what it reads but the time; `merges`: what touches becomes one."""

    def __init__(self, world: World, name: str, merges: bool) -> None:
        self.world, self.name, self._merges = world, name, merges
        self.stays: dict[str, Nights] = {}
        self.read: dict[str, list[Period]] = {}
        self._shown: list[Period] = []
        self._names: dict[Period, str] = {}
        self._ids = count()

    @property
    def sold(self) -> frozenset[int]:
        return numbers(occupied(span, ZONE) for span in self.stays.values())

    @property
    def busy(self) -> frozenset[int]:
        return self.sold | numbers(period for read in self.read.values() for period in read)

    def pull(self, source: str) -> None:
        self.read[source] = [entry.period for entry in self.world.feed(source, self.name)]

    def show(self) -> None:
        """Its calendar is made anew only now and then."""
        self._shown = [period for read in self.read.values() for period in read]
        if self._merges:
            self._shown = list(union(self._shown))

    def feed(self, _: str) -> list[Entry]:
        names = {period: self._names.get(period) or self._new_name() for period in self._shown}
        self._names = names
        closed = [Entry(uid, period, Nature.BLOCK) for period, uid in names.items()]
        return [*closed, *(Entry(uid, occupied(span, ZONE), Nature.STAY) for uid, span in self.stays.items())]

    def _new_name(self) -> str:
        return f"closed{next(self._ids)}@{self.name}.example"


Node = Hub | Rewriter


class World:
    """Who reads whom: an edge leads from the one whose feed is read to its reader."""

    def __init__(
        self,
        edges: Iterable[tuple[str, str]],
        rules: Rules | None = None,
        *,
        two_way: bool = False,
        merges: bool = False,
    ) -> None:
        """Names in capitals are channels; `two_way`: whom a hub reads and is read by has one link with it."""
        self.edges = sorted(set(edges))
        self.rules = rules or Rules()
        self.now = datetime(2026, 6, 1, tzinfo=UTC)
        self.nodes: dict[str, Node] = {}
        for name in sorted({name for edge in self.edges for name in edge}):
            if name.isupper():
                self.nodes[name] = Rewriter(self, name, merges)
            else:
                both = frozenset(a for a, b in self.edges if b == name and (name, a) in self.edges)
                self.nodes[name] = Hub(self, name, both if two_way else frozenset())

    @property
    def hubs(self) -> list[Hub]:
        return [node for node in self.nodes.values() if isinstance(node, Hub)]

    @property
    def channels(self) -> list[Rewriter]:
        return [node for node in self.nodes.values() if isinstance(node, Rewriter)]

    def feed(self, source: str, reader: str) -> list[Entry]:
        return self.nodes[source].feed(reader)

    def pull(self, edge: tuple[str, str]) -> None:
        self.now += TICK
        self.nodes[edge[1]].pull(edge[0])

    def show(self) -> None:
        for channel in self.channels:
            channel.show()

    def round(self, order: Sequence[int] = ()) -> None:
        """Everybody pulls once, in this order or in that of the names."""
        edges = [self.edges[n % len(self.edges)] for n in order]
        edges += [edge for edge in self.edges if edge not in edges]
        for edge in dict.fromkeys(edges):
            self.pull(edge)
        self.show()

    def state(self) -> dict[str, tuple[frozenset[int], frozenset[tuple[str, frozenset[int]]]]]:
        """What everybody holds; not what it is called."""
        return {
            name: (
                node.busy,
                frozenset((stored.verdict.standing, numbers(stored.blocked)) for stored in node.events)
                if isinstance(node, Hub)
                else frozenset(),
            )
            for name, node in self.nodes.items()
        }

    def truth(self, name: str) -> frozenset[int]:
        """The nights of all that was really sold wherever it can be heard of here."""
        sold: set[int] = set()
        for source in self._sources(name):
            node = self.nodes[source]
            spans = node.bookings if isinstance(node, Hub) else node.stays
            sold |= numbers(occupied(span, ZONE) for span in spans.values())
        return frozenset(sold)

    def _sources(self, name: str) -> set[str]:
        found, ahead = {name}, [name]
        while ahead:
            reader = ahead.pop()
            new = {a for a, b in self.edges if b == reader} - found
            found |= new
            ahead += new
        return found

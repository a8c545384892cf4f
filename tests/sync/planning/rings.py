"""
Hubs and channels that read each other's feeds, made of the pure decisions alone: a model for laws.

A hub is one room. A channel (`Rewriter`) imports feeds, forgets names, marks and texts, and shows what it
read as closed under names of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from connectors.contract import Mark, Nature
from hub.domain.periods import LetBy, Nights, Period, difference, nights_touched, occupied, union
from sync.planning import draining, echoes, marks
from sync.planning.echoes import Standing, Verdict
from sync.planning.exported import Before, Export, Heard, History, shown
from sync.planning.feed_entries import Kind
from sync.planning.feed_spans import Take, by_cause

ZONE = ZoneInfo("UTC")
FIRST = date(2026, 7, 1)
ROOM = UUID(int=1)
TICK = timedelta(minutes=5)


def nights(first: int, after: int) -> Nights:
    return Nights(FIRST + timedelta(days=first), FIRST + timedelta(days=after))


def numbers(periods: Iterable[Period]) -> frozenset[int]:
    """The nights of periods, as numbers from the first of July."""
    found: set[int] = set()
    for period in periods:
        span = nights_touched(period, ZONE)
        found.update(range((span.arrival - FIRST).days, (span.departure - FIRST).days))
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Entry:
    """As one reads it in a feed."""

    uid: str
    period: Period
    nature: Nature
    mark: Mark | None = None


@dataclass(slots=True)
class Stored:
    """An event as a hub keeps it."""

    entry: Entry
    before: Before
    verdict: Verdict
    missing: int = 0

    @property
    def blocked(self) -> tuple[Period, ...]:
        return difference((self.entry.period,), self.verdict.ours)

    @property
    def told(self) -> tuple[Period, ...]:
        return difference((self.entry.period,), (*self.verdict.ours, *self.verdict.muted))


@dataclass(frozen=True, slots=True)
class Rules:
    """What the negative controls take away."""

    marks: bool = True
    draining: bool = True
    muting: bool = True
    reads: int = 2
    """How many readings without an event free it"""


@dataclass(slots=True)
class Link:
    """A hub's link with one other: what it told and what it was told, if both."""

    name: str
    exports: list[Export] = field(default_factory=list)
    events: dict[str, Stored] = field(default_factory=dict)
    tellers: set[str] = field(default_factory=set)
    """Under what names its events were ever passed on"""
    read_at: datetime | None = None


class Hub:
    """`two_way` names those with whom one link goes both ways; with all others there is one for each way."""

    def __init__(self, world: World, name: str, two_way: frozenset[str]) -> None:
        self.world, self.name = world, name
        self._two_way = two_way
        self.bookings: dict[str, Nights] = {}
        self.links: dict[str, Link] = {}
        self._ids = count()

    def link(self, other: str, way: str) -> Link:
        name = f"{other} both" if other in self._two_way else f"{other} {way}"
        return self.links.setdefault(name, Link(name))

    def new_uid(self) -> str:
        return f"{self.name}{next(self._ids)}@{self.name}.example"

    @property
    def events(self) -> Iterator[Stored]:
        return (stored for link in self.links.values() for stored in link.events.values())

    @property
    def busy(self) -> frozenset[int]:
        own = [occupied(span, ZONE) for span in self.bookings.values()]
        return numbers([*own, *(period for stored in self.events for period in stored.blocked)])

    @property
    def standings(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for stored in self.events:
            found[stored.verdict.standing] = found.get(stored.verdict.standing, 0) + 1
        return found

    # What it says

    def feed(self, reader: str) -> list[Entry]:
        """Fetched: from now on it counts as seen."""
        link, now = self.link(reader, "out"), self.world.now
        ref = _digest(self.name, link.name)
        wanted = by_cause(
            self._takes(link), LetBy.NIGHT, ZONE, lambda origin: marks.hop(ref, self._seal(ref, origin))
        )
        said = {want.uid: want.content for want in wanted}
        link.exports = [self._withdrawn(one, said, now) for one in link.exports]
        standing = {one.uid for one in link.exports if one.until_at is None}
        entries = []
        for uid, content in said.items():
            period = occupied(content.span, ZONE)
            assert content.mark is not None
            if uid not in standing:
                export = Export(
                    id=uuid4(),
                    uid=uid,
                    origin=content.mark.origin,
                    period=period,
                    since_at=now,
                    fetched_at=now,
                )
                link.exports.append(export)
            nature = Nature.STAY if content.summary == "Reserved" else Nature.BLOCK
            entries.append(Entry(uid, period, nature, content.mark if self.world.rules.marks else None))
        return entries

    def _takes(self, link: Link) -> Iterator[Take]:
        for uid, span in self.bookings.items():
            period = occupied(span, ZONE)
            yield Take(ROOM, Kind.BOOKING, uid, period.starts_at, period.ends_at)
        for other in self.links.values():
            for stored in other.events.values() if other is not link else ():
                kind = Kind.RELAYED_STAY if stored.entry.nature is Nature.STAY else Kind.RELAYED
                mark = marks.to_json(stored.entry.mark)
                for period in stored.told:
                    yield Take(ROOM, kind, stored.before.uid_out, period.starts_at, period.ends_at, mark)

    def _withdrawn(self, one: Export, said: Mapping[str, object], now: datetime) -> Export:
        if one.until_at is not None:
            return replace(one, fetched_at=now)
        content = said.get(one.uid)
        if content is not None and occupied(content.span, ZONE) == one.period:  # type: ignore[attr-defined]
            return replace(one, fetched_at=now)
        return replace(one, until_at=now, fetched_at=now, lost_at=now)

    def _seal(self, ref: str, origin: str) -> str:
        return _digest("secret of", self.name, ref, origin)

    # What it is told

    def pull(self, source: str) -> None:
        entries = self.world.feed(source, self.name)
        link, now = self.link(source, "in"), self.world.now
        bound = _bound(link.events, entries)
        heard = [
            Heard(
                key=entry.uid,
                uid=entry.uid,
                period=entry.period,
                nature=entry.nature,
                mark=entry.mark,
                before=link.events[bound[entry.uid]].before if entry.uid in bound else None,
            )
            for entry in entries
        ]
        history = self._history(link)
        verdicts = echoes.judge(history, heard, now)
        gone = draining.drained(history, heard, now)
        link.exports = [replace(one, drained=True) if one.id in gone else one for one in link.exports]
        link.events = self._after(link, entries, bound, verdicts)
        link.read_at = now

    def _after(
        self,
        link: Link,
        entries: Sequence[Entry],
        bound: Mapping[str, str],
        verdicts: Mapping[str, Verdict],
    ) -> dict[str, Stored]:
        after: dict[str, Stored] = {}
        tellers = link.tellers
        held = link.events
        for entry in entries:
            verdict = self._ruled(verdicts[entry.uid])
            old = held.get(bound.get(entry.uid, ""))
            uid_out = old.before.uid_out if old else self.new_uid()
            tellers.add(uid_out)
            first_seen_at = old.before.first_seen_at if old else self.world.now
            before = Before(
                uid_out=uid_out,
                first_seen_at=first_seen_at,
                period=entry.period,
                ours=verdict.ours,
                muted=verdict.muted,
            )
            after[entry.uid] = Stored(entry, before, verdict)
        for key, stored in held.items():
            if key not in bound.values() and stored.missing + 1 < self.world.rules.reads:
                stored.missing += 1
                after[key if key not in after else f"{key} as it was"] = stored
        return after

    def _ruled(self, verdict: Verdict) -> Verdict:
        """With what a control takes away."""
        rules = self.world.rules
        if not rules.muting and verdict.muted:
            verdict = replace(verdict, muted=(), standing=Standing.EXTERNAL)
        if not rules.draining and verdict.draining_since is not None:
            verdict = replace(verdict, ours=(), standing=Standing.EXTERNAL, draining_since=None)
        return verdict

    def _history(self, link: Link) -> History:
        exports = tuple(
            replace(one, here=other is link, told_here=marks.whole(one.uid) in link.tellers)
            for other in self.links.values()
            for one in other.exports
        )
        refs = {_digest(self.name, other.name) for other in self.links.values()}

        def returned(mark: Mark) -> bool:
            return any(
                marks.ref_of(hop) in refs
                and hop == marks.hop(marks.ref_of(hop), self._seal(marks.ref_of(hop), mark.origin))
                for hop in mark.via
            )

        there = [
            Heard(key=key, uid=key, period=one.entry.period, nature=one.entry.nature, mark=one.entry.mark)
            for key, one in link.events.items()
        ]
        return History(exports, returned, link.read_at, shown(there, returned))


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
    def busy(self) -> frozenset[int]:
        own = [occupied(span, ZONE) for span in self.stays.values()]
        return numbers([*own, *(period for read in self.read.values() for period in read)])

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


def _bound(held: Mapping[str, Stored], entries: Sequence[Entry]) -> dict[str, str]:
    """Which event is which stored one: by its name, else by its span."""
    bound = {entry.uid: entry.uid for entry in entries if entry.uid in held}
    taken = set(bound.values())
    for entry in entries:
        if entry.uid in bound:
            continue
        for key, stored in held.items():
            if (
                key not in taken
                and stored.entry.period == entry.period
                and stored.entry.nature is entry.nature
            ):
                bound[entry.uid] = key
                taken.add(key)
                break
    return bound


def _digest(*parts: str) -> str:
    return marks.short(hashlib.sha256("|".join(parts).encode()).digest())

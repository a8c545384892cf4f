"""A hub of one room, made of the pure decisions alone: what it says, and what it makes of what it is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from typing import Protocol
from uuid import UUID, uuid4

from connectors.contract import Mark, Nature
from hub.domain.periods import LetBy, Nights, Period, difference, intersect, occupied
from sync.planning import draining, echoes, marks
from sync.planning.echoes import Standing, Verdict
from sync.planning.exported import Before, Export, Heard, History, shown
from sync.planning.feed_entries import Content, Kind
from sync.planning.feed_spans import Take, by_cause, to_tell
from tests.sync.planning.ring_words import ROOM, ZONE, Entry, Rules, digest, numbers


class Surroundings(Protocol):
    """All else in the world."""

    rules: Rules
    now: datetime

    def feed(self, source: str, reader: str) -> list[Entry]: ...


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


@dataclass(slots=True)
class Link:
    """A hub's link with one other: what it told and what it was told, if both."""

    name: str
    id: UUID = field(default_factory=uuid4)
    exports: list[Export] = field(default_factory=list)
    events: dict[str, Stored] = field(default_factory=dict)
    tellers: set[str] = field(default_factory=set)
    """Under what names its events were ever passed on"""
    read_at: datetime | None = None


class Hub:
    """`two_way` names those with whom one link goes both ways; with all others there is one for each way."""

    def __init__(self, world: Surroundings, name: str, two_way: frozenset[str]) -> None:
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

    # What it says

    def feed(self, reader: str) -> list[Entry]:
        """Fetched: from now on it counts as seen."""
        link, now = self.link(reader, "out"), self.world.now
        ref = digest(self.name, link.name)
        wanted = by_cause(
            to_tell(self._takes(), link.id),
            LetBy.NIGHT,
            ZONE,
            lambda origin: marks.hop(ref, self._seal(ref, origin)),
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
                    seen_at=now,
                    fetched_at=now,
                )
                link.exports.append(export)
            nature = Nature.STAY if content.summary == "Reserved" else Nature.BLOCK
            entries.append(Entry(uid, period, nature, content.mark if self.world.rules.marks else None))
        return entries

    def _takes(self) -> Iterator[Take]:
        for uid, span in self.bookings.items():
            period = occupied(span, ZONE)
            yield Take(ROOM, Kind.BOOKING, uid, period.starts_at, period.ends_at)
        for link in self.links.values():
            for stored in link.events.values():
                kind = Kind.RELAYED_STAY if stored.entry.nature is Nature.STAY else Kind.RELAYED_BLOCK
                uid, mark = stored.before.uid_out, marks.to_json(stored.entry.mark)
                for period in stored.told:
                    yield Take(ROOM, kind, uid, period.starts_at, period.ends_at, mark, link.id)

    def _withdrawn(self, one: Export, said: Mapping[str, Content], now: datetime) -> Export:
        if one.until_at is not None:
            return replace(one, fetched_at=now)
        content = said.get(one.uid)
        if content is not None and occupied(content.span, ZONE) == one.period:
            return replace(one, fetched_at=now)
        return replace(one, until_at=now, fetched_at=now, lost_at=now)

    def _seal(self, ref: str, origin: str) -> str:
        return digest("secret of", self.name, ref, origin)

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
            if old is not None and self.world.rules.reads > 1:
                left = difference(old.blocked, (entry.period,))
                after |= {rest.entry.uid: rest for rest in (self._left(old, period) for period in left)}
        for key, stored in held.items():
            if key not in bound.values() and stored.missing + 1 < self.world.rules.reads:
                stored.missing += 1
                after[key if key not in after else f"{key} as it was"] = stored
        return after

    def _left(self, old: Stored, period: Period) -> Stored:
        """Time that an event gave up waits like one that is missing."""
        entry = replace(old.entry, uid=self.new_uid(), period=period)
        muted = intersect((period,), old.verdict.muted)
        before = Before(
            uid_out=self.new_uid(), first_seen_at=old.before.first_seen_at, period=period, muted=muted
        )
        return Stored(entry, before, Verdict(Standing.EXTERNAL, muted=muted), missing=1)

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
        refs = {digest(self.name, other.name) for other in self.links.values()}

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
        closed = tuple(
            stored.before
            for stored in link.events.values()
            if stored.missing == 0 and stored.entry.nature is not Nature.STAY
        )
        return History(exports, returned, read_at=link.read_at, shown=shown(there, returned), closed=closed)


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

"""What is there while a sync is being undone: as it was before, but for what the steps so far do. PURE."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from copy import copy
from dataclasses import dataclass, field, fields
from uuid import UUID

from hub.domain.availability import Cause, Taken
from hub.domain.periods import Span, occupied
from hub.errors import Reason
from sync.planning import undoing_words as words
from sync.planning.held_again import free
from sync.planning.logged import Took
from sync.planning.undone import Closure, Event, Hold, Ignore, Keep, Place, Stay, Step, There


@dataclass(slots=True)
class SoFar:
    """What the steps so far will have done."""

    families: set[UUID] = field(default_factory=set)
    """Series that are ignored"""
    stays: dict[UUID, Stay] = field(default_factory=dict)
    closures: dict[UUID, Closure] = field(default_factory=dict)
    leaving: set[UUID] = field(default_factory=set)
    """Whose time counts as free: it goes elsewhere"""
    kept: set[UUID] = field(default_factory=set)
    held: dict[UUID, tuple[Taken, ...]] = field(default_factory=dict)
    """By leaf, what they take"""

    def copy(self) -> SoFar:
        return SoFar(**{one.name: copy(getattr(self, one.name)) for one in fields(self)})


@dataclass(slots=True)
class Ground:
    """What is there once the steps so far are done."""

    there: There
    ignorable: set[UUID]
    so_far: SoFar = field(default_factory=SoFar)
    _by_leaf: dict[UUID, list[Taken]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for one in self.there.taken:
            self._by_leaf[one.unit_id].append(one)

    def forget(self, step: Step, before: SoFar) -> None:
        """It was not done; what is to be ignored in vain, with all of its series, takes its time still."""
        self.so_far = before
        events = self.there.events
        for event in [events[act.event_id] for act in step.acts if isinstance(act, Ignore)]:
            also = {one.id for one in events.values() if event.item_id and one.item_id == event.item_id}
            self.ignorable -= also | {event.id}

    def ignore(self, event: Event) -> tuple[Ignore, ...]:
        """Once for a series."""
        if event.item_id is not None:
            if event.item_id in self.so_far.families:
                return ()
            self.so_far.families.add(event.item_id)
        return (Ignore(event.id),)

    def keep(self, took: Iterable[Took]) -> tuple[Keep, ...]:
        """What the event left there, each once."""
        found = dict.fromkeys(
            row.reference
            for one in took
            for row in self._by_leaf.get(one.unit_id, ())
            if row.reference in self.there.waiting - self.so_far.kept and row.period.overlaps(one.period)
        )
        keeps = tuple(Keep(event_id) for event_id in found if event_id is not None)
        self.so_far.kept.update(one.event_id for one in keeps)
        return keeps

    def hold(self, took: Iterable[Took]) -> tuple[tuple[Hold, ...], Reason | None]:
        """What of it nothing takes; where that is nothing, what takes it, or what is gone."""
        holds: list[Hold] = []
        by: Taken | None = None
        gone: Reason | None = None
        for one in took:
            offer = self.there.offers.get(one.unit_id)
            if one.period.ends_at <= self.there.now:
                continue
            if offer is None:
                gone = words.UNIT_GONE
                continue
            rows = [row for row in self._on(one.unit_id) if row.period.overlaps(one.period)]
            spans = free(offer, one.period, [row.period for row in rows], self.there.now)
            for span in spans:
                holds.append(Hold(one.unit_id, span))
                self.goes(None, one.unit_id, span, "a blackout")
            by = by or min(rows, key=lambda row: (row.period, row.label), default=None)
        if holds:
            return tuple(holds), None
        return (), words.taken_by(by) if by is not None else gone

    def _on(self, leaf: UUID) -> Iterator[Taken]:
        gone = self.ignorable | self.so_far.leaving
        yield from (row for row in self._by_leaf.get(leaf, ()) if row.reference not in gone)
        yield from self.so_far.held.get(leaf, ())

    def goes(
        self, owner: UUID | None, unit_id: UUID, span: Span, label: str, *, turnaround: bool = False
    ) -> None:
        """From where it is to there."""
        offer = self.there.offers.get(unit_id)
        if owner is not None:
            self.so_far.leaving.add(owner)
        if offer is None:
            return
        period = occupied(span, offer.zone, offer.turnaround if turnaround else 0)
        cause = Cause.BOOKING if turnaround else Cause.BLACKOUT
        for leaf in offer.unit.leaves:
            takes = Taken(leaf, period, cause, owner, label)
            self.so_far.held[leaf] = (*self.so_far.held.get(leaf, ()), takes)

    def in_the_way(
        self, unit_id: UUID, span: Span, own: Collection[UUID | None] = (), *, turnaround: bool = False
    ) -> Reason | None:
        """What we sold or closed there since, but for its `own`; what a channel says is for the services."""
        offer = self.there.offers.get(unit_id)
        if offer is None:
            return words.UNIT_GONE
        period = occupied(span, offer.zone, offer.turnaround if turnaround else 0)
        rows = (row for leaf in offer.unit.leaves for row in self._on(leaf) if row.cause != Cause.EXTERNAL)
        met = [row for row in rows if row.period.overlaps(period) and row.reference not in own]
        return words.taken_by(min(met, key=lambda row: (row.period, row.label))) if met else None

    def is_over(self, closure: Closure) -> bool:
        return occupied(closure.span, self.there.zone).ends_at <= self.there.now

    def closure_told(self, closure: Closure) -> str:
        return words.places([Place(closure.unit_id, closure.unit_id, closure.span)], self.there)

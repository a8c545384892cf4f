"""
Undoing a sync: from what it changed, and what is there now, to what is done about each change. PURE.

The newest change is undone first. Each step looks at what is there, and at what the steps before it will have
done: so a sync that was undone once has nothing left to undo.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from hub.domain.availability import Cause, Taken
from hub.domain.periods import Span, occupied
from hub.errors import Reason
from sync.planning import logged
from sync.planning import undoing_words as words
from sync.planning.held_again import free
from sync.planning.logged import Took
from sync.planning.undone import (
    ChangeBack,
    CloseAgain,
    Closure,
    Event,
    Hold,
    Ignore,
    Keep,
    MoveBack,
    Place,
    Row,
    Stay,
    Step,
    There,
    closure_of,
    places_of,
)

MOST = 500
"""Steps that are taken at a time, and steps that are told although nothing can be done"""


@dataclass(frozen=True, slots=True)
class Plan:
    steps: tuple[Step, ...] = ()
    left: int = 0
    """Of how many changes nothing is undone, told or not"""
    more: int = 0
    """Changes that could be undone beyond those"""


def plan(rows: Sequence[Row], there: There, most: int = MOST) -> Plan:
    """The rows of the change log come newest first."""
    planning = _Planning(there, frozenset(_ignorable(rows, there)))
    steps: list[Step] = []
    possible = left = more = 0
    for row in rows:
        if (way := _WAYS.get((row.entity, row.action))) is None:
            continue
        if (step := way(planning, row)) is None:
            continue
        if not step.possible:
            left += 1
            steps += [step] if left <= most else []
        elif possible < most:
            possible += 1
            steps.append(step)
        else:
            more += 1
    return Plan(tuple(steps), left, more)


def _ignorable(rows: Iterable[Row], there: There) -> Iterator[UUID]:
    """Events that will take nothing any more."""
    for row in rows:
        event = there.events.get(row.entity_id)
        if (row.entity, row.action) in _TELLS and event is not None and words.stays(event, there) is None:
            yield event.id


@dataclass(slots=True)
class _Planning:
    """What is there once the steps so far are done."""

    there: There
    ignorable: frozenset[UUID]
    families: set[UUID] = field(default_factory=set)
    stays: dict[UUID, Stay] = field(init=False)
    closures: dict[UUID, Closure] = field(init=False)
    leaving: set[UUID] = field(default_factory=set)
    """Whose time counts as free: it goes elsewhere"""
    kept: set[UUID] = field(default_factory=set)
    held: dict[UUID, list[Taken]] = field(default_factory=lambda: defaultdict(list))
    """By leaf, what the steps so far take"""
    _by_leaf: dict[UUID, list[Taken]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self.stays, self.closures = dict(self.there.stays), dict(self.there.closures)
        for one in self.there.taken:
            self._by_leaf[one.unit_id].append(one)

    def came(self, row: Row) -> Step:
        event = self.there.events.get(row.entity_id)
        what = "came: " + words.came(row.after, event.unit_ids if event else (), self.there)
        if (why := words.stays(event, self.there)) is not None:
            return Step(row.id, what, why=why)
        assert event is not None
        if event.item_id in self.families:
            return Step(row.id, what, "is ignored with its series")
        if not event.ahead:
            return Step(row.id, what, why=words.NOTHING_AHEAD)
        return Step(row.id, what, "is ignored", self._ignore(event))

    def changed(self, row: Row) -> Step:
        event, took = self.there.events.get(row.entity_id), logged.read(row.before)
        before = words.came(row.before, (one.unit_id for one in took or ()), self.there)
        what = f"changed: {before}, now {words.came(row.after, (), self.there)}"
        if (why := words.stays(event, self.there)) is not None:
            return Step(row.id, what, why=why)
        if took is None:
            return Step(row.id, what, why=words.UNTOLD)
        assert event is not None
        ignored = self._ignore(event) if event.ahead else ()
        keeps = self._keep(took)
        holds, by = self._hold(took)
        with_it = event.item_id in self.families and not ignored
        said = ["is ignored"] if ignored else ["is ignored with its series"] if with_it else []
        said += ["what was left of it stays"] if keeps else []
        said += [words.held(holds, self.there)] if holds else []
        if not said:
            return Step(row.id, what, why=by or words.NOTHING_AHEAD)
        return Step(row.id, what, ", and ".join(said), (*ignored, *keeps, *holds))

    def went(self, row: Row) -> Step:
        took = logged.read(row.before)
        what = "went: " + words.came(row.before, (one.unit_id for one in took or ()), self.there)
        if took is None:
            return Step(row.id, what, why=words.UNTOLD)
        holds, by = self._hold(took)
        if not holds:
            return Step(row.id, what, why=by or words.NOTHING_AHEAD)
        return Step(row.id, what, words.held(holds, self.there), holds)

    def placed(self, row: Row) -> Step | None:
        """It found a unit, and left what it had of another, if anything: that is not free."""
        took = logged.read(row.before) or ()
        what = "found a unit: " + words.came(row.after, (), self.there)
        holds, _ = self._hold(took)
        return Step(row.id, what, words.held(holds, self.there), holds) if holds else None

    def moved(self, row: Row) -> Step:
        """To where it was; other items of the booking stay."""
        after = {one.item_id: one for one in places_of(row.after)}
        before = tuple(one for one in places_of(row.before) if after.get(one.item_id, one) != one)
        stay = self.stays.get(row.entity_id)
        reference = stay.reference if stay else (row.after or {}).get("reference", "a booking")
        then = words.places((after[one.item_id] for one in before), self.there)
        what = f"{reference} moved: {words.places(before, self.there)}, now {then}"
        now = {one.item_id: one for one in stay.places} if stay else {}
        if stay is None or any(now.get(one.item_id) != after[one.item_id] for one in before):
            return Step(row.id, what, why=Reason("changed_since", f"{reference} was moved since"))
        if not before:
            return Step(row.id, what, why=Reason("nothing", "nothing of it moved"))
        ways = (self._in_the_way(one.unit_id, one.span, now.keys(), turnaround=True) for one in before)
        if (by := next(filter(None, ways), None)) is not None:
            return Step(row.id, what, why=by)
        self.stays[row.entity_id] = Stay(
            stay.reference, tuple((now | {one.item_id: one for one in before}).values())
        )
        for one in before:
            self._goes(one.item_id, one.unit_id, one.span, f"booking {reference}", turnaround=True)
        does = f"goes back to {words.places(before, self.there)}"
        return Step(row.id, what, does, (MoveBack(row.entity_id, before),))

    def given_up(self, row: Row) -> Step:
        reference = (row.before or {}).get("reference", "a booking")
        what = f"{reference} cancelled: {words.places(places_of(row.before), self.there)}"
        why = "what is cancelled stays so: book it anew, if its nights are free"
        return Step(row.id, what, why=Reason("cancelled", why))

    def blackout_changed(self, row: Row) -> Step:
        before, after = closure_of(row.before), closure_of(row.after)
        assert before is not None
        assert after is not None
        what = f"blackout moved: {self._closure(before)}, now {self._closure(after)}"
        if self.closures.get(row.entity_id) != after:
            return Step(row.id, what, why=Reason("changed_since", "the blackout was changed since"))
        if self._is_over(before):
            return Step(row.id, what, why=words.NOTHING_AHEAD)
        self.closures[row.entity_id] = before
        self._goes(row.entity_id, before.unit_id, before.span, "a blackout")
        does = f"goes back to {self._closure(before)}"
        return Step(row.id, what, does, (ChangeBack(row.entity_id, before),))

    def blackout_removed(self, row: Row) -> Step:
        before = closure_of(row.before)
        assert before is not None
        what = f"blackout removed: {self._closure(before)}"
        if self._is_over(before):
            return Step(row.id, what, why=words.NOTHING_AHEAD)
        if (by := self._in_the_way(before.unit_id, before.span)) is not None:
            return Step(row.id, what, why=by)
        self._goes(row.entity_id, before.unit_id, before.span, "a blackout")
        return Step(row.id, what, "is there again", (CloseAgain(before),))

    def _ignore(self, event: Event) -> tuple[Ignore, ...]:
        """Once for a series."""
        if event.item_id is not None:
            if event.item_id in self.families:
                return ()
            self.families.add(event.item_id)
        return (Ignore(event.id),)

    def _keep(self, took: Iterable[Took]) -> tuple[Keep, ...]:
        """What the event left there, each once."""
        found = dict.fromkeys(
            row.reference
            for one in took
            for row in self._by_leaf.get(one.unit_id, ())
            if row.reference in self.there.waiting - self.kept and row.period.overlaps(one.period)
        )
        keeps = tuple(Keep(event_id) for event_id in found if event_id is not None)
        self.kept.update(one.event_id for one in keeps)
        return keeps

    def _hold(self, took: Iterable[Took]) -> tuple[tuple[Hold, ...], Reason | None]:
        """What of it nothing takes; where that is nothing, and something does, what that is."""
        holds: list[Hold] = []
        by: Taken | None = None
        for one in took:
            offer = self.there.offers.get(one.unit_id)
            if offer is None or one.period.ends_at <= self.there.now:
                continue
            rows = [row for row in self._on(one.unit_id) if row.period.overlaps(one.period)]
            spans = free(offer, one.period, [row.period for row in rows], self.there.now)
            for span in spans:
                holds.append(Hold(one.unit_id, span))
                self._goes(None, one.unit_id, span, "a blackout")
            by = by or min(rows, key=lambda row: (row.period, row.label), default=None)
        return tuple(holds), words.taken_by(by) if by is not None and not holds else None

    def _on(self, leaf: UUID) -> Iterator[Taken]:
        gone = self.ignorable | self.leaving
        yield from (row for row in self._by_leaf.get(leaf, ()) if row.reference not in gone)
        yield from self.held.get(leaf, ())

    def _goes(
        self, owner: UUID | None, unit_id: UUID, span: Span, label: str, *, turnaround: bool = False
    ) -> None:
        """From where it is to there."""
        offer = self.there.offers.get(unit_id)
        if owner is not None:
            self.leaving.add(owner)
        if offer is None:
            return
        period = occupied(span, offer.zone, offer.turnaround if turnaround else 0)
        cause = Cause.BOOKING if turnaround else Cause.BLACKOUT
        for leaf in offer.unit.leaves:
            self.held[leaf].append(Taken(leaf, period, cause, owner, label))

    def _in_the_way(
        self, unit_id: UUID, span: Span, own: Collection[UUID | None] = (), *, turnaround: bool = False
    ) -> Reason | None:
        """What we sold or closed there since, but for its `own`; what a channel says is for the services."""
        offer = self.there.offers.get(unit_id)
        if offer is None:
            return Reason("gone", "the unit is not there any more")
        period = occupied(span, offer.zone, offer.turnaround if turnaround else 0)
        rows = (row for leaf in offer.unit.leaves for row in self._on(leaf) if row.cause != Cause.EXTERNAL)
        met = [row for row in rows if row.period.overlaps(period) and row.reference not in own]
        return words.taken_by(min(met, key=lambda row: (row.period, row.label))) if met else None

    def _is_over(self, closure: Closure) -> bool:
        return occupied(closure.span, self.there.zone).ends_at <= self.there.now

    def _closure(self, closure: Closure) -> str:
        return words.places([Place(closure.unit_id, closure.unit_id, closure.span)], self.there)


_TELLS = frozenset(
    {("external_event", "added"), ("external_event", "counted"), ("external_event", "changed")}
)
_WAYS: Mapping[tuple[str, str], Callable[[_Planning, Row], Step | None]] = {
    ("external_event", "added"): _Planning.came,
    ("external_event", "counted"): _Planning.came,
    ("external_event", "changed"): _Planning.changed,
    ("external_event", "removed"): _Planning.went,
    ("external_event", "placed"): _Planning.placed,
    ("booking", "moved"): _Planning.moved,
    ("booking", "reassigned"): _Planning.moved,
    ("booking", "cancelled"): _Planning.given_up,
    ("blackout", "changed"): _Planning.blackout_changed,
    ("blackout", "removed"): _Planning.blackout_removed,
}
"""By entity and action; all else has nothing to undo by itself"""
KINDS = frozenset(_WAYS)

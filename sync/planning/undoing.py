"""
Undoing a sync: from what it changed, and what is there now, to what is done about each change. PURE.

The newest change is undone first. Each step looks at what is there, and at what the steps before it will have
done: so a sync that was undone once has nothing left to undo.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from hub.errors import Reason
from sync.planning import logged
from sync.planning import undoing_words as words
from sync.planning.undoing_ground import Ground
from sync.planning.undone import (
    ChangeBack,
    CloseAgain,
    MoveBack,
    Row,
    Stay,
    Step,
    There,
    closure_of,
    loose_in,
    places_of,
)

MOST = 500
"""Steps that are taken at a time, and steps that are told although nothing can be done"""


@dataclass(frozen=True, slots=True)
class Plan:
    steps: tuple[Step, ...] = ()
    refused: Mapping[UUID, Reason] = field(default_factory=dict)
    """By their changes, the possible steps that were tried in vain"""
    left: int = 0
    """Of how many changes nothing is undone, told or not"""
    more: int = 0
    """Changes that could be undone beyond those"""


def plan(
    rows: Sequence[Row],
    there: There,
    take: Callable[[Step], Reason | None] = lambda _step: None,
    most: int = MOST,
) -> Plan:
    """
    The rows of the change log come newest first. `take` takes a step before the next is planned, or says why
    not: then those after it are planned without it. Tried in vain it counts among `most` like any other.
    """
    planning = _Planning(there, set(_ignorable(rows, there)))
    steps: list[Step] = []
    refused: dict[UUID, Reason] = {}
    tried = left = more = 0
    for row in rows:
        if (way := _WAYS.get((row.entity, row.action))) is None:
            continue
        before = planning.so_far.copy() if tried < most else planning.so_far
        if (step := way(planning, row)) is None:
            continue
        if not step.possible:
            left += 1
            steps += [step] if left <= most else []
        elif tried < most:
            tried += 1
            steps.append(step)
            if (why := take(step)) is not None:
                refused[step.change_id] = why
                planning.forget(step, before)
        else:
            more += 1
    return Plan(tuple(steps), refused, left + len(refused), more)


def with_series(rows: Sequence[Row], there: There, only: Collection[UUID]) -> Sequence[Row]:
    """
    `only` these rows; where one of them has its series ignored, which is done to all of that, also what else
    the sync changed of it.
    """
    meant = [row for row in rows if row.id in only]
    ignored = set(_ignorable(meant, there))
    series = {event.item_id for event in map(there.events.__getitem__, ignored) if event.ahead} - {None}
    also = {one.id for one in there.events.values() if one.item_id in series}
    return [row for row in rows if row.id in only or row.entity_id in also]


def _ignorable(rows: Iterable[Row], there: There) -> Iterator[UUID]:
    """Events that will take nothing any more."""
    for row in rows:
        event = there.events.get(row.entity_id)
        if (row.entity, row.action) in _TELLS and event is not None and words.stays(event, there) is None:
            yield event.id


class _Planning(Ground):
    """By entity and action, what is done about one row."""

    __slots__ = ()

    def came(self, row: Row) -> Step:
        event = self.there.events.get(row.entity_id)
        what = "came: " + words.came(row.after, event.unit_ids if event else (), self.there)
        if (why := words.stays(event, self.there)) is not None:
            return Step(row.id, what, why=why)
        assert event is not None
        if event.item_id in self.so_far.families:
            return Step(row.id, what, "is ignored with its series")
        if not event.ahead:
            return Step(row.id, what, why=words.IGNORED if event.ignored else words.NOTHING_AHEAD)
        return Step(row.id, what, "is ignored", self.ignore(event))

    def changed(self, row: Row) -> Step:
        event, took = self.there.events.get(row.entity_id), logged.read(row.before)
        before = words.came(row.before, (one.unit_id for one in took or ()), self.there)
        what = f"changed: {before}, now {words.came(row.after, (), self.there)}"
        if (why := words.stays(event, self.there)) is not None:
            return Step(row.id, what, why=why)
        if took is None:
            return Step(row.id, what, why=words.UNTOLD)
        assert event is not None
        ignored = self.ignore(event) if event.ahead else ()
        keeps = self.keep(took)
        holds, by = self.hold(took)
        with_it = event.item_id in self.so_far.families and not ignored
        said = ["is ignored"] if ignored else ["is ignored with its series"] if with_it else []
        said += ["what was left of it stays"] if keeps else []
        said += [words.held(holds, self.there)] if holds else []
        if not said:
            return Step(row.id, what, why=words.IGNORED if event.ignored else by or words.NOTHING_AHEAD)
        return Step(row.id, what, ", and ".join(said), (*ignored, *keeps, *holds))

    def went(self, row: Row) -> Step:
        took = logged.read(row.before)
        what = "went: " + words.came(row.before, (one.unit_id for one in took or ()), self.there)
        if took is None:
            return Step(row.id, what, why=words.UNTOLD)
        holds, by = self.hold(took)
        if not holds:
            return Step(row.id, what, why=by or words.NOTHING_AHEAD)
        return Step(row.id, what, words.held(holds, self.there), holds)

    def placed(self, row: Row) -> Step | None:
        """It found a unit, and left what it had of another, if anything: that is not free."""
        took = logged.read(row.before) or ()
        what = "found a unit: " + words.came(row.after, (), self.there)
        holds, _ = self.hold(took)
        return Step(row.id, what, words.held(holds, self.there), holds) if holds else None

    def moved(self, row: Row) -> Step:
        """To where it was; other items of the booking stay."""
        after = {one.item_id: one for one in places_of(row.after)}
        before = tuple(one for one in places_of(row.before) if after.get(one.item_id, one) != one)
        stay = self.so_far.stays.get(row.entity_id) or self.there.stays.get(row.entity_id)
        reference = stay.reference if stay else (row.after or {}).get("reference", "a booking")
        then = words.places((after[one.item_id] for one in before), self.there)
        what = f"{reference} moved: {words.places(before, self.there)}, now {then}"
        now = {one.item_id: one for one in stay.places} if stay else {}
        if before and all(now.get(one.item_id) == one for one in before):
            return Step(row.id, what, why=Reason("back", f"{reference} is back there already"))
        if stay is None or any(now.get(one.item_id) != after[one.item_id] for one in before):
            return Step(row.id, what, why=Reason("changed_since", f"{reference} was moved since"))
        if not before:
            return Step(row.id, what, why=Reason("nothing", "nothing of it moved"))
        ways = (self.in_the_way(one.unit_id, one.span, now.keys(), turnaround=True) for one in before)
        if (by := next(filter(None, ways), None)) is not None:
            return Step(row.id, what, why=by)
        self.so_far.stays[row.entity_id] = Stay(
            stay.reference, tuple((now | {one.item_id: one for one in before}).values())
        )
        for one in before:
            self.goes(one.item_id, one.unit_id, one.span, f"booking {reference}", turnaround=True)
        does = f"goes back to {words.places(before, self.there)}"
        elsewhere = {one.item_id for one in before if after[one.item_id].unit_id != one.unit_id}
        back = MoveBack(row.entity_id, before, loose_in(row.before) & elsewhere)
        return Step(row.id, what, does, (back,))

    def given_up(self, row: Row) -> Step:
        reference = (row.before or {}).get("reference", "a booking")
        what = f"{reference} cancelled: {words.places(places_of(row.before), self.there)}"
        why = "what is cancelled stays so: book it anew, if its nights are free"
        return Step(row.id, what, why=Reason("cancelled", why))

    def blackout_changed(self, row: Row) -> Step:
        before, after = closure_of(row.before), closure_of(row.after)
        assert before is not None
        assert after is not None
        what = f"blackout moved: {self.closure_told(before)}, now {self.closure_told(after)}"
        now = self.so_far.closures.get(row.entity_id) or self.there.closures.get(row.entity_id)
        if now != after:
            return Step(row.id, what, why=Reason("changed_since", "the blackout was changed since"))
        if self.is_over(before):
            return Step(row.id, what, why=words.NOTHING_AHEAD)
        self.so_far.closures[row.entity_id] = before
        self.goes(row.entity_id, before.unit_id, before.span, "a blackout")
        does = f"goes back to {self.closure_told(before)}"
        return Step(row.id, what, does, (ChangeBack(row.entity_id, before),))

    def blackout_removed(self, row: Row) -> Step:
        before = closure_of(row.before)
        assert before is not None
        what = f"blackout removed: {self.closure_told(before)}"
        if self.is_over(before):
            return Step(row.id, what, why=words.NOTHING_AHEAD)
        if (by := self.in_the_way(before.unit_id, before.span)) is not None:
            return Step(row.id, what, why=by)
        self.goes(row.entity_id, before.unit_id, before.span, "a blackout")
        return Step(row.id, what, "is there again", (CloseAgain(before),))


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

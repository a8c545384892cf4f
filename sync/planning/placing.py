"""
What events take of the units in scope: a leaf unit for each piece of their time. PURE.

Events are facts as received; blocks are what they take. An event in a calendar of many units takes one
of them that is free, keeps it while it can, and is left without a unit when none is free. What of its time is
free on some unit is taken there all the same: a night that a channel sold is not sold again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID
from zoneinfo import ZoneInfo

from connectors.contract import AllDay, When
from hub.domain.availability import Cause, SellableUnit, Taken, best_fit
from hub.domain.offers import Offer
from hub.domain.periods import ONE_DAY, LetBy, Period, difference, noon
from sync.planning import measure

Ours = Mapping[UUID, tuple[Period, ...]]
"""By the id of an event, what of its time is our own word come back, and takes nothing"""
NOTHING_OURS: Ours = MappingProxyType({})

Meeting = Mapping[UUID, tuple[Offer, "Blocked"]]
"""By the id of a unit, what an event would take of it"""


@dataclass(frozen=True, slots=True)
class Blocked:
    """What one event takes on one leaf unit (None: it found no unit); sellable again from `free_at`."""

    unit_id: UUID | None
    period: Period
    free_at: datetime

    @property
    def starts_at(self) -> datetime:
        return self.period.starts_at

    @property
    def ends_at(self) -> datetime:
        return self.period.ends_at


def block(when: When, offer: Offer) -> Blocked | None:
    """What an event takes of a unit let by the night or by the hour; None if it meets none of its time."""
    if offer.let_by == LetBy.NIGHT:
        period = measure.night_span(when, offer.zone, offer.check_in, offer.check_out)
        if period is None:
            return None
        departure = period.ends_at.astimezone(offer.zone).date()
        return Blocked(offer.unit.id, period, noon(departure + offer.turnaround * ONE_DAY, offer.zone))
    whole = measure.extent(when, offer.zone)
    if whole is None:
        return None
    return Blocked(offer.unit.id, whole, whole.ends_at + timedelta(hours=offer.turnaround))


def _blocks(when: When, offers: Sequence[Offer]) -> dict[UUID, tuple[Offer, Blocked | None]]:
    """The same by the units' ids: what is let on the same terms is taken for the same time."""
    known: dict[tuple[object, ...], Blocked | None] = {}
    found: dict[UUID, tuple[Offer, Blocked | None]] = {}
    for offer in offers:
        terms = (offer.let_by, offer.zone, offer.check_in, offer.check_out, offer.turnaround)
        if terms not in known:
            known[terms] = block(when, offer)
        taken = known[terms]
        its = Blocked(offer.unit.id, taken.period, taken.free_at) if taken is not None else None
        found[offer.unit.id] = offer, its
    return found


def unplaced(
    events: Iterable[tuple[UUID, When]], zone: ZoneInfo, ours: Ours = NOTHING_OURS
) -> dict[UUID, tuple[Blocked, ...]]:
    """What events take where there is no unit at all: they wait for the first one."""
    found = {event_id: measure.extent(when, zone) for event_id, when in events}
    return {
        event_id: tuple(
            Blocked(None, piece, piece.ends_at) for piece in difference((it,), ours.get(event_id, ()))
        )
        for event_id, it in found.items()
        if it is not None
    }


def _margin(offers: Iterable[Offer]) -> timedelta:
    """How far beyond an event its units may still be taken because of it, and two nights for the edges."""
    turnarounds = (
        timedelta(days=offer.turnaround) if offer.let_by == LetBy.NIGHT else timedelta(hours=offer.turnaround)
        for offer in offers
    )
    return max(turnarounds, default=timedelta()) + timedelta(days=2)


def reach(whens: Iterable[When], offers: Iterable[Offer], zone: ZoneInfo) -> Period | None:
    """The stretch in which what else is on the units can matter to these events."""
    extents = [found for when in whens if (found := measure.extent(when, zone)) is not None]
    if not extents:
        return None
    margin = _margin(offers)
    return Period(
        min(one.starts_at for one in extents) - margin, max(one.ends_at for one in extents) + margin
    )


def assign(
    events: Sequence[tuple[UUID, When]],
    offers: Sequence[Offer],
    taken: Sequence[Taken],
    before: Mapping[UUID, frozenset[UUID]],
    ours: Ours = NOTHING_OURS,
    rests: Collection[UUID] = (),
) -> dict[UUID, tuple[Blocked, ...]]:
    """
    Blocks for each event (by its id). `taken` is all else on the units, `before` which leaves an event had.

    `rests` are what is left of events that shrank or moved: they stay where those were, whatever is there,
    and are in nobody's way on a unit that was theirs already.

    In a calendar of one unit reality is not asked: the block goes on it, whatever else is there.
    """
    placed: dict[UUID, tuple[Blocked, ...]] = {}
    if len(offers) == 1:
        for event_id, when in events:
            placed[event_id] = _on(offers[0], block(when, offers[0]), ours.get(event_id, ()))
        return placed

    by_leaf: dict[UUID, list[Taken]] = defaultdict(list)
    for row in taken:
        by_leaf[row.unit_id].append(row)
    left: list[tuple[UUID, Meeting, frozenset[UUID]]] = []
    settled_first = sorted(events, key=lambda pair: (pair[0] not in before, _starts_at(pair[1]), pair[0]))
    for event_id, when in settled_first:
        found = _blocks(when, offers)
        not_its = ours.get(event_id, ())
        meeting = {
            unit_id: (offer, taken)
            for unit_id, (offer, taken) in found.items()
            if taken is not None and pieces(taken, not_its)
        }
        if not meeting:
            placed[event_id] = ()
            continue
        had = before.get(event_id, frozenset())
        choice = _same(meeting, had) if event_id in rests else None
        choice = choice or _choose(meeting, by_leaf, had, not_its, rests)
        if choice is None:
            left.append((event_id, meeting, had))
            continue
        placed[event_id] = _on(*meeting[choice], not_its)
        _take(by_leaf, event_id, placed[event_id])
    for event_id, meets, had in left:  # last, so that they are in nobody's way who fits on one unit
        placed[event_id] = _in_parts(meets, by_leaf, had, ours.get(event_id, ()))
        _take(by_leaf, event_id, placed[event_id])
    return placed


def _take(by_leaf: Mapping[UUID, list[Taken]], event_id: UUID, blocks: Iterable[Blocked]) -> None:
    for one in blocks:
        if one.unit_id is not None:
            period = Period(one.period.starts_at, one.free_at)
            row = Taken(one.unit_id, period, Cause.EXTERNAL, event_id, "", one.period.ends_at)
            by_leaf[one.unit_id].append(row)


def staying(
    when: When, had: Collection[Blocked], offers: Sequence[Offer], ours: Sequence[Period] = ()
) -> tuple[Blocked, ...] | None:
    """
    What an event takes of the units it `had` as they are let now; None if it must be placed anew.

    It stays for the time that it had, whatever else is there by now: only an event that takes other time,
    whose unit is gone, or that found none, asks what is free. In a calendar of one unit none does.
    """
    if len(offers) == 1:
        return _on(offers[0], block(when, offers[0]), ours)
    if not had:
        return None if any(_on(offer, block(when, offer), ours) for offer in offers) else ()
    leaves = frozenset(one.unit_id for one in had)
    for offer in offers:
        if offer.unit.leaves == leaves:
            found = _on(offer, block(when, offer), ours)
            return found if found and _times(found) == _times(had) else None
    return None


def _times(taken: Iterable[Blocked]) -> set[tuple[UUID | None, Period]]:
    return {(one.unit_id, one.period) for one in taken}


def _same(meeting: Meeting, had: frozenset[UUID]) -> UUID | None:
    return next((unit_id for unit_id, (offer, _) in meeting.items() if offer.unit.leaves == had), None)


def _choose(
    meeting: Meeting,
    by_leaf: Mapping[UUID, Sequence[Taken]],
    had: frozenset[UUID],
    ours: Sequence[Period],
    rests: Collection[UUID],
) -> UUID | None:
    """
    The unit it had, or the one most like it, if free for it; else the best fit; else None.

    Where none is free with the others' turnaround, one that is free without: a channel that sells back to
    back is believed.
    """
    for turned_around in (True, False):
        fitting: list[SellableUnit] = []
        periods: dict[UUID, Period] = {}
        for unit_id, (offer, taken) in meeting.items():
            rows = _of(offer.unit, by_leaf)
            if offer.unit.leaves & had:
                rows = (row for row in rows if row.reference not in rests)
            if _free(rows, pieces(taken, ours), turned_around):
                fitting.append(offer.unit)
                periods[unit_id] = taken.period
        if fitting:
            break
    else:
        return None
    likest = max(fitting, key=lambda unit: len(unit.leaves & had) / len(unit.leaves | had))
    if likest.leaves & had:
        return likest.id
    singles = [unit for unit in fitting if len(unit.leaves) == 1] or fitting
    around = [row for unit in singles for row in _of(unit, by_leaf)]
    return best_fit(singles, around, periods[singles[0].id])[0].id


def _in_parts(
    meeting: Meeting, by_leaf: Mapping[UUID, Sequence[Taken]], had: frozenset[UUID], ours: Sequence[Period]
) -> tuple[Blocked, ...]:
    """
    Of an event for which no unit is free all the time, what is free on some: single units first, of these the
    one that it had, or that is free for most of it. All that is not on this one is without a unit too, and
    waits for one.
    """

    def free(offer: Offer, taken: Blocked, beside: Sequence[Period]) -> tuple[Blocked, ...]:
        return pieces(taken, [*beside, *(row.period for row in _of(offer.unit, by_leaf))])

    def rank(pair: tuple[Offer, Blocked]) -> tuple[int, int, timedelta, UUID]:
        unit = pair[0].unit
        length = sum((one.period.ends_at - one.period.starts_at for one in free(*pair, ours)), timedelta())
        return len(unit.leaves), -len(unit.leaves & had), -length, unit.id

    found: list[Blocked] = []
    covered, on_its_unit = [*ours], [*ours]
    for offer, taken in sorted(meeting.values(), key=rank):
        here = free(offer, taken, covered)
        covered += [one.period for one in here]
        if not found:
            on_its_unit = [*covered]
        found += [replace(one, unit_id=leaf) for leaf in sorted(offer.unit.leaves) for one in here]
    whole = replace(next(iter(meeting.values()))[1], unit_id=None)
    return (*found, *pieces(whole, on_its_unit))


def _free(rows: Iterable[Taken], asked: Sequence[Blocked], turned_around: bool) -> bool:
    for row in rows:
        period = row.period
        if not turned_around and row.ends_at is not None:
            period = Period(period.starts_at, row.ends_at)
        if any(period.overlaps(one.period) for one in asked):
            return False
    return True


def _of(unit: SellableUnit, by_leaf: Mapping[UUID, Sequence[Taken]]) -> Iterable[Taken]:
    return (row for leaf in unit.leaves for row in by_leaf.get(leaf, ()))


def _on(offer: Offer, taken: Blocked | None, ours: Sequence[Period]) -> tuple[Blocked, ...]:
    """A block on a composite is a block on each of its parts."""
    if taken is None:
        return ()
    return tuple(
        replace(piece, unit_id=leaf) for leaf in sorted(offer.unit.leaves) for piece in pieces(taken, ours)
    )


def pieces(taken: Blocked, ours: Sequence[Period]) -> tuple[Blocked, ...]:
    """What is left without what is ours; where that begins, nobody turns the unit around for the event."""
    if not ours:
        return (taken,)
    ends_at = taken.period.ends_at
    return tuple(
        replace(taken, period=piece, free_at=taken.free_at if piece.ends_at == ends_at else piece.ends_at)
        for piece in difference((taken.period,), ours)
    )


def _starts_at(when: When) -> str:
    return when.first.isoformat() if isinstance(when, AllDay) else when.starts_at.isoformat()

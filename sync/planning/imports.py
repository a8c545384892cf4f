"""
What a pulled calendar changes: stored events + received events + units in scope -> what to write. PURE.

Events are facts as received; blocks are what they take. An event in a calendar of many units takes one
of them that is free, keeps it while it can, and is left without a unit when none is free.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from connectors.contract import AllDay, RemoteEvent, Timed, When
from hub.domain.availability import Cause, SellableUnit, Taken, best_fit
from hub.domain.offers import Offer
from hub.domain.periods import LetBy, Nights, Period, days_covered, nights_met, occupied

# Channels write "closed for good" as an end in the year 9999: what lies between these counts, and is kept.
_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Known:
    """An event as it is stored, with the leaf units it has; empty while it found none."""

    id: UUID
    key: str
    digest: bytes
    ends_at: datetime
    leaves: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Difference:
    """Received events against stored ones."""

    new: tuple[RemoteEvent, ...]
    changed: tuple[tuple[Known, RemoteEvent], ...]
    same: tuple[tuple[Known, RemoteEvent], ...]
    gone: tuple[Known, ...]

    @property
    def empty(self) -> bool:
        return not (self.new or self.changed or self.gone)


@dataclass(frozen=True, slots=True)
class Blocked:
    """What one event takes on one leaf unit (None: it found no unit); sellable again from `free_at`."""

    unit_id: UUID | None
    period: Period
    free_at: datetime


def digest(event: RemoteEvent) -> bytes:
    """Equal for events that say the same, whatever their order and sequence number."""
    when = event.when
    if isinstance(when, AllDay):
        stretch = ["day", when.first.isoformat(), when.after.isoformat()]
    else:
        stretch = ["time", when.starts_at.isoformat(), when.ends_at.isoformat()]
    said = [*stretch, event.summary, event.description, event.problem]
    return hashlib.sha256(json.dumps(said).encode()).digest()


def extent(event: RemoteEvent, zone: ZoneInfo) -> Period | None:
    """The event's own stretch; None for one without length or beyond all calendars: it takes nothing."""
    when = _reachable(event.when)
    if isinstance(when, AllDay):
        return days_covered(when.first, when.after, zone) if when.first < when.after else None
    return Period(when.starts_at, when.ends_at) if when.starts_at < when.ends_at else None


def compare(
    stored: Iterable[Known], received: Iterable[RemoteEvent], zone: ZoneInfo, now: datetime
) -> Difference:
    """
    Busy events received against those stored. Absence frees only what is not over: the past is frozen,
    because feeds prune theirs.
    """
    known = {event.key: event for event in stored}
    busy = {event.key: event for event in received if event.busy and extent(event, zone) is not None}
    new, changed, same = [], [], []
    for key, event in busy.items():
        before = known.get(key)
        if before is None:
            new.append(event)
        elif before.digest != digest(event):
            changed.append((before, event))
        else:
            same.append((before, event))
    gone = [event for key, event in known.items() if key not in busy and event.ends_at > now]
    return Difference(tuple(new), tuple(changed), tuple(same), tuple(gone))


def block(event: RemoteEvent, offer: Offer) -> Blocked | None:
    """What an event takes of a unit let by the night or by the hour; None if it meets none of its time."""
    if offer.let_by == LetBy.NIGHT:
        nights = _nights(_reachable(event.when), offer)
        if nights is None:
            return None
        period = occupied(nights, offer.zone)
        return Blocked(offer.unit.id, period, occupied(nights, offer.zone, offer.turnaround).ends_at)
    whole = extent(event, offer.zone)
    if whole is None:
        return None
    return Blocked(offer.unit.id, whole, whole.ends_at + timedelta(hours=offer.turnaround))


def unplaced(events: Iterable[tuple[UUID, RemoteEvent]], zone: ZoneInfo) -> dict[UUID, tuple[Blocked, ...]]:
    """What events take where there is no unit at all: they wait for the first one."""
    found = {event_id: extent(event, zone) for event_id, event in events}
    return {event_id: (Blocked(None, it, it.ends_at),) for event_id, it in found.items() if it is not None}


def _margin(offers: Iterable[Offer]) -> timedelta:
    """How far beyond an event its units may still be taken because of it, and two nights for the edges."""
    turnarounds = (
        timedelta(days=offer.turnaround) if offer.let_by == LetBy.NIGHT else timedelta(hours=offer.turnaround)
        for offer in offers
    )
    return max(turnarounds, default=timedelta()) + timedelta(days=2)


def reach(events: Iterable[RemoteEvent], offers: Iterable[Offer], zone: ZoneInfo) -> Period | None:
    """The stretch in which what else is on the units can matter to these events."""
    extents = [found for event in events if (found := extent(event, zone)) is not None]
    if not extents:
        return None
    margin = _margin(offers)
    return Period(
        min(one.starts_at for one in extents) - margin, max(one.ends_at for one in extents) + margin
    )


def assign(
    events: Sequence[tuple[UUID, RemoteEvent]],
    offers: Sequence[Offer],
    taken: Sequence[Taken],
    before: Mapping[UUID, frozenset[UUID]],
) -> dict[UUID, tuple[Blocked, ...]]:
    """
    Blocks for each event (by its id). `taken` is all else on the units, `before` which leaves an event had.

    In a calendar of one unit reality is not asked: the block goes on it, whatever else is there.
    """
    placed: dict[UUID, tuple[Blocked, ...]] = {}
    if len(offers) == 1:
        for event_id, event in events:
            placed[event_id] = _on(offers[0], block(event, offers[0]))
        return placed

    by_leaf: dict[UUID, list[Taken]] = defaultdict(list)
    for row in taken:
        by_leaf[row.unit_id].append(row)
    settled_first = sorted(events, key=lambda pair: (pair[0] not in before, _starts_at(pair[1]), pair[0]))
    for event_id, event in settled_first:
        found = {offer.unit.id: (offer, block(event, offer)) for offer in offers}
        meeting = {unit_id: pair for unit_id, pair in found.items() if pair[1] is not None}
        if not meeting:
            placed[event_id] = ()
            continue
        choice = _choose(meeting, by_leaf, before.get(event_id, frozenset()))
        if choice is None:
            some = next(iter(meeting.values()))[1]
            placed[event_id] = (Blocked(None, some.period, some.free_at),) if some else ()
            continue
        blocks = _on(*meeting[choice])
        placed[event_id] = blocks
        for one in blocks:
            if one.unit_id is not None:
                period = Period(one.period.starts_at, one.free_at)
                by_leaf[one.unit_id].append(Taken(one.unit_id, period, Cause.EXTERNAL, event_id, ""))
    return placed


def staying(
    event: RemoteEvent, had: Collection[Blocked], offers: Sequence[Offer]
) -> tuple[Blocked, ...] | None:
    """
    What an event takes of the units it `had` as they are let now; None if it must be placed anew.

    It stays for the time that it had, whatever else is there by now: only an event that takes other time,
    whose unit is gone, or that found none, asks what is free. In a calendar of one unit none does.
    """
    if len(offers) == 1:
        return _on(offers[0], block(event, offers[0]))
    if not had:
        return None if any(block(event, offer) is not None for offer in offers) else ()
    leaves = frozenset(one.unit_id for one in had)
    for offer in offers:
        if offer.unit.leaves == leaves:
            found = _on(offer, block(event, offer))
            return found if found and _times(found) == _times(had) else None
    return None


def _times(taken: Iterable[Blocked]) -> set[tuple[UUID | None, Period]]:
    return {(one.unit_id, one.period) for one in taken}


def _choose(
    meeting: Mapping[UUID, tuple[Offer, Blocked | None]],
    by_leaf: Mapping[UUID, Sequence[Taken]],
    had: frozenset[UUID],
) -> UUID | None:
    """The unit it had, or the one most like it, if free for it; else the best fit; else None."""
    fitting: list[SellableUnit] = []
    periods: dict[UUID, Period] = {}
    for unit_id, (offer, taken) in meeting.items():
        if taken is not None and not any(
            row.period.overlaps(taken.period) for row in _of(offer.unit, by_leaf)
        ):
            fitting.append(offer.unit)
            periods[unit_id] = taken.period
    if not fitting:
        return None
    likest = max(fitting, key=lambda unit: len(unit.leaves & had) / len(unit.leaves | had))
    if likest.leaves & had:
        return likest.id
    singles = [unit for unit in fitting if len(unit.leaves) == 1] or fitting
    around = [row for unit in singles for row in _of(unit, by_leaf)]
    return best_fit(singles, around, periods[singles[0].id])[0].id


def _of(unit: SellableUnit, by_leaf: Mapping[UUID, Sequence[Taken]]) -> Iterable[Taken]:
    return (row for leaf in unit.leaves for row in by_leaf.get(leaf, ()))


def _on(offer: Offer, taken: Blocked | None) -> tuple[Blocked, ...]:
    """A block on a composite is a block on each of its parts."""
    if taken is None:
        return ()
    return tuple(Blocked(leaf, taken.period, taken.free_at) for leaf in sorted(offer.unit.leaves))


def _reachable(when: When) -> When:
    """As much of it as lies where calendars reach."""
    if isinstance(when, AllDay):
        return AllDay(max(when.first, _EARLIEST.date()), min(when.after, _LATEST.date()))
    return Timed(max(when.starts_at, _EARLIEST), min(when.ends_at, _LATEST))


def _nights(when: When, offer: Offer) -> Nights | None:
    if isinstance(when, AllDay):
        return Nights(when.first, when.after) if when.first < when.after else None
    if when.starts_at >= when.ends_at:
        return None
    return nights_met(Period(when.starts_at, when.ends_at), offer.zone, offer.check_in, offer.check_out)


def _starts_at(event: RemoteEvent) -> str:
    when = event.when
    return when.first.isoformat() if isinstance(when, AllDay) else when.starts_at.isoformat()

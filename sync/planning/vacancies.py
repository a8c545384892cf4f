"""Where something that is in the way could go instead: units that are free, and spans on one unit. PURE."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from hub.domain.availability import SellableUnit, Taken
from hub.domain.offers import Offer
from hub.domain.periods import ONE_DAY, Hours, Nights, Period, Span, gaps, noon, occupied

FURTHEST = timedelta(days=60)
"""How far from where it is a span is looked for"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A span on one of the units, turnaround included; what its owner itself takes does not count."""

    unit: SellableUnit
    period: Period


@dataclass(frozen=True, slots=True)
class Reading:
    """What takes leaf units; the reference of each is who takes it: an item, a blackout or an event."""

    taken: Sequence[Taken]
    _by_leaf: dict[UUID, list[Taken]] = field(init=False, default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for row in self.taken:
            self._by_leaf[row.unit_id].append(row)

    def against(self, wanted: Wanted, without: Collection[UUID]) -> Taken | None:
        """What takes it first; None where it is free."""
        rows = (row for row in self._on(wanted.unit, without) if row.period.overlaps(wanted.period))
        return min(rows, key=lambda row: (row.period, row.label, str(row.reference)), default=None)

    def free(self, wanted: Wanted, without: Collection[UUID]) -> bool:
        return self.against(wanted, without) is None

    def covers(self, wanted: Wanted, owner: UUID) -> bool:
        """Whether this owner takes all of it, on every leaf."""
        return all(
            not wanted.period.minus(
                row.period for row in self._by_leaf.get(leaf, ()) if row.reference == owner
            )
            for leaf in wanted.unit.leaves
        )

    def busy(self, unit: SellableUnit, without: Collection[UUID]) -> tuple[Period, ...]:
        return tuple(row.period for row in self._on(unit, without))

    def _on(self, unit: SellableUnit, without: Collection[UUID]) -> Iterator[Taken]:
        return (
            row for leaf in unit.leaves for row in self._by_leaf.get(leaf, ()) if row.reference not in without
        )


NOTHING = Reading(())


def alike_first(offers: Iterable[Offer], like: Offer) -> tuple[Offer, ...]:
    """Other units that are let as this one is: those of its type first, then by type and name."""
    others = (one for one in offers if one.unit.id != like.unit.id and one.let_by == like.let_by)
    return tuple(
        sorted(
            others,
            key=lambda one: (
                one.unit.unit_type_id != like.unit.unit_type_id,
                one.capacity,
                one.type_name,
                len(one.unit.name),
                one.unit.name,
                one.unit.id,
            ),
        )
    )


def around(span: Span, offer: Offer) -> Period:
    """The stretch in which `nearest` looks."""
    period = occupied(span, offer.zone)
    return Period(period.starts_at - FURTHEST, period.ends_at + FURTHEST)


def nearest(
    span: Span, offer: Offer, reading: Reading, without: Collection[UUID], now: datetime
) -> Span | None:
    """The free span of the same length that is nearest, the later of two equally near; none in the past."""
    busy = reading.busy(offer.unit, without)
    if isinstance(span, Nights):
        return _nearest_nights(span, offer, busy, now)
    return _nearest_hours(span, busy, now, around(span, offer))


def _nearest_nights(span: Nights, offer: Offer, busy: Sequence[Period], now: datetime) -> Nights | None:
    today = now.astimezone(offer.zone).date()
    for days in range(1, FURTHEST.days + 1):
        for step in (ONE_DAY * days, -ONE_DAY * days):
            there = Nights(span.arrival + step, span.departure + step)
            if there.arrival < today or noon(there.arrival, offer.zone) >= noon(there.departure, offer.zone):
                continue
            period = occupied(there, offer.zone)
            if not any(one.overlaps(period) for one in busy):
                return there
    return None


def _nearest_hours(span: Hours, busy: Sequence[Period], now: datetime, within: Period) -> Hours | None:
    length = span.ends_at - span.starts_at
    found = []
    for gap in gaps(busy, within):
        first, last = max(gap.starts_at, now), gap.ends_at - length
        if first <= last:
            starts_at = min(max(span.starts_at, first), last)
            found.append(Hours(starts_at, starts_at + length))
    nearest_first = (abs(one.starts_at - span.starts_at) for one in found)
    ranked = sorted(
        zip(nearest_first, found, strict=True), key=lambda pair: (pair[0], -pair[1].starts_at.timestamp())
    )
    return next((one for away, one in ranked if timedelta() < away <= FURTHEST), None)

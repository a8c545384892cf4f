"""Which units are free, when: one answer for leaves, composites, nights and hours."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import reduce
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from hub.domain.periods import (
    MIDNIGHT,
    NOON,
    ONE_DAY,
    LetBy,
    Nights,
    Period,
    Span,
    at,
    intersect,
    nights_touched,
    occupied,
)
from hub.errors import Reason

MOST_NAMED = 20
"""How many units an explanation names one by one."""

OPEN_SIDE = timedelta(days=3660)
"""What a gap without a neighbour counts as: more than any gap between two stays."""


class Cause(StrEnum):
    """What takes a unit."""

    BOOKING = "booking"
    HOLD = "hold"
    BLACKOUT = "blackout"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True)
class SellableUnit:
    """What a guest can have: a leaf (its only leaf is itself) or a composite (its leaves are its parts)."""

    id: UUID
    name: str
    unit_type_id: UUID
    leaves: frozenset[UUID]
    let_by: LetBy = LetBy.NIGHT


@dataclass(frozen=True, slots=True)
class Taken:
    """A leaf that is not free for a period, turnaround included. The label may be shown: no guest data."""

    unit_id: UUID
    period: Period
    cause: Cause
    reference: UUID | None
    label: str
    ends_at: datetime | None = None
    """For what a channel told: its own end, before the turnaround"""


TakenSpan = tuple[UUID, datetime, datetime, str, str | None]
"""What a calendar needs of a Taken, thousands of which are costly: leaf, start, end, cause, reference"""


class Busy(NamedTuple):
    """Days on which something takes a unit: from `first` until, not including, `after`."""

    first: date
    after: date
    cause: str
    """One of Cause"""
    reference: str | None


_FIRST_AND_AFTER = itemgetter(0, 1)


def free(units: Sequence[SellableUnit], taken: Iterable[Taken], period: Period) -> tuple[SellableUnit, ...]:
    """The units of which no leaf is taken at any time of the period, in the order given."""
    busy = {row.unit_id for row in taken if row.period.overlaps(period)}
    return tuple(unit for unit in units if busy.isdisjoint(unit.leaves))


def explain(
    units: Sequence[SellableUnit], taken: Iterable[Taken], period: Period, span: Span, zone: ZoneInfo
) -> tuple[Reason, ...]:
    """Why none of the units is free for the period that the span occupies; empty if one is.

    The first reason names the first night (or stretch of hours) without any free unit, the others say
    unit by unit what takes it. All carry one code: no_unit, sold_out, turnaround (only the time after
    the stay is taken) or fragmented (always some unit free, none of them throughout).
    """
    if not units:
        return (Reason("no_unit", "there is no unit that could be sold"),)
    rows = sorted((row for row in taken if row.period.overlaps(period)), key=_in_order)
    by_leaf: dict[UUID, list[Taken]] = {}
    for row in rows:
        by_leaf.setdefault(row.unit_id, []).append(row)
    against = [[row for leaf in unit.leaves for row in by_leaf.get(leaf, ())] for unit in units]
    if not all(against):
        return ()

    nightly = isinstance(span, Nights)
    sold_out = _night_sold_out(against, period, zone) if nightly else _stretch_sold_out(against, period)
    headline = _headline(sold_out, period, span, zone)
    culprits = [
        min((row for row in takers if sold_out is None or row.period.overlaps(sold_out)), key=_in_order)
        for takers in against
    ]
    details = [
        Reason(
            headline.code,
            f"{unit.name}: {row.label}, {_words(row.period, zone, nightly)}",
            facts={
                "unit_id": str(unit.id),
                "cause": row.cause.value,
                "reference": str(row.reference) if row.reference else None,
            },
        )
        for unit, row in zip(units[:MOST_NAMED], culprits, strict=False)
    ]
    if len(units) > MOST_NAMED:
        details.append(Reason(headline.code, f"and {len(units) - MOST_NAMED} more units"))
    return (headline, *details)


def best_fit(
    units_free: Iterable[SellableUnit], taken: Iterable[Taken], period: Period
) -> tuple[SellableUnit, ...]:
    """Free units, the one with the tightest gap around the period first, then by name and id."""
    before: dict[UUID, datetime] = {}
    after: dict[UUID, datetime] = {}
    for row in taken:
        if row.period.ends_at <= period.starts_at:
            before[row.unit_id] = max(row.period.ends_at, before.get(row.unit_id, row.period.ends_at))
        elif row.period.starts_at >= period.ends_at:
            after[row.unit_id] = min(row.period.starts_at, after.get(row.unit_id, row.period.starts_at))

    def left_over(unit: SellableUnit) -> timedelta:
        ends = [before[leaf] for leaf in unit.leaves if leaf in before]
        starts = [after[leaf] for leaf in unit.leaves if leaf in after]
        idle_before = period.starts_at - max(ends) if ends else OPEN_SIDE
        idle_after = min(starts) - period.ends_at if starts else OPEN_SIDE
        return idle_before + idle_after

    return tuple(sorted(units_free, key=lambda unit: (left_over(unit), unit.name, unit.id)))


def count_by_night(
    units: Sequence[SellableUnit], taken: Iterable[Taken], nights: Nights, zone: ZoneInfo
) -> dict[date, int]:
    """How many of the units are free on each night; see `calendar` for units let by the hour."""
    marks = _day_marks(units, taken, nights, zone)
    busy_days = [
        reduce(int.__or__, (marks[unit.let_by].get(leaf, 0) for leaf in unit.leaves), 0) for unit in units
    ]
    return {night: sum(not mask >> n & 1 for mask in busy_days) for n, night in enumerate(nights)}


def calendar(
    units: Sequence[SellableUnit], taken: Iterable[TakenSpan], nights: Nights, zone: ZoneInfo
) -> dict[UUID, list[Busy]]:
    """For each unit what takes it, as days within `nights`, sorted; spans of two causes may overlap.

    Days are noon to noon for units let by the night and midnight to midnight for those let by the hour,
    whose day counts as taken when any part of it is.
    """
    per_leaf: dict[LetBy, dict[UUID, list[Busy]]] = {}
    rows = list(taken)
    dates = [*nights, nights.departure]
    for let_by in {unit.let_by for unit in units}:
        days_of = _ruler(let_by, nights, zone)
        leaves = {leaf for unit in units if unit.let_by == let_by for leaf in unit.leaves}
        found = per_leaf[let_by] = {leaf: [] for leaf in leaves}
        for leaf, starts_at, ends_at, cause, reference in rows:
            if leaf in found:
                first, after = days_of(starts_at, ends_at)
                if first < after:
                    found[leaf].append(Busy(dates[first], dates[after], cause, reference))
    return {unit.id: _distinct(per_leaf[unit.let_by], unit.leaves) for unit in units}


def _night_sold_out(against: Iterable[Iterable[Taken]], period: Period, zone: ZoneInfo) -> Period | None:
    nights = nights_touched(period, zone)
    nights_in = _ruler(LetBy.NIGHT, nights, zone)
    common = reduce(
        int.__and__,
        (_marks(nights_in(row.period.starts_at, row.period.ends_at) for row in rows) for rows in against),
    )
    if not common:
        return None
    night = nights.arrival + ONE_DAY * ((common & -common).bit_length() - 1)
    return occupied(Nights(night, night + ONE_DAY), zone)


def _stretch_sold_out(against: Iterable[Iterable[Taken]], period: Period) -> Period | None:
    common: tuple[Period, ...] = (period,)
    for rows in against:
        common = intersect(common, _periods(rows))
    return common[0] if common else None


def _headline(sold_out: Period | None, period: Period, span: Span, zone: ZoneInfo) -> Reason:
    nightly = isinstance(span, Nights)
    if sold_out is None:
        each = "every night" if nightly else "every hour"
        words = _words(period, zone, nightly)
        message = f"{each} from {words} has a free unit, but no single unit is free throughout"
        return Reason("fragmented", message)
    if isinstance(span, Nights):
        night = nights_touched(sold_out, zone).arrival
        when, facts, after = f"on {night}", {"night": str(night)}, night >= span.departure
    else:
        when = f"from {_words(sold_out, zone, nightly)}"
        facts = {"from": sold_out.starts_at.isoformat(), "to": sold_out.ends_at.isoformat()}
        after = sold_out.starts_at >= span.ends_at
    if after:
        message = f"no unit is free for the turnaround after the stay, {when}"
        return Reason("turnaround", message, facts=facts)
    return Reason("sold_out", f"sold out {when}", facts=facts)


def _words(period: Period, zone: ZoneInfo, nightly: bool) -> str:
    """A period as people of the place say it: dates of arrival and departure, or times of their clocks."""
    if nightly:
        nights = nights_touched(period, zone)
        return f"{nights.arrival} to {nights.departure}"
    first, last = period.starts_at.astimezone(zone), period.ends_at.astimezone(zone)
    until = f"{last:%H:%M}" if first.date() == last.date() else f"{last:%Y-%m-%d %H:%M}"
    return f"{first:%Y-%m-%d %H:%M} to {until}"


def _in_order(row: Taken) -> tuple[Period, str, str]:
    return row.period, row.label, str(row.reference)


def _periods(rows: Iterable[Taken]) -> tuple[Period, ...]:
    return tuple(row.period for row in rows)


def _marks(days: Iterable[tuple[int, int]]) -> int:
    """A number whose bit n says that day n lies in one of the half-open ranges."""
    return reduce(int.__or__, ((1 << after) - (1 << first) for first, after in days), 0)


def _distinct(per_leaf: Mapping[UUID, list[Busy]], leaves: frozenset[UUID]) -> list[Busy]:
    """What takes any of the leaves, in order; a stay in all parts of a composite is told once."""
    every = [busy for leaf in sorted(leaves) for busy in per_leaf[leaf]]
    return sorted(dict.fromkeys(every) if len(leaves) > 1 else every, key=_FIRST_AND_AFTER)


def _day_marks(
    units: Sequence[SellableUnit], taken: Iterable[Taken], nights: Nights, zone: ZoneInfo
) -> dict[LetBy, dict[UUID, int]]:
    """Per kind of letting and leaf a number whose bit n says that day n is taken."""
    rulers = {let_by: _ruler(let_by, nights, zone) for let_by in {unit.let_by for unit in units}}
    wanted = {leaf for unit in units for leaf in unit.leaves}
    marks: dict[LetBy, dict[UUID, int]] = {let_by: {} for let_by in rulers}
    for row in taken:
        if row.unit_id not in wanted:
            continue
        for let_by, days_of in rulers.items():
            first, after = days_of(row.period.starts_at, row.period.ends_at)
            days = (1 << after) - (1 << first)
            marks[let_by][row.unit_id] = marks[let_by].get(row.unit_id, 0) | days
    return marks


def _ruler(let_by: LetBy, nights: Nights, zone: ZoneInfo) -> Callable[[datetime, datetime], tuple[int, int]]:
    """Measures a period in days of the window: first and after, equal when it touches none of them."""
    turn = NOON if let_by == LetBy.NIGHT else MIDNIGHT
    edges = [at(day, turn, zone) for day in (*nights, nights.departure)]
    last = len(nights)

    def days_of(starts_at: datetime, ends_at: datetime) -> tuple[int, int]:
        first = bisect_right(edges, starts_at) - 1
        after = bisect_left(edges, ends_at)
        return first if first > 0 else 0, after if after < last else last  # max() and min() cost a third

    return days_of

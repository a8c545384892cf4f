"""
Stretches of time: nights and hours in one algebra.

Truth is a span (the dates of nights, or the instants of hours); what it takes from a unit is a period
of instants. A night is [noon, noon) of the property's wall clock, so that a change of check-in times or
of the zone's rules never changes who holds which night. Everything is half-open.

A wall-clock time that a zone skips or repeats resolves as PEP 495 says for fold=0: forward by the size
of the gap, or to its first occurrence. A day that a zone left out (Pacific/Apia, 2011-12-30) is a night
that takes no time: its two noons are one instant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

NOON = time(12)
MIDNIGHT = time(0)
ONE_DAY = timedelta(days=1)


FIRST, LAST = date(MINYEAR + 1, 1, 1), date(MAXYEAR - 1, 12, 31)
BOUNDS = f"which goes from {FIRST} to {LAST}"


class LetBy(StrEnum):
    """How a unit type is let: by whole nights, or by the hour."""

    NIGHT = "night"
    HOUR = "hour"


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Half-open [starts_at, ends_at) in aware instants, kept in UTC; never empty.

    Raises ValueError for naive instants, for starts_at >= ends_at and outside of the years 2 to 9998.
    """

    starts_at: datetime
    ends_at: datetime

    def __post_init__(self) -> None:
        _keep_in_utc(self)

    def overlaps(self, other: Period) -> bool:
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at

    def contains(self, other: Period | datetime) -> bool:
        """Whether all of a period, or one aware instant, lies within."""
        if isinstance(other, datetime):
            return self.starts_at <= other < self.ends_at
        return self.starts_at <= other.starts_at and other.ends_at <= self.ends_at

    def intersection(self, other: Period) -> Period | None:
        if not self.overlaps(other):
            return None
        return Period(max(self.starts_at, other.starts_at), min(self.ends_at, other.ends_at))

    def minus(self, others: Iterable[Period]) -> tuple[Period, ...]:
        """What the others leave of this period, in order."""
        return difference((self,), others)


@dataclass(frozen=True, slots=True, order=True)
class Nights:
    """The nights from arrival to departure, as dates without a zone; iterates the date of each night.

    Raises ValueError unless departure > arrival, and outside of the years 2 to 9998.
    """

    arrival: date
    departure: date

    def __post_init__(self) -> None:
        if self.departure <= self.arrival:
            raise ValueError(f"departure {self.departure} must be after arrival {self.arrival}")
        _within_calendar(self.arrival, self.departure)

    def __iter__(self) -> Iterator[date]:
        return (self.arrival + timedelta(days=n) for n in range(len(self)))

    def __len__(self) -> int:
        return (self.departure - self.arrival).days


@dataclass(frozen=True, slots=True, order=True)
class Hours:
    """Half-open [starts_at, ends_at) of something let by the hour; the same rules as for a Period."""

    starts_at: datetime
    ends_at: datetime

    def __post_init__(self) -> None:
        _keep_in_utc(self)


Span = Nights | Hours


def at(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which the clocks of a zone show `wall` on `day`; see the module for DST."""
    return datetime.combine(day, wall, tzinfo=zone).astimezone(UTC)


def noon(day: date, zone: ZoneInfo) -> datetime:
    """Where the night of `day` begins and the one before it ends."""
    return at(day, NOON, zone)


def occupied(span: Span, zone: ZoneInfo, turnaround: int = 0) -> Period:
    """What a span takes from a unit, turnaround included: nights after nights, hours after hours.

    Raises ValueError for a negative turnaround and for nights that the zone left out altogether.
    """
    if turnaround < 0:
        raise ValueError(f"turnaround must not be negative: {turnaround}")
    try:
        if isinstance(span, Hours):
            return Period(span.starts_at, span.ends_at + timedelta(hours=turnaround))
        return Period(noon(span.arrival, zone), noon(span.departure + timedelta(days=turnaround), zone))
    except OverflowError as error:
        raise ValueError(f"a turnaround of {turnaround} leads beyond the calendar") from error


def nights_touched(period: Period, zone: ZoneInfo) -> Nights:
    """The fewest nights that together, noon to noon, cover the period."""
    arrival = period.starts_at.astimezone(zone).date()
    while noon(arrival, zone) > period.starts_at:
        arrival -= ONE_DAY
    while noon(arrival + ONE_DAY, zone) <= period.starts_at:
        arrival += ONE_DAY

    departure = max(arrival + ONE_DAY, period.ends_at.astimezone(zone).date() - ONE_DAY)
    while noon(departure, zone) < period.ends_at:
        departure += ONE_DAY
    return Nights(arrival, departure)


def nights_met(period: Period, zone: ZoneInfo, check_in: time, check_out: time) -> Nights | None:
    """The nights whose stay, from check-in to check-out of the next day, the period meets; None if none.

    For events with a time of day on units let by the night: a cleaning between 11:00 and 15:00 takes no
    night where check-out is at 11:00 and check-in at 15:00.
    """
    arrival = period.starts_at.astimezone(zone).date() - 2 * ONE_DAY
    while at(arrival + ONE_DAY, check_out, zone) <= period.starts_at:
        arrival += ONE_DAY

    last = period.ends_at.astimezone(zone).date() + ONE_DAY
    while at(last, check_in, zone) >= period.ends_at:
        last -= ONE_DAY
    return Nights(arrival, last + ONE_DAY) if arrival <= last else None


def days_covered(first: date, last_exclusive: date, zone: ZoneInfo) -> Period:
    """Whole days of a place, local midnight to local midnight: all-day events on hourly units."""
    if last_exclusive <= first:
        raise ValueError(f"the day after the last, {last_exclusive}, must be after the first, {first}")
    _within_calendar(first, last_exclusive)
    return Period(at(first, MIDNIGHT, zone), at(last_exclusive, MIDNIGHT, zone))


def union(periods: Iterable[Period]) -> tuple[Period, ...]:
    """The same time as sorted periods that neither overlap nor touch."""
    merged: list[Period] = []
    for period in sorted(periods):
        if not merged or period.starts_at > merged[-1].ends_at:
            merged.append(period)
        elif period.ends_at > merged[-1].ends_at:
            merged[-1] = Period(merged[-1].starts_at, period.ends_at)
    return tuple(merged)


def difference(these: Iterable[Period], those: Iterable[Period]) -> tuple[Period, ...]:
    """The time of `these` that is not in `those`, sorted and merged."""
    holes = union(those)
    kept: list[Period] = []
    first = 0
    for period in union(these):
        while first < len(holes) and holes[first].ends_at <= period.starts_at:
            first += 1
        start = period.starts_at
        for hole in holes[first:]:
            if hole.starts_at >= period.ends_at:
                break
            if hole.starts_at > start:
                kept.append(Period(start, hole.starts_at))
            start = hole.ends_at
        if start < period.ends_at:
            kept.append(Period(start, period.ends_at))
    return tuple(kept)


def intersect(these: Iterable[Period], those: Iterable[Period]) -> tuple[Period, ...]:
    """The time in both, sorted and merged."""
    left, right = union(these), union(those)
    common: list[Period] = []
    i = j = 0
    while i < len(left) and j < len(right):
        if both := left[i].intersection(right[j]):
            common.append(both)
        if left[i].ends_at <= right[j].ends_at:
            i += 1
        else:
            j += 1
    return tuple(common)


def gaps(busy: Iterable[Period], within: Period) -> tuple[Period, ...]:
    """The free time of `within`, in order."""
    return difference((within,), busy)


def _keep_in_utc(span: Period | Hours) -> None:
    starts_at, ends_at = _utc(span.starts_at), _utc(span.ends_at)
    # Compared in UTC: two times of one zone compare by the wall clock, which is wrong across a DST change.
    if starts_at >= ends_at:
        raise ValueError(f"the end {ends_at.isoformat()} must be after the start {starts_at.isoformat()}")
    _within_calendar(starts_at, ends_at)
    object.__setattr__(span, "starts_at", starts_at)
    object.__setattr__(span, "ends_at", ends_at)


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is UTC:
        return instant
    if instant.utcoffset() is None:
        raise ValueError(f"{instant.isoformat()} has no time zone")
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{instant.isoformat()} is beyond the calendar, {BOUNDS}") from error


def _within_calendar(first: date, last: date) -> None:
    """A year is left free at both ends, so that no zone and no neighbouring night can overflow."""
    if first.year < FIRST.year or last.year > LAST.year:
        raise ValueError(f"{first.isoformat()} to {last.isoformat()} is beyond the calendar, {BOUNDS}")

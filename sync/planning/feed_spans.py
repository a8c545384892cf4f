"""Which spans a feed shows as busy: one by one for a unit, or where none of many units can be sold."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

from hub.domain.availability import SellableUnit
from hub.domain.periods import Hours, LetBy, Nights, Period, Span, intersect, nights_touched, union
from sync.planning.feed_entries import SUMMARIES, Content, Kind, Wanted

ONE_SECOND = timedelta(seconds=1)

YEARS_CLOSED = 3
"""How far a scope without any unit for sale is shown as busy."""


@dataclass(frozen=True, slots=True)
class Take:
    """A leaf unit taken by one cause, which has one UID on all the units it takes."""

    unit_id: UUID
    period: Period
    kind: Kind
    uid: str


def by_cause(takes: Iterable[Take], let_by: LetBy, zone: ZoneInfo) -> tuple[Wanted, ...]:
    """
    One entry for each cause, from the first instant to the last that it takes any of the units.

    For a composite that is when it cannot be sold as a whole.
    """
    extents: dict[str, tuple[Kind, Period]] = {}
    for take in takes:
        _, known = extents.get(take.uid, (take.kind, take.period))
        whole = Period(min(known.starts_at, take.period.starts_at), max(known.ends_at, take.period.ends_at))
        extents[take.uid] = (take.kind, whole)
    return tuple(
        Wanted(
            uid,
            Content(
                kind=kind,
                span=_nights(period.starts_at, period.ends_at, zone)
                if let_by is LetBy.NIGHT
                else _whole_seconds(period),
                summary=SUMMARIES[kind],
                origin=uid if kind is Kind.RELAYED else None,
            ),
        )
        for uid, (kind, period) in extents.items()
    )


def sold_out(units: Collection[SellableUnit], takes: Iterable[Take], zone: ZoneInfo) -> tuple[Span, ...]:
    """
    When none of the units can be sold, in order; as nights if all are let by the night, else as hours.

    A night on which each unit is taken for a while cannot be sold, though no instant may be common to all.
    """
    nightly = all(unit.let_by is LetBy.NIGHT for unit in units)
    by_leaf: dict[UUID, list[Period]] = {}
    for take in takes:
        by_leaf.setdefault(take.unit_id, []).append(take.period)
    busy = [[period for leaf in unit.leaves for period in by_leaf.get(leaf, ())] for unit in units]
    if not all(busy):
        return ()

    common: Sequence[Period] | None = None
    for periods in sorted(busy, key=len):
        measured = [_as_days(p.starts_at, p.ends_at, zone) for p in periods] if nightly else periods
        common = union(measured) if common is None else intersect(common, measured)
        if not common:
            return ()
    return tuple(_from_days(p) if nightly else _whole_seconds(p) for p in common or ())


def nothing_for_sale(since: date) -> tuple[Span, ...]:
    """A scope without units is closed. The span moves once a year, so that the feed's bytes stay."""
    return (Nights(date(since.year, 1, 1), date(since.year + YEARS_CLOSED, 1, 1)),)


@lru_cache(maxsize=1 << 14)
def _nights(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> Nights:
    return nights_touched(Period(starts_at, ends_at), zone)


@lru_cache(maxsize=1 << 14)
def _as_days(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> Period:
    """The nights of a period as if every night were a day of UTC: a ruler on which they can be compared."""
    nights = _nights(starts_at, ends_at, zone)
    return Period(
        datetime.combine(nights.arrival, time(), UTC), datetime.combine(nights.departure, time(), UTC)
    )


def _from_days(days: Period) -> Nights:
    return Nights(days.starts_at.date(), days.ends_at.date())


def _whole_seconds(period: Period) -> Hours:
    """Calendars know no fractions of a second: rounded outwards."""
    ends_at = period.ends_at.replace(microsecond=0)
    if ends_at < period.ends_at:
        ends_at += ONE_SECOND
    return Hours(period.starts_at.replace(microsecond=0), ends_at)

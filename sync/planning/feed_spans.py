"""Which spans a feed shows as busy: one by one for a unit, or where none of many units can be sold."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from hub.domain.availability import SellableUnit
from hub.domain.periods import Hours, LetBy, Nights, Period, Span, intersect, nights_touched, union
from sync.planning.feed_entries import SUMMARIES, Content, Kind, Wanted

ONE_SECOND = timedelta(seconds=1)

YEARS_CLOSED = 3
"""How far a scope without any unit for sale is shown as busy."""


class Take(NamedTuple):
    """A leaf unit taken by one cause, which has one UID on all the units it takes. There may be thousands."""

    unit_id: UUID
    kind: str
    uid: str
    starts_at: datetime
    ends_at: datetime


def by_cause(takes: Iterable[Take], let_by: LetBy, zone: ZoneInfo) -> tuple[Wanted, ...]:
    """
    One entry for each cause, from the first instant to the last that it takes any of the units.

    For a composite that is when it cannot be sold as a whole.
    """
    extents: dict[str, Take] = {}
    for take in takes:
        known = extents.get(take.uid, take)
        extents[take.uid] = take._replace(
            starts_at=min(known.starts_at, take.starts_at), ends_at=max(known.ends_at, take.ends_at)
        )
    return tuple(Wanted(take.uid, _content(take, let_by, zone)) for take in extents.values())


def sold_out(units: Collection[SellableUnit], takes: Iterable[Take], zone: ZoneInfo) -> tuple[Span, ...]:
    """
    When none of the units can be sold, in order; as nights if all are let by the night, else as hours.

    A night on which each unit is taken for a while cannot be sold, though no instant may be common to all.
    """
    nightly = all(unit.let_by is LetBy.NIGHT for unit in units)
    by_leaf: dict[UUID, list[Take]] = {}
    for take in takes:
        by_leaf.setdefault(take.unit_id, []).append(take)
    busy = [[take for leaf in unit.leaves for take in by_leaf.get(leaf, ())] for unit in units]
    if not all(busy):
        return ()

    common: Sequence[Period] | None = None
    for taken in sorted(busy, key=len):
        periods = [
            _as_days(take.starts_at, take.ends_at, zone) if nightly else Period(take.starts_at, take.ends_at)
            for take in taken
        ]
        common = union(periods) if common is None else intersect(common, periods)
        if not common:
            return ()
    return tuple(_from_days(p) if nightly else _whole_seconds(p.starts_at, p.ends_at) for p in common or ())


def nothing_for_sale(since: date) -> tuple[Span, ...]:
    """A scope without units is closed. The span moves once a year, so that the feed's bytes stay."""
    return (Nights(date(since.year, 1, 1), date(since.year + YEARS_CLOSED, 1, 1)),)


def _content(take: Take, let_by: LetBy, zone: ZoneInfo) -> Content:
    kind = Kind(take.kind)
    measured = _nights(take.starts_at, take.ends_at, zone) if let_by is LetBy.NIGHT else None
    return Content(
        kind=kind,
        span=measured or _whole_seconds(take.starts_at, take.ends_at),
        summary=SUMMARIES[kind],
        origin=take.uid if kind is Kind.RELAYED else None,
    )


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


def _whole_seconds(starts_at: datetime, ends_at: datetime) -> Hours:
    """Calendars know no fractions of a second: rounded outwards."""
    last = ends_at.replace(microsecond=0)
    return Hours(starts_at.replace(microsecond=0), last if last == ends_at else last + ONE_SECOND)

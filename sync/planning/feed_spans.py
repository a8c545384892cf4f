"""Which spans a feed shows as busy: one by one for a unit, or where none of many units can be sold."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from hub.domain.availability import SellableUnit
from hub.domain.periods import Hours, LetBy, Nights, Period, Span, intersect, nights_touched, union
from sync.planning.feed_entries import SUMMARIES, Content, Kind, Wanted
from sync.planning.marks import Sign, from_json, of_piece, signed

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
    mark: Mapping[str, Any] | None = None
    """What hubs wrote on what is relayed, as it is stored"""
    told_by: UUID | None = None
    """The link that told what is relayed"""


def to_tell(takes: Iterable[Take], link_id: UUID) -> list[Take]:
    """
    What a link's channel is to be told: not what it told us itself, nor closures of others where it is closed
    itself. Else two channels that were closed at once would keep each other closed for ever, by our word.

    A guest's stay, or what may be one, is told in any case.
    """
    every = list(takes)
    its_own: dict[UUID, list[Period]] = {}
    for take in every:
        if take.told_by == link_id:
            its_own.setdefault(take.unit_id, []).append(Period(take.starts_at, take.ends_at))
    if not its_own:
        return every
    found: list[Take] = []
    for take in every:
        if take.told_by == link_id:
            continue
        if take.kind == Kind.RELAYED_BLOCK and take.unit_id in its_own:
            left = Period(take.starts_at, take.ends_at).minus(its_own[take.unit_id])
            found += [take._replace(starts_at=one.starts_at, ends_at=one.ends_at) for one in left]
        else:
            found.append(take)
    return found


def by_cause(takes: Iterable[Take], let_by: LetBy, zone: ZoneInfo, sign: Sign) -> tuple[Wanted, ...]:
    """
    One entry for each stretch that a cause takes any of the units: for a composite that is when it cannot be
    sold as a whole. What came by several ways is said once, with the shortest.
    """
    causes: dict[str, list[Take]] = {}
    for take in takes:
        causes.setdefault(take.uid, []).append(take)
    said: dict[tuple[str, Span], Wanted] = {}
    for uid, parts in causes.items():
        kind = Kind(parts[0].kind)
        mark = signed(from_json(parts[0].mark), uid, sign)
        for number, span in enumerate(_pieces(parts, let_by, zone)):
            content = Content(kind, span, SUMMARIES[kind], mark)
            want = Wanted(of_piece(uid, span) if number else uid, content, parts[0].told_by)
            known = said.setdefault((mark.origin, span), want)
            if known is not want:
                said[mark.origin, span] = min(known, want, key=_way)
    return tuple(said.values())


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


def _pieces(parts: Sequence[Take], let_by: LetBy, zone: ZoneInfo) -> Sequence[Span]:
    """When a cause takes any unit, in order; pieces that touch are one."""
    if len(parts) == 1:
        return [_span(parts[0].starts_at, parts[0].ends_at, let_by, zone)]
    found: list[Span] = []
    for period in union(Period(part.starts_at, part.ends_at) for part in parts):
        span = _span(period.starts_at, period.ends_at, let_by, zone)
        # A night that ends one piece and begins the next, or a second, is no hole between them.
        if found and (joined := _joined(found[-1], span)):
            found[-1] = joined
        else:
            found.append(span)
    return found


def _joined(one: Span, later: Span) -> Span | None:
    if isinstance(one, Nights) and isinstance(later, Nights) and later.arrival <= one.departure:
        return Nights(one.arrival, max(one.departure, later.departure))
    if isinstance(one, Hours) and isinstance(later, Hours) and later.starts_at <= one.ends_at:
        return Hours(one.starts_at, max(one.ends_at, later.ends_at))
    return None


def _way(want: Wanted) -> tuple[int, str]:
    return len(want.content.mark.via) if want.content.mark else 0, want.uid


def _span(starts_at: datetime, ends_at: datetime, let_by: LetBy, zone: ZoneInfo) -> Span:
    if let_by is LetBy.NIGHT:
        return _nights(starts_at, ends_at, zone)
    return _whole_seconds(starts_at, ends_at)


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

"""What we stopped exporting: how long a channel may show it still, and when that is over. PURE."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from hub.domain.periods import Period, difference, intersect, union
from sync.planning.exported import Export, Heard, History, Periods, shown
from sync.planning.timelines import Timeline

OVERDUE = timedelta(days=7)
"""By then whoever heard of it has dropped what we stopped saying; else somebody should look"""

SETTLED = timedelta(hours=6)
"""By then a channel that has read our feed without it has dropped it; what it shows still is its own"""

GIVEN_UP = timedelta(hours=24)
"""A channel of which we never hear that it fetched our feed is taken to have done so by then"""


def drained(history: History, heard: Iterable[Heard], now: datetime) -> frozenset[UUID]:
    """The withdrawn exports of which this reading of the whole calendar, or the last one, shows nothing."""
    return _gone(history, shown(heard, history.returned), now, now) | drained_before(history, now)


def drained_before(history: History, now: datetime) -> frozenset[UUID]:
    """What the last reading already showed nothing of: what does not change is not judged again."""
    if history.read_at is None:
        return frozenset()
    return _gone(history, history.shown, history.read_at, now)


def may_be_shown(export: Export, told_at: datetime) -> bool:
    """By the channel that it was told to, in what that tells at a certain time."""
    if export.seen_at is None or export.drained:
        return False
    return export.lost_at is None or told_at - export.lost_at <= SETTLED


def draining_since(
    parts: Collection[tuple[Export, Periods]], saying: Iterable[Period], now: datetime
) -> datetime | None:
    """
    When we last stopped saying any of the time that is ours, not over, and said no longer: of the oldest such
    stretch. `parts` are the exports by which time is ours, `saying` is what the channel is told at present.
    """
    said = [period for export, part in parts if export.until_at is None for period in part]
    withdrawn = [(export.until_at, part) for export, part in parts if export.until_at is not None]
    left = difference((period for _, part in withdrawn for period in part), (*said, *saying))
    left = tuple(period for period in left if period.ends_at > now)
    ends: list[datetime] = []
    for until_at, part in sorted(withdrawn, reverse=True):
        if intersect(left, part):
            ends.append(until_at)
            left = difference(left, part)
    return min(ends, default=None)


def overdue(since: datetime | None, now: datetime) -> bool:
    """Somebody should look at the channel."""
    return since is not None and now - since > OVERDUE


def _gone(history: History, showing: Sequence[Period], read_at: datetime, now: datetime) -> frozenset[UUID]:
    stands = Timeline((period, None) for period in union(showing))
    return frozenset(
        one.id
        for one in history.exports
        if one.here
        and not one.drained
        and one.until_at is not None
        and read_at > one.until_at
        and (one.lost_at is not None or read_at - one.until_at >= GIVEN_UP)
        and not any(True for _ in stands.meeting(one.period, after=now))
    )

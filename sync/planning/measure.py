"""
How the time of a link's events is counted: by the night or by the instant, and what of it is over. PURE.

Where all units of a link are let by the night, time is nights, noon to noon: what channels write as dates in
one reading and as times in the next is the same night. Elsewhere it is the stretch that the channel wrote.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from connectors.contract import AllDay, Timed, When
from hub.domain.offers import Offer
from hub.domain.periods import (
    MIDNIGHT,
    NOON,
    LetBy,
    Period,
    at,
    difference,
    nights_met,
    nights_touched,
)

# Channels write "closed for good" as an end in the year 9999: what lies between these counts, and is kept.
_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)

FURTHEST_AHEAD = timedelta(hours=14)
"""Of UTC: in the Line Islands each day begins before it does anywhere else"""

_instant = lru_cache(maxsize=8192)(at)
"""Thousands of events begin and end on the same few days"""


@dataclass(frozen=True, slots=True)
class Measure:
    zone: ZoneInfo
    nightly: bool
    once: bool
    """One unit: what two events take of it at one time is taken once. Else each takes a unit of its own."""
    check_in: time = time(15)
    check_out: time = time(11)

    @classmethod
    def of(cls, offers: Sequence[Offer], zone: ZoneInfo) -> Measure:
        """For a link that speaks of these units."""
        if not offers or any(offer.let_by != LetBy.NIGHT for offer in offers):
            return cls(zone, nightly=False, once=len(offers) < 2)
        check_in = min(offer.check_in for offer in offers)
        check_out = max(offer.check_out for offer in offers)
        return cls(zone, nightly=True, once=len(offers) == 1, check_in=check_in, check_out=check_out)

    def takes(self, when: When) -> Period | None:
        """What is taken; None where it is nothing, as of a visit at noon to what is let by the night."""
        if not self.nightly:
            return extent(when, self.zone)
        return night_span(when, self.zone, self.check_in, self.check_out)

    def span(self, when: When) -> tuple[Period, bool] | None:
        """What is taken, and True; else the stretch itself, and False; None for one without length."""
        if (taken := self.takes(when)) is not None:
            return taken, True
        whole = extent(when, self.zone)
        return (whole, False) if whole is not None else None

    def pieces(self, when: When, ours: Iterable[Period] = ()) -> tuple[Period, ...]:
        """What is taken, less what is our own word come back."""
        taken = self.takes(when)
        if taken is None:
            return ()
        return difference((taken,), ours) if ours else (taken,)

    def cut(self, now: datetime) -> datetime:
        """Where the past ends: what lies before is frozen. Last night is past, tonight is not."""
        return _instant(self.day(now), NOON, self.zone) if self.nightly else now

    def begun_by(self, now: datetime, in_days: bool, *, tomorrow: bool) -> datetime:
        """
        The latest beginning of what is told as begun: channels cut off what is over, by days where they write
        days. With `tomorrow` also by clocks on which it is the next day, while there are any.
        """
        if not self.nightly and not in_days:
            return now
        today = self.day(now)
        if tomorrow:
            today = max(today, (now.astimezone(UTC) + FURTHEST_AHEAD).date())
        return _instant(today, NOON if self.nightly else MIDNIGHT, self.zone)

    def when(self, period: Period) -> When:
        """A period as an event would say it: dates of nights and of whole days, else times."""
        if self.nightly:
            nights = nights_touched(period, self.zone)
            return AllDay(nights.arrival, nights.departure)
        first, after = self.day(period.starts_at), self.day(period.ends_at)
        edges = _instant(first, MIDNIGHT, self.zone), _instant(after, MIDNIGHT, self.zone)
        if edges == (period.starts_at, period.ends_at):
            return AllDay(first, after)
        return Timed(period.starts_at, period.ends_at)

    def past(self, when: When, cut: datetime) -> When | None:
        """What of an event's time lies before the cut."""
        taken = self.takes(when)
        if taken is None or taken.starts_at >= cut:
            return None
        return when if taken.ends_at <= cut else self.when(Period(taken.starts_at, cut))

    def later(self, instant: datetime, days: int) -> datetime:
        """The same time on the clocks of the place, days after."""
        local = instant.astimezone(self.zone)
        return at(local.date() + timedelta(days=days), local.time(), self.zone)

    def day(self, instant: datetime) -> date:
        return instant.astimezone(self.zone).date()


def extent(when: When, zone: ZoneInfo) -> Period | None:
    """An event's own stretch; None for one without length or beyond all calendars: it takes nothing."""
    if isinstance(when, AllDay):
        first, after = _reachable(when)
        if first >= after:
            return None
        starts_at, ends_at = _instant(first, MIDNIGHT, zone), _instant(after, MIDNIGHT, zone)
    else:
        starts_at, ends_at = max(when.starts_at, _EARLIEST), min(when.ends_at, _LATEST)
    return Period(starts_at, ends_at) if starts_at < ends_at else None


def night_span(when: When, zone: ZoneInfo, check_in: time, check_out: time) -> Period | None:
    """The nights that an event takes, noon to noon; None if it meets none."""
    if isinstance(when, AllDay):
        first, after = _reachable(when)
        if first >= after:
            return None
    else:
        whole = extent(when, zone)
        met = nights_met(whole, zone, check_in, check_out) if whole is not None else None
        if met is None:
            return None
        first, after = met.arrival, met.departure
    starts_at, ends_at = _instant(first, NOON, zone), _instant(after, NOON, zone)
    return Period(starts_at, ends_at) if starts_at < ends_at else None


def _reachable(when: AllDay) -> tuple[date, date]:
    """As much of it as lies where calendars reach."""
    return max(when.first, _EARLIEST.date()), min(when.after, _LATEST.date())

"""
How often two guests would be sold the same nights, if nobody looked before selling. PURE.

A link's calendar is unknown for a while between two good answers. If a stay comes by the channel in one such
stretch, and a booking of ours in the same, neither side knows of the other:

    double sales a day  =  bookings a day here  x  stays a day there  x  days that it is unknown

It is a bound and no forecast: every two that meet in time are counted as though they met on the same nights
of the same unit, and the whole gap is counted although a stay on average comes in the middle of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

SPAN = timedelta(days=90)
"""How far back bookings and stays are counted"""
SHORTEST = timedelta(days=1)
"""Of a link that is younger: one booking in its first hour is no rate of 24 a day"""
FIRST_READING = timedelta(hours=1)
"""What a link brought in its first hour had been there before"""
DAY = timedelta(days=1)
_CENTURY = 36_525


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a link's gaps are worth."""

    unknown_seconds: float
    here_per_day: float
    there_per_day: float

    @property
    def double_sales_per_day(self) -> float:
        return self.here_per_day * self.there_per_day * self.unknown_seconds / DAY.total_seconds()

    @property
    def days_between(self) -> float | None:
        """From one double sale to the next; None where there is none to be expected in a century."""
        often = self.double_sales_per_day
        return 1 / often if often * _CENTURY >= 1 else None


def expected(
    *,
    measured_seconds: float | None,
    interval_seconds: int,
    verified_at: datetime | None,
    linked_at: datetime,
    sold_here: int,
    came_there: int,
    now: datetime,
) -> Exposure:
    """
    `sold_here` and `came_there` are of the last 90 days, or since the calendar was linked. While the gap that
    is open now is longer than they usually are, it counts instead; before the first two answers the interval.
    """
    usual = measured_seconds if measured_seconds is not None else float(interval_seconds)
    open_gap = (now - verified_at).total_seconds() if verified_at is not None else 0.0
    return Exposure(
        unknown_seconds=max(usual, open_gap),
        here_per_day=sold_here / _days(SPAN),
        there_per_day=came_there / _days(max(SHORTEST, min(SPAN, now - linked_at))),
    )


def told(exposure: Exposure) -> str:
    """In one sentence."""
    known = f"on average {span(timedelta(seconds=exposure.unknown_seconds))} unknown"
    rates = f"{rate(exposure.here_per_day)} a day here and {rate(exposure.there_per_day)} there"
    if exposure.days_between is None:
        return f"{known}; bookings: {rates}: no double sale to be expected"
    if exposure.days_between < 1:
        many = f"about {exposure.double_sales_per_day:.0f} double sales a day"
    else:
        many = f"about 1 double sale in {_about(exposure.days_between)}"
    return f"{known}; {rates}: {many} would slip in between if nothing were checked"


def rate(per_day: float) -> str:
    """Two digits that count: "0.8", "0.02", "12"."""
    if per_day == 0:
        return "none"
    if per_day < 0.01:
        return "fewer than 0.01"
    return f"{per_day:.0f}" if per_day >= 10 else f"{per_day:.2f}".rstrip("0").rstrip(".")


_STEPS = (
    (timedelta(seconds=90), timedelta(seconds=1), "s"),
    (timedelta(minutes=90), timedelta(minutes=1), "min"),
    (timedelta(hours=48), timedelta(hours=1), "h"),
)


def span(length: timedelta) -> str:
    """ "45 s", "12 min", "26 h", "3 days": whole ones of the unit that says enough."""
    for below, unit, name in _STEPS:
        if length < below:
            return f"{round(length / unit)} {name}"
    return f"{length.days} days"


def _about(days: float) -> str:
    if days >= 2 * 365:
        return f"{days / 365:.0f} years"
    return f"{days:.0f} days" if days >= 1.5 else "1 day"


def _days(length: timedelta) -> float:
    return length / DAY

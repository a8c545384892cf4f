"""How long an event is here, where a link's settings or its channel count otherwise. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.contract import AllDay, Timed, When
from hub.domain.periods import MIDNIGHT, ONE_DAY, at


def ends_moved(when: AllDay, days: int) -> AllDay:
    """Its end moved by some days; one night is kept, and the calendar's own end."""
    nights = max(1, (when.after - when.first).days + days)
    return AllDay(when.first, when.first + min(timedelta(days=nights), date.max - when.first))


def whole_days(when: Timed, zone: ZoneInfo) -> Timed:
    """
    Every local day that it touches, from midnight to midnight. Instants, not dates: as dates it would take
    the nights that begin on those days, and lose the morning of a night that began the day before.
    """
    first = when.starts_at.astimezone(zone).date()
    last = (when.ends_at - timedelta.resolution).astimezone(zone).date()
    try:
        begin, end = at(first, MIDNIGHT, zone), at(last + ONE_DAY, MIDNIGHT, zone)
    except OverflowError:  # at the ends of the calendar
        return when
    return Timed(min(begin, when.starts_at), max(end, when.ends_at))


def is_over(when: When, first: date, begin: datetime) -> bool:
    """Whether nothing of it lies on or after a day that begins at an instant."""
    if isinstance(when, AllDay):
        return when.after <= first
    return when.ends_at < begin if when.starts_at == when.ends_at else when.ends_at <= begin

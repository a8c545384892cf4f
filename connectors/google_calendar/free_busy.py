"""Busy times without their events: which stretches to ask for, and what the answers say together. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.contract import AllDay, RemoteEvent, Timed, When, Window
from connectors.google_calendar import times
from connectors.google_calendar.translate import Malformed

LONGEST = timedelta(days=60)
"""That is asked for at once"""


class NotTold(Exception):
    """The calendar's busy times could not be computed: that is not to be free."""

    def __init__(self, reasons: Iterable[str]) -> None:
        super().__init__("the busy times are not told")
        self.reasons = frozenset(reasons)


def edges(window: Window, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The instants of a window: until when single events count, since it cannot be told what recurs."""
    after = max(window.after, window.singles_after or window.after)
    return _midnight(window.first, zone), _midnight(after, zone)


def stretches(starts_at: datetime, ends_at: datetime) -> Iterator[tuple[datetime, datetime]]:
    """One after the other, none longer than may be asked for."""
    while starts_at < ends_at:
        until = min(starts_at + LONGEST, ends_at)
        yield starts_at, until
        starts_at = until


def told(said: Mapping[str, Any], calendar_id: str, starts_at: datetime, ends_at: datetime) -> list[Timed]:
    """The busy times of one answer, within the stretch that was asked for; NotTold, Malformed."""
    calendars = said.get("calendars")
    if not isinstance(calendars, Mapping):
        raise Malformed("a list of busy times")
    found = [one for name, one in calendars.items() if str(name).lower() == calendar_id.lower()]
    if len(found) != 1 or not isinstance(found[0], Mapping):
        raise Malformed("the busy times of the calendar that was asked for")
    if errors := found[0].get("errors"):
        listed = errors if isinstance(errors, list) else []
        raise NotTold(str(error.get("reason", "")) for error in listed if isinstance(error, Mapping))
    periods = found[0].get("busy")
    if not isinstance(periods, list):
        raise Malformed("a list of busy times")
    read = (_period(period) for period in periods)
    clipped = (Timed(max(one.starts_at, starts_at), min(one.ends_at, ends_at)) for one in read)
    return [one for one in clipped if one.starts_at < one.ends_at]


def _period(said: object) -> Timed:
    if not isinstance(said, Mapping):
        raise Malformed("a busy time")
    begins, ends = (times.moment({"dateTime": said.get(name)}, "") for name in ("start", "end"))
    if not isinstance(begins, datetime) or not isinstance(ends, datetime) or ends < begins:
        raise Malformed("a busy time")
    return Timed(begins, ends)


def joined(periods: Iterable[Timed], seams: Sequence[datetime]) -> tuple[Timed, ...]:
    """In order, without overlaps; what was cut at a seam between two stretches is one again."""
    whole: list[Timed] = []
    for period in sorted(periods, key=lambda one: (one.starts_at, one.ends_at)):
        last = whole[-1] if whole else None
        touches = last is not None and period.starts_at == last.ends_at and last.ends_at in seams
        if last is not None and (period.starts_at < last.ends_at or touches):
            whole[-1] = Timed(last.starts_at, max(last.ends_at, period.ends_at))
        else:
            whole.append(period)
    return tuple(whole)


def events(periods: Iterable[Timed], zone: ZoneInfo) -> tuple[RemoteEvent, ...]:
    """Busy times as events, named by when they begin: nothing else is known of them."""
    return tuple(
        RemoteEvent(f"busy-{times.instant(one.starts_at)}", None, _when(one, zone), busy=True)
        for one in periods
    )


def digest(calendar_id: str, window: Window, zone: ZoneInfo, periods: Iterable[Timed]) -> str:
    """Equal where the same was asked and the same was answered."""
    said = (calendar_id, window, zone.key, [(one.starts_at, one.ends_at) for one in periods])
    return hashlib.sha256(repr(said).encode()).hexdigest()


def _when(period: Timed, zone: ZoneInfo) -> When:
    """From midnight to midnight on the property's wall is whole days: Google tells all-day events so."""
    first, after = (at.astimezone(zone) for at in (period.starts_at, period.ends_at))
    if first.time() == after.time() == time() and first.date() < after.date():
        return AllDay(first.date(), after.date())
    return period


def _midnight(day: Any, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)

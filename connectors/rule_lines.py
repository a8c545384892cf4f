"""The lines by which an event recurs (RFC 5545, 3.8.5), read on the wall clock of its series. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from math import prod
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.rrule import rrulestr

from connectors.recurring import TOO_OFTEN, RecursTooOften

MOST_RULES = 10
MOST_DATES = 5_000
"""RDATEs and EXDATEs of one series"""
LONGEST_RULE = 1_000
MOST_TIMES_A_DAY = 1_440
"""BYHOUR times BYMINUTE times BYSECOND"""

ONE_DAY = timedelta(days=1)
_FOLLOWED = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY")
_FINER = ("HOURLY", "MINUTELY", "SECONDLY")
_MEANT = re.compile(r"[A-Z0-9=;,+-]+")
_MOMENT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})(Z)?)?")
_UNREAD = "a line of its recurrence cannot be read"


@dataclass(frozen=True, slots=True)
class Clock:
    """The wall clock of a series: days begin at midnight, and what happens on whole days happens then."""

    zone: ZoneInfo
    all_day: bool

    def shows(self, instant: datetime) -> datetime:
        """What it shows at an aware instant, without a zone."""
        return instant.astimezone(self.zone).replace(tzinfo=None)


@dataclass(slots=True)
class Lines:
    """What the lines of one series say; moments are those of its clock, without a zone."""

    rules: list[Any] = field(default_factory=list)
    """As dateutil has them"""
    dates: list[datetime] = field(default_factory=list)
    without: set[datetime] = field(default_factory=set)
    without_days: set[date] = field(default_factory=set)
    problem: str | None = None

    @property
    def size(self) -> int:
        return len(self.dates) + len(self.without) + len(self.without_days)


def zone_named(name: str) -> ZoneInfo | None:
    """None where there is no such zone."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return None


def read(lines: Iterable[str], start: datetime, clock: Clock) -> Lines:
    """
    What can be read of the lines of a series that begins at `start` on its clock; a problem where that is not
    all. Raises RecursTooOften for what no calendar means.
    """
    found = Lines()
    for line in lines:
        head, _, value = line.strip().partition(":")
        name, *parameters = head.upper().split(";")
        named = dict(one.partition("=")[::2] for one in parameters)
        try:
            if name == "RRULE":
                found.rules.append(_rule(value.upper(), start, clock))
            elif name in ("RDATE", "EXDATE"):
                zone = _zone_of(head, clock)
                _dates(found, name, value.upper(), start, Clock(zone, clock.all_day), clock)
                if named.get("VALUE") == "PERIOD":
                    found.problem = "it has dates with a length of their own, which are read without it"
            else:
                found.problem = _UNREAD
        except RecursTooOften:
            raise
        except (ValueError, OverflowError, TypeError, IndexError):  # dateutil's ways to refuse a rule
            found.problem = _UNREAD
        if len(found.rules) > MOST_RULES or found.size > MOST_DATES:
            raise RecursTooOften(TOO_OFTEN)
    return found


def _rule(text: str, start: datetime, clock: Clock) -> Any:
    if len(text) > LONGEST_RULE:
        raise RecursTooOften("its rule is too long to be followed")
    if not _MEANT.fullmatch(text):
        raise ValueError(_UNREAD)
    parts = dict(part.split("=", 1) for part in text.split(";") if part)
    if (
        parts.get("FREQ") in _FINER
        or int(parts.get("INTERVAL", "1")) < 1
        or _times_a_day(parts) > MOST_TIMES_A_DAY
    ):
        raise RecursTooOften(TOO_OFTEN)
    if parts.get("FREQ") not in _FOLLOWED:
        raise ValueError(_UNREAD)
    until = parts.pop("UNTIL", None)
    rule: Any = rrulestr(";".join(f"{name}={value}" for name, value in parts.items()), dtstart=start)
    # Read here: dateutil accepts no UNTIL in UTC for a wall clock, and none beside a COUNT.
    rule._until = _until(until, clock) if until is not None else None
    return rule


def _times_a_day(parts: Mapping[str, str]) -> int:
    named = (parts.get(name, "") for name in ("BYHOUR", "BYMINUTE", "BYSECOND"))
    return prod(len(set(values.split(","))) for values in named)


def _until(text: str, clock: Clock) -> datetime:
    """
    The last moment of the rule, on the series' clock. Of whole days it is a date; one who writes an instant
    may mean the day in UTC or at the place: the later of the two frees nothing too early.
    """
    moment = _moment(text)
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time.min if clock.all_day else time.max)
    shown = clock.shows(moment) if moment.tzinfo else moment
    if not clock.all_day:
        return shown
    return datetime.combine(max(shown.date(), moment.date()), time.min)


def _dates(found: Lines, name: str, value: str, start: datetime, written: Clock, clock: Clock) -> None:
    """Of a comma-separated list; `written` is the clock of times that are not in UTC."""
    texts = value.split(",")
    if len(texts) > MOST_DATES:
        raise RecursTooOften(TOO_OFTEN)
    for text in texts:
        moment = _moment(text.partition("/")[0])
        if not isinstance(moment, datetime):
            if name == "EXDATE":
                found.without_days.add(moment)
            else:
                found.dates.append(datetime.combine(moment, start.time()))
            continue
        aware = moment if moment.tzinfo else moment.replace(tzinfo=written.zone)
        shown = clock.shows(aware)
        if clock.all_day:
            # Midnight at the place is that day; any other time is of the day that was written.
            day = shown.date() if shown.time() == time.min else moment.date()
            shown = datetime.combine(day, time.min)
        if name == "EXDATE":
            found.without.add(shown)
        else:
            found.dates.append(shown)


def _zone_of(head: str, clock: Clock) -> ZoneInfo:
    """Of the times in a list: the one it names, else the series'."""
    for parameter in head.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.upper() == "TZID":
            zone = zone_named(value.strip('"'))
            if zone is None:
                raise ValueError(_UNREAD)
            return zone
    return clock.zone


def _moment(text: str) -> date | datetime:
    """A date, an instant (UTC), or a time without a zone."""
    matched = _MOMENT.fullmatch(text.strip())
    if matched is None:
        raise ValueError(_UNREAD)
    year, month, day, hour, minute, second, utc = matched.groups()
    on = date(int(year), int(month), int(day))
    if hour is None:
        return on
    return datetime.combine(
        on, time(int(hour), int(minute), min(int(second), 59)), tzinfo=UTC if utc else None
    )

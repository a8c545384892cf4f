"""When an event is: its dates and instants, read as leniently as nothing is lost by it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from icalendar import Event
from icalendar.prop import vDDDLists, vDDDTypes

Moment = date | datetime
"""A date, or an aware datetime in the zone in which it was written."""

ONE_DAY = timedelta(days=1)
_EARLIEST, _LATEST = date.min + 2 * ONE_DAY, date.max - 2 * ONE_DAY
"""So far from where time ends that no zone moves a moment beyond: what "since ever" and "for ever" become"""

_ALMOST_A_DATE = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:[T ](\d{2}):?(\d{2})(?::?(\d{2}))?(?:\.\d+)?(Z)?)?")


@dataclass(frozen=True, slots=True)
class Extent:
    """From start to end, both dates or both instants; an instant may equal its end, a date never does."""

    start: Moment
    end: Moment
    problem: str | None = None


def extent(event: Event, zone: ZoneInfo) -> Extent | None:
    """What the event's properties say, or None when no date can be read (RFC 5545, 3.6.1)."""
    start, start_problem = _moment(event.get("DTSTART"), zone)
    end, end_problem = _moment(event.get("DTEND"), zone)
    problem = start_problem or end_problem
    if start is None:
        return _from_end(end, zone)
    if end is None and "DTEND" not in event:
        end = _after_duration(start, event.get("DURATION"))
        problem = problem or (None if end is not None else "its duration cannot be read")
    if end is None:
        return Extent(start, _up_to_next_day(start), problem or "its end cannot be read")

    ordered = _in_order(start, end, zone)
    return Extent(ordered.start, ordered.end, problem or ordered.problem)


def settle(event: Event, found: Extent, zone: ZoneInfo) -> None:
    """Write the extent back and give every floating time of the event the property's zone."""
    event.pop("DURATION", None)
    event["DTSTART"] = vDDDTypes(found.start)
    event["DTEND"] = vDDDTypes(found.end)
    for name in ("RDATE", "EXDATE"):
        if name in event:
            kept = [_in_zone(entry.dt, zone) for entry in _readable(event.pop(name))]
            if kept:
                event[name] = vDDDLists(kept)
    if "RECURRENCE-ID" in event:
        written = event.pop("RECURRENCE-ID")
        original, _ = _moment(written, zone)
        if original is not None:
            event["RECURRENCE-ID"] = vDDDTypes(original)
            if _parameter(written, "RANGE"):
                event["RECURRENCE-ID"].params["RANGE"] = _parameter(written, "RANGE")


def floating_zone(named: str, zone: ZoneInfo) -> ZoneInfo:
    """The zone of times that name none: the one the calendar declares, else the property's."""
    try:
        return ZoneInfo(named) if named else zone
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return zone


def moment_of(event: Event, name: str) -> Moment:
    """A date property of a settled event."""
    value = event.decoded(name)
    assert isinstance(value, date)
    return value


def is_day(moment: Moment) -> bool:
    return not isinstance(moment, datetime)


def as_utc(moment: Moment, zone: ZoneInfo) -> datetime:
    """The instant, or the local midnight with which a day begins."""
    if isinstance(moment, datetime):
        return moment.astimezone(UTC)
    return datetime.combine(moment, time(), tzinfo=zone).astimezone(UTC)


def _moment(written: Any, zone: ZoneInfo) -> tuple[Moment | None, str | None]:
    """A date property's value and what was wrong with it."""
    if isinstance(written, list):
        written = written[0]
    if written is None:
        return None, None
    value = written.dt if isinstance(written, vDDDTypes) else None
    if isinstance(value, date):
        value = _within_time(value)
    if isinstance(value, datetime) and value.tzinfo is None:
        unknown = _parameter(written, "TZID")
        return value.replace(tzinfo=zone), f"its time zone {unknown!r} is not known" if unknown else None
    if isinstance(value, date):
        return value, None
    guess = _guessed(str(written), _parameter(written, "VALUE") == "DATE", zone)
    return _within_time(guess) if guess else None, "a date is not written as the standard asks"


def _within_time(moment: Moment) -> Moment:
    if not isinstance(moment, datetime):
        return max(moment, _EARLIEST)
    nearest = min(max(moment.date(), _EARLIEST), _LATEST)
    return moment.replace(year=nearest.year, month=nearest.month, day=nearest.day)


def _guessed(text: str, as_date: bool, zone: ZoneInfo) -> Moment | None:
    found = _ALMOST_A_DATE.match(text.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second, utc = found.groups()
    try:
        on = date(int(year), int(month), int(day))
        if as_date or hour is None:
            return on
        wall = time(int(hour), int(minute), int(second or 0))
    except ValueError:
        return None
    return datetime.combine(on, wall, tzinfo=UTC if utc else zone)


def _after_duration(start: Moment, written: Any) -> Moment | None:
    """Days are days of the calendar, hours are hours that pass (RFC 5545, 3.3.6)."""
    if isinstance(written, list):
        written = written[0]
    if written is None:
        return start + ONE_DAY if is_day(start) else start
    length = getattr(written, "dt", None) if not isinstance(written, str) else None
    if not isinstance(length, timedelta):
        return None
    try:
        if not isinstance(start, datetime):
            return _within_time(start + timedelta(days=-(-length // ONE_DAY)))
        days = _within_time(start + timedelta(days=length.days))
    except OverflowError:
        return _within_time(start.replace(year=MAXYEAR if length > timedelta() else MINYEAR, month=1))
    assert isinstance(days, datetime)
    return (days.astimezone(UTC) + timedelta(seconds=length.seconds)).astimezone(start.tzinfo)


def _in_order(start: Moment, end: Moment, zone: ZoneInfo) -> Extent:
    problem = None
    if is_day(start) != is_day(end):
        problem = "it begins with a date and ends with a time, or the reverse"
        if is_day(start):
            at = as_utc(end, zone).astimezone(zone)
            end = at.date() if at.time() == time() else at.date() + ONE_DAY
        else:
            end = datetime.combine(end, time(), tzinfo=zone)
    if isinstance(start, datetime) and isinstance(end, datetime):
        if end.astimezone(UTC) < start.astimezone(UTC):
            return Extent(end, start, "it ends before it begins")
        return Extent(start, end.astimezone(start.tzinfo), problem)
    if end < start:
        problem = "it ends before it begins"
    return Extent(start, max(end, start + ONE_DAY), problem)


def _from_end(end: Moment | None, zone: ZoneInfo) -> Extent | None:
    if end is None:
        return None
    problem = "its beginning cannot be read"
    if not isinstance(end, datetime):
        return Extent(end - ONE_DAY, end, problem)
    eve = (end.astimezone(zone) - timedelta(seconds=1)).date()
    return Extent(datetime.combine(eve, time(), tzinfo=zone), end, problem)


def _up_to_next_day(start: Moment) -> Moment:
    if not isinstance(start, datetime):
        return start + ONE_DAY
    return datetime.combine(start.date() + ONE_DAY, time(), tzinfo=start.tzinfo)


def _readable(written: Any) -> list[vDDDTypes]:
    lists = written if isinstance(written, list) else [written]
    return [entry for one in lists if isinstance(one, vDDDLists) for entry in one.dts]


def _in_zone(value: Any, zone: ZoneInfo) -> Any:
    if isinstance(value, tuple):
        return tuple(_in_zone(part, zone) for part in value)
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=zone)
    return value


def _parameter(written: Any, name: str) -> str | None:
    value = getattr(written, "params", {}).get(name)
    return None if value is None else str(value)

"""Google's dates and times <-> ours. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from connectors.contract import AllDay, Timed, When

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Read:
    """When an event is, as far as it can be told, and in words what could not be."""

    when: When | None
    zone: str = ""
    problem: str | None = None


def read(start: object, end: object, calendar_zone: str) -> Read:
    """
    From an event's `start` and `end`. An end that cannot be used is taken as late as it must be, lest the
    event seem shorter than it is: an all-day event has a night, a timed one the rest of its day.
    """
    begins = moment(start, calendar_zone)
    ends = moment(end, calendar_zone)
    if isinstance(begins, date) and not isinstance(begins, datetime):
        return _all_day(begins, ends)
    zone = zone_of(start, calendar_zone)
    if begins is None:
        return Read(None, zone, "its beginning cannot be read")
    if isinstance(ends, datetime) and begins <= ends:
        return Read(Timed(begins, ends), zone)
    problem = "its end cannot be read" if not isinstance(ends, datetime) else "its end precedes its beginning"
    return Read(Timed(begins, _rest_of_day(begins, zone)), zone, f"{problem}: the rest of its day is taken")


def _all_day(first: date, after: date | datetime | None) -> Read:
    try:
        night = AllDay(first, first + _DAY)
    except OverflowError:
        return Read(None, "", "its beginning cannot be read")
    if after is None or isinstance(after, datetime):
        return Read(night, "", "its end cannot be read: one day is taken")
    if after <= first:
        return Read(night, "", "its end does not follow its beginning: one day is taken")
    return Read(AllDay(first, after))


def moment(said: object, calendar_zone: str) -> date | datetime | None:
    """A date, an aware UTC instant, or None. A time without an offset is in the zone that is told with it."""
    if not isinstance(said, Mapping):
        return None
    try:
        if isinstance(day := said.get("date"), str):
            return date.fromisoformat(day)
        if isinstance(at := said.get("dateTime"), str):
            return _aware(datetime.fromisoformat(at), zone_of(said, calendar_zone))
    except (ValueError, OverflowError):
        return None
    return None


def _aware(at: datetime, zone: str) -> datetime:
    if at.tzinfo is None:
        if not zone:
            raise ValueError("a time without a zone")
        at = at.replace(tzinfo=ZoneInfo(zone))
    return at.astimezone(UTC)


def zone_of(said: object, calendar_zone: str) -> str:
    """The IANA zone in which a time is told; that of the calendar where it names none that is known."""
    named = said.get("timeZone") if isinstance(said, Mapping) else None
    for zone in (named, calendar_zone):
        if isinstance(zone, str) and _is_known(zone):
            return zone
    return ""


@lru_cache(maxsize=1024)
def _is_known(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _rest_of_day(begins: datetime, zone: str) -> datetime:
    there = ZoneInfo(zone or "UTC")
    try:
        midnight = datetime.combine(begins.astimezone(there).date() + _DAY, time(), there)
        return max(midnight.astimezone(UTC), begins)
    except OverflowError:
        return begins


def original(said: object, calendar_zone: str) -> AllDay | datetime | None:
    """When an occurrence would have been."""
    at = moment(said, calendar_zone)
    if at is None or isinstance(at, datetime):
        return at
    return AllDay(at, at + _DAY) if at < date.max else None


def written(when: When) -> tuple[dict[str, Any], dict[str, Any]]:
    """`start` and `end` as Google takes them."""
    if isinstance(when, AllDay):
        return {"date": when.first.isoformat()}, {"date": when.after.isoformat()}
    return {"dateTime": instant(when.starts_at)}, {"dateTime": instant(when.ends_at)}


def instant(at: datetime) -> str:
    """RFC 3339, in UTC."""
    return at.astimezone(UTC).isoformat(timespec="auto").replace("+00:00", "Z")

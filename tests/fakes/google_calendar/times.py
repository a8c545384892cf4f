"""When an event is: what Google demands of start and end, and how it writes them back."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from tests.fakes.google_calendar import errors
from tests.fakes.google_calendar.world import Resource

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})?", re.IGNORECASE)


@lru_cache(4096)
def moment(text: str) -> datetime:
    """An RFC 3339 date-time; without an offset it is naive. ValueError for anything else."""
    if not _MOMENT.fullmatch(text):
        raise ValueError(f"{text} is no RFC 3339 date-time")
    return datetime.fromisoformat(text.upper()).replace(microsecond=0)


@lru_cache(64)
def zone_of(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise errors.invalid(f"Invalid time zone definition for time zone {name}.") from None


def normalised(given: Resource | None, side: str, zone_name: str, recurring: bool) -> Resource:
    """A start or an end as it is stored; a timed one in the calendar's zone."""
    given = {name: value for name, value in (given or {}).items() if value is not None}
    if "date" in given and "dateTime" in given:
        raise errors.invalid(f"Invalid {side} time: date and dateTime exclude each other.", at=side)
    if "date" in given:
        try:
            if not _DATE.fullmatch(given["date"]):
                raise ValueError
            date.fromisoformat(given["date"])
        except ValueError:
            raise errors.invalid(f"Invalid value for: {side}.date", at=side) from None
        return {"date": given["date"]}
    if "dateTime" not in given:
        raise errors.required(f"Missing {side} time.")
    if recurring and "timeZone" not in given:
        raise errors.required(f"Missing time zone definition for {side} time.")
    try:
        when = moment(given["dateTime"])
    except ValueError:
        raise errors.invalid(f"Invalid value for: {side}.dateTime", at=side) from None
    if when.tzinfo is None:
        if "timeZone" not in given:
            raise errors.required(f"Missing time zone definition for {side} time.")
        when = when.replace(tzinfo=zone_of(given["timeZone"]))
    name = given.get("timeZone", zone_name)
    zone_of(name)
    return {"dateTime": local(when, zone_name), "timeZone": name}


def in_order(start: Resource, end: Resource) -> None:
    if ("date" in start) != ("date" in end):
        raise errors.invalid("Start and end times must either both be date or both be dateTime.")
    if "date" in start:
        empty = end["date"] <= start["date"]
    else:
        empty = moment(end["dateTime"]) < moment(start["dateTime"])
    if empty:
        raise errors.Refusal(400, "timeRangeEmpty", "The specified time range is empty.", domain="calendar")


def local(when: datetime, zone_name: str) -> str:
    """With the zone's offset of that moment, and Z for UTC."""
    told = when.astimezone(zone_of(zone_name)).isoformat(timespec="seconds")
    return told.removesuffix("+00:00") + "Z" if told.endswith("+00:00") else told


def seen_from(side: Resource, zone_name: str) -> Resource:
    """The same time as another calendar, or a `timeZone` parameter, has it written."""
    if "date" in side:
        return side
    return side | {"dateTime": local(moment(side["dateTime"]), zone_name)}


def span(event: Resource, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Instants, half-open; a day begins at the calendar's midnight."""
    return instant_of(event["start"], zone), instant_of(event["end"], zone)


def instant_of(side: Resource, zone: ZoneInfo) -> datetime:
    if "date" in side:
        return datetime.combine(date.fromisoformat(side["date"]), datetime.min.time(), zone).astimezone(UTC)
    return moment(side["dateTime"]).astimezone(UTC)


def shifted(side: Resource, by: timedelta, zone_name: str) -> Resource:
    """Later by so much: whole days of an all-day side; of a timed one as the wall clock of its zone shows."""
    if "date" in side:
        return {"date": (date.fromisoformat(side["date"]) + by).isoformat()}
    wall = moment(side["dateTime"]).astimezone(zone_of(side["timeZone"])) + by
    return side | {"dateTime": local(wall, zone_name)}

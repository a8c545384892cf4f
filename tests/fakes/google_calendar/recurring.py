"""Series: when they recur, and how their occurrences are named (RFC 5545, 3.8.5)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import rruleset, rrulestr

from tests.fakes.google_calendar import errors, times
from tests.fakes.google_calendar.world import Calendar, Resource

_LINE = re.compile(r"(RRULE|EXRULE|RDATE|EXDATE)(;[^:]*)?:(.+)")
_UNTIL = re.compile(r"UNTIL=(\d{8})(T\d{6}Z?)?")
_INSTANCE = re.compile(r"(.+)_(\d{8})(T\d{6}Z)?")


def checked(lines: list[str], start: Resource) -> list[str]:
    """What a server would refuse is refused here."""
    if not any(line.startswith(("RRULE", "RDATE")) for line in lines):
        raise errors.invalid("Invalid recurrence rule.")
    try:
        _rules(lines, start)
    except (ValueError, KeyError, TypeError):
        raise errors.invalid("Invalid recurrence rule.") from None
    return lines


def instance_id(master_id: str, original: Resource) -> str:
    if "date" in original:
        return f"{master_id}_{original['date'].replace('-', '')}"
    return f"{master_id}_{times.moment(original['dateTime']).astimezone(UTC):%Y%m%dT%H%M%SZ}"


def instance(calendar: Calendar, event_id: str) -> Resource | None:
    """An occurrence of a living series that nobody has touched, as Google answers for its id."""
    named = _INSTANCE.fullmatch(event_id)
    known = calendar.events.get(named[1]) if named else None
    if named is None or known is None or known.cancelled or "recurrence" not in known.event:
        return None
    for wall in _walls(known.event):
        made = occurrence(known.event, wall, calendar.time_zone)
        if made["id"] == event_id:
            return made
        if f"{wall:%Y%m%d}" > f"{date.fromisoformat(named[2]) + timedelta(days=2):%Y%m%d}":
            return None
    return None


def occurrence(master: Resource, wall: datetime, zone_name: str) -> Resource:
    """The one of a series that begins when the wall of its zone says `wall`."""
    start, end = master["start"], master["end"]
    by = wall - _wall(start)
    original = times.shifted(start, by, zone_name)
    length = times.instant_of(end, ZoneInfo("UTC")) - times.instant_of(start, ZoneInfo("UTC"))
    if "date" in start:
        ends = times.shifted(end, by, zone_name)
    else:
        ends = end | {"dateTime": times.local(times.moment(original["dateTime"]) + length, zone_name)}
    made = {name: value for name, value in master.items() if name != "recurrence"}
    return made | {
        "id": instance_id(master["id"], original),
        "recurringEventId": master["id"],
        "originalStartTime": original,
        "start": original,
        "end": ends,
    }


def nth(master: Resource, number: int, zone_name: str) -> Resource:
    """The occurrence of that number, from 0; IndexError where the series is over."""
    for at, wall in enumerate(_walls(master)):
        if at == number:
            return occurrence(master, wall, zone_name)
    raise IndexError(f"{master['id']} has no occurrence {number}")


def occurrences(master: Resource, zone_name: str, before: datetime) -> Iterator[Resource]:
    """Those of the series that begin before an instant."""
    for wall in _walls(master):
        made = occurrence(master, wall, zone_name)
        if times.instant_of(made["start"], ZoneInfo(zone_name)) >= before:
            return
        yield made


def ends_before(master: Resource, original: Resource) -> list[str]:
    """The series' lines so that it stops before that occurrence."""
    if "date" in original:
        until = f"{date.fromisoformat(original['date']) - timedelta(days=1):%Y%m%d}"
    else:
        until = f"{times.moment(original['dateTime']).astimezone(UTC) - timedelta(seconds=1):%Y%m%dT%H%M%SZ}"
    kept = []
    for line in master["recurrence"]:
        if line.startswith("RRULE"):
            name, _, rule = line.partition(":")
            parts = [part for part in rule.split(";") if not part.startswith(("COUNT=", "UNTIL="))]
            line = f"{name}:{';'.join([*parts, f'UNTIL={until}'])}"
        kept.append(line)
    return kept


def _walls(master: Resource) -> Iterator[datetime]:
    return iter(_rules(master["recurrence"], master["start"]))


def _wall(side: Resource) -> datetime:
    """Naive: as the wall of the event's own zone shows it."""
    if "date" in side:
        return datetime.combine(date.fromisoformat(side["date"]), datetime.min.time())
    return times.moment(side["dateTime"]).astimezone(times.zone_of(side["timeZone"])).replace(tzinfo=None)


def _rules(lines: list[str], start: Resource) -> rruleset:
    zone = None if "date" in start else times.zone_of(start["timeZone"])
    begins, rules = _wall(start), rruleset()
    if not any(line.startswith("RRULE") for line in lines):
        rules.rdate(begins)
    for line in lines:
        if (read := _LINE.fullmatch(line)) is None:
            raise ValueError(f"{line} is no line of a recurrence")
        name, options, value = read.groups()
        if name.endswith("RULE"):
            rule = rrulestr(_UNTIL.sub(lambda until: _until(until, zone), value), dtstart=begins)
            rules.rrule(rule) if name == "RRULE" else rules.exrule(rule)
            continue
        for text in value.split(","):
            when = _listed(text, options or "", zone, begins)
            rules.rdate(when) if name == "RDATE" else rules.exdate(when)
    return rules


def _until(read: re.Match[str], zone: ZoneInfo | None) -> str:
    day, time = read[1], read[2]
    if zone is None or time is None or not time.endswith("Z"):
        return f"UNTIL={day}{(time or 'T235959').removesuffix('Z')}"
    until = datetime.strptime(day + time, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).astimezone(zone)
    return f"UNTIL={until:%Y%m%dT%H%M%S}"


def _listed(text: str, options: str, zone: ZoneInfo | None, begins: datetime) -> datetime:
    if len(text) == 8:
        day = date.fromisoformat(text)
        return datetime.combine(day, datetime.min.time() if zone is None else begins.time())
    when = datetime.fromisoformat(text.removesuffix("Z"))
    if zone is None:
        return datetime.combine(when, datetime.min.time())
    named = re.search(r"TZID=([^;:]+)", options)
    source = UTC if text.endswith("Z") else (times.zone_of(named[1]) if named else zone)
    return when.replace(tzinfo=source).astimezone(zone).replace(tzinfo=None)

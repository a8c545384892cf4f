"""
Events written as nearly all are, read without a parser: dates, UTC, well-known or floating times, ordinary
text, no recurrence. Pure.

Whatever is not exactly that is left to icalendar (judged.py), which is the judge of all of it: where both
read an event, they read the same.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from connectors.contract import AllDay, RemoteEvent, Timed, When
from connectors.ical import limits
from connectors.ical.content import KEPT
from connectors.ical.lines import name_of, unescaped
from connectors.ical.mark import mark_of
from connectors.ical.standing import standing

ONE_DAY = timedelta(days=1)

# How a property may be written here: its name, and beside it nothing but this.
_MOMENT = re.compile(r"(?:DTSTART|DTEND)(?:;(?:VALUE=DATE|TZID=([A-Za-z0-9_+/-]+)))?")
_OTHER = re.compile(r"[A-Z-]+(?:;LANGUAGE=[A-Za-z-]+)?")
_DAYS = re.compile(r"P([1-9][0-9]{0,3})D")

_NOTHING = "-"
"""The name of what does not matter"""
_RECURS = frozenset({"RRULE", "RDATE", "RECURRENCE-ID"})
_SERIES = frozenset({*_RECURS, "EXDATE"})
"""Of these it only matters here that there are any"""
_LONGEST_HEAD = 100
# Far from where time ends, so that no zone and no length reaches beyond it.
_FIRST_YEAR, _LAST_YEAR = 1900, 9000


def plain(block: bytes, floating: ZoneInfo) -> RemoteEvent | str | None:
    """
    The event that these lines are; its UID alone if it takes part in a series; None if the judge must look.

    `floating` is the zone of times that name none.
    """
    try:
        text = block.decode()
    except UnicodeDecodeError:
        return None
    said: dict[str, tuple[str, str]] = {}
    for line in text.split("\n"):
        head, _, value = line.partition(":")
        name = _name(head) if len(head) <= _LONGEST_HEAD else _name.__wrapped__(head)
        if name == _NOTHING:
            continue
        if not name or (name in said and name not in _SERIES):
            return None
        said[name] = head, value

    uid = _text(said, "UID", limits.LONGEST_UID).strip()
    if not uid or len(said["UID"][1]) > limits.LONGEST_UID:
        return None
    if not _RECURS.isdisjoint(said):
        return uid
    when = _when(said, floating)
    sequence = said["SEQUENCE"][1] if "SEQUENCE" in said else "0"
    if when is None or "EXDATE" in said or not _is_number(sequence) or len(sequence) > 9:
        return None
    busy, note = standing(when, _text(said, "STATUS", 40), _text(said, "TRANSP", 40))
    return RemoteEvent(
        uid=uid,
        recurrence_id=None,
        when=when,
        busy=busy,
        summary=_once(_text(said, "SUMMARY", limits.LONGEST_SUMMARY)),
        description=_text(said, "DESCRIPTION", limits.LONGEST_DESCRIPTION),
        sequence=int(sequence),
        note=note,
        mark=mark_of(said["X-CHANNEL-HUB-ORIGIN"][1], said.get("X-CHANNEL-HUB-VIA", ("", ""))[1])
        if "X-CHANNEL-HUB-ORIGIN" in said
        else None,
    )


@lru_cache(1024)
def _name(head: str) -> str:
    """The property of a line's head; nothing if it is written in a way that the judge must read."""
    named = name_of(head.encode())
    if named not in KEPT:
        return _NOTHING
    name = named.decode()
    form = _MOMENT if name in ("DTSTART", "DTEND") else _OTHER
    return name if name in _SERIES or (head.startswith(name) and form.fullmatch(head)) else ""


def _when(said: dict[str, tuple[str, str]], floating: ZoneInfo) -> When | None:
    start = _moment(*said["DTSTART"], floating) if "DTSTART" in said else None
    if start is None:
        return None
    end = start
    if "DTEND" in said:
        read = _moment(*said["DTEND"], floating)
        if read is None:
            return None
        end = read
    elif "DURATION" in said:
        days = _DAYS.fullmatch(said["DURATION"][1])
        if days is None or isinstance(start, datetime):
            return None
        end = start + int(days[1]) * ONE_DAY
    if isinstance(start, datetime) != isinstance(end, datetime) or end < start:
        return None
    if isinstance(start, datetime) and isinstance(end, datetime):
        return Timed(start, end)
    return AllDay(start, max(end, start + ONE_DAY))


def _moment(head: str, value: str, floating: ZoneInfo) -> date | datetime | None:
    return _read_moment(head, value, floating) if len(value) in (8, 15, 16) else None


@lru_cache(8192)
def _read_moment(head: str, value: str, floating: ZoneInfo) -> date | datetime | None:
    """A date, or an instant in UTC."""
    written = _MOMENT.fullmatch(head)
    day, clock = value[:8], value[9:15]
    if written is None or not _is_number(day) or not _FIRST_YEAR <= int(value[:4]) <= _LAST_YEAR:
        return None
    try:
        on = date(int(value[:4]), int(value[4:6]), int(value[6:8]))
        if len(value) == 8:
            return on
        if value[8] != "T" or not _is_number(clock) or value[15:] not in ("", "Z") or "VALUE" in head:
            return None
        zone = _zone_of(written[1], value[15:] == "Z", floating)
        if zone is None:
            return None
        wall = datetime(
            on.year, on.month, on.day, int(value[9:11]), int(value[11:13]), int(value[13:15]), tzinfo=zone
        )
    except ValueError:
        return None
    return wall.astimezone(UTC)


def _zone_of(named: str | None, in_utc: bool, floating: ZoneInfo) -> tzinfo | None:
    if named is None:
        return UTC if in_utc else floating
    return ZoneInfo(named) if named in known_zones() and not in_utc else None


@cache
def known_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _text(said: dict[str, tuple[str, str]], name: str, longest: int) -> str:
    return unescaped(said[name][1][: 2 * longest])[:longest] if name in said else ""


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


@lru_cache(512)
def _once(text: str) -> str:
    """The same text in the same place: most events of a feed are called the same."""
    return text

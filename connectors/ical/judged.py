"""
Events as icalendar reads them, the judge of whatever is not written plainly. Pure.

One event that cannot be read never loses the others; an event of which nothing but the dates can be read is
busy.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Event
from icalendar.prop import vText

from connectors.contract import AllDay, RemoteEvent, Timed, When
from connectors.ical import limits
from connectors.ical.content import KEPT
from connectors.ical.lines import decoded, name_of, value_of
from connectors.ical.mark import mark_of
from connectors.ical.moments import Moment, as_utc, extent, is_day, moment_of, settle
from connectors.ical.plain import known_zones
from connectors.ical.standing import standing

MADE_UID = "no-uid-"
"""How one begins that was made from the dates and the summary"""
_PROBLEM = "X-CHANNEL-HUB-PROBLEM"
_ORIGIN, _VIA = "X-CHANNEL-HUB-ORIGIN", "X-CHANNEL-HUB-VIA"
_SERIES = frozenset({b"RRULE", b"RDATE", b"EXDATE", b"RECURRENCE-ID"})
_MOMENTS = frozenset({b"DTSTART", b"DTEND", b"RECURRENCE-ID"})
_SEVERAL = frozenset({b"RRULE", b"RDATE", b"EXDATE"})
"""Of these an event may have more than one; of all others the first counts"""
_TEXTS = frozenset({b"UID", b"SUMMARY", b"DESCRIPTION"})
_PARTS_OF_A_ZONE = 3
_TOO_MUCH = "it recurs by more rules or dates than can be followed"
_TOO_MANY_LEFT_OUT = "it leaves out more dates than can be followed: none is left out"

_BARE_DATE = re.compile(r"[0-9]{8}")
_DECLARED_DATE = re.compile(r"[^:]*;VALUE=DATE[;:]", re.IGNORECASE)
_ABSOLUTE_TZID = re.compile(r'(;TZID=)"?(/[^:;"]+)"?', re.IGNORECASE)


def component(block: bytes, zone: ZoneInfo, *, unfinished: bool = False) -> Event | None:
    """
    The event with its dates settled, or None if it has none that can be read; `zone` is that of times that
    name none. The time zones that its feed defines must be known to icalendar (zones.py).
    """
    try:
        return _component(block, zone, unfinished)
    except MemoryError:
        raise
    except Exception:  # whatever trips the library up: one event never loses the others
        return None


def single(block: bytes, zone: ZoneInfo, *, unfinished: bool = False) -> RemoteEvent | str | None:
    """The event; its UID alone if it takes part in a series; None if no date of it can be read."""
    read = component(block, zone, unfinished=unfinished)
    if read is None:
        return None
    if in_series(read):
        return uid_of(read)
    return remote_event(uid_of(read), read, named=False)


def without_series(block: bytes) -> bytes:
    """The event's lines but those that make it part of a series."""
    return b"\n".join(line for line in block.split(b"\n") if name_of(line) not in _SERIES)


def recurs(read: Event) -> bool:
    return "RRULE" in read or "RDATE" in read


def in_series(read: Event) -> bool:
    return recurs(read) or "RECURRENCE-ID" in read


def remote_event(uid: str, read: Event, *, named: bool) -> RemoteEvent:
    """In our words; `named` by the moment at which it was meant to begin, if it shares its UID."""
    when = _when(moment_of(read, "DTSTART"), moment_of(read, "DTEND"))
    original = moment_of(read, "RECURRENCE-ID" if "RECURRENCE-ID" in read else "DTSTART")
    busy, note = standing(when, _words(read, "STATUS", 40), _words(read, "TRANSP", 40))
    return RemoteEvent(
        uid=uid,
        recurrence_id=stamp(original) if named else None,
        when=when,
        busy=busy,
        summary=_words(read, "SUMMARY", limits.LONGEST_SUMMARY),
        description=_words(read, "DESCRIPTION", limits.LONGEST_DESCRIPTION),
        sequence=sequence_of(read),
        note=note,
        problem=_words(read, _PROBLEM, limits.LONGEST_SUMMARY) or None,
        mark=mark_of(*(_words(read, name, limits.LONGEST_TEXT_LINE) for name in (_ORIGIN, _VIA))),
    )


def uid_of(read: Event) -> str:
    """The UID; made from the content where it is missing, shortened where no index could hold it."""
    uid = _words(read, "UID", limits.LONGEST_TEXT_LINE).strip()
    if not uid:
        parts = (
            moment_of(read, "DTSTART"),
            moment_of(read, "DTEND"),
            _words(read, "SUMMARY", 40).strip().upper(),
        )
        return MADE_UID + _digest("|".join(map(str, parts)))
    return uid if len(uid) <= limits.LONGEST_UID else uid[: limits.LONGEST_UID] + "~" + _digest(uid)


def sequence_of(read: Event) -> int:
    value: Any = read.get("SEQUENCE", 0)
    return min(value, 2**31 - 1) if isinstance(value, int) and value >= 0 else 0


def stamp(moment: Moment) -> str:
    """A date as 20260701, an instant as 20260701T100000Z."""
    if is_day(moment):
        return moment.isoformat().replace("-", "")
    return as_utc(moment, ZoneInfo("UTC")).isoformat()[:19].replace("-", "").replace(":", "") + "Z"


def _component(block: bytes, zone: ZoneInfo, unfinished: bool) -> Event | None:
    lines, excess = _kept(block)
    read = Event.from_ical("\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT", ""]))
    assert isinstance(read, Event)
    found = extent(read, zone)
    if found is None:
        return None
    broken = next((name for name, _ in read.errors if name not in ("DTSTART", "DTEND", "DURATION")), None)
    settle(read, found, zone)
    problem = found.problem or excess or (f"its {broken} cannot be read" if broken else None)
    if problem or unfinished:
        read[_PROBLEM] = vText(problem or "it breaks off before END:VEVENT")
    return read


def _kept(block: bytes) -> tuple[list[str], str | None]:
    """The lines that matter, within their limits; and what is wrong where they are beyond them."""
    kept: dict[bytes, list[bytes]] = {}
    for line in block.split(b"\n"):
        name = name_of(line)
        if name in KEPT and (name in _SEVERAL or name not in kept):
            kept.setdefault(name, []).append(line)

    excess = None
    rules = kept.get(b"RRULE", [])
    if len(rules) > limits.MOST_RULES or any(len(rule) > limits.LONGEST_RULE for rule in rules):
        excess = _TOO_MUCH
    if _dates(kept.get(b"RDATE", [])) > limits.MOST_DATES:
        excess = _TOO_MUCH
    if excess:
        kept = {name: lines for name, lines in kept.items() if name not in _SEVERAL}
    elif _dates(kept.get(b"EXDATE", [])) > limits.MOST_DATES:
        excess = _TOO_MANY_LEFT_OUT
        del kept[b"EXDATE"]
    return [_tidied(name, line) for name, lines in kept.items() for line in lines], excess


def _dates(lines: list[bytes]) -> int:
    return sum(1 + line.count(b",") for line in lines)


def _tidied(name: bytes, line: bytes) -> str:
    """Without what makes a parser guess: a date has no time and no zone, a zone's name no vendor."""
    if name in _TEXTS:
        return decoded(line)[: limits.LONGEST_TEXT_LINE]
    if name in _SEVERAL:
        return _ABSOLUTE_TZID.sub(_without_vendor, decoded(line)[: limits.LONGEST_LINE])
    if len(line) > limits.LONGEST_DATE_LINE:
        line = name + b":" + value_of(line)[: limits.LONGEST_DATE_LINE // 2]
    written = decoded(line)
    if name in _MOMENTS and "RANGE=" not in written.upper():
        value = decoded(value_of(line)).strip()
        day = _BARE_DATE.match(value)
        if day and (day[0] == value or _DECLARED_DATE.match(written)):
            return f"{name.decode()};VALUE=DATE:{day[0]}"
    return _ABSOLUTE_TZID.sub(_without_vendor, written)


def _without_vendor(found: re.Match[str]) -> str:
    """`/freeassociation.sourceforge.net/Europe/Berlin` names Europe/Berlin (RFC 5545, 3.2.19)."""
    parts = found[2].strip("/").split("/")
    for first in range(max(len(parts) - _PARTS_OF_A_ZONE, 0), len(parts)):
        if (name := "/".join(parts[first:])) in known_zones():
            return found[1] + name
    return found[1] + '"' + found[2].strip("/") + '"'


def _when(start: Moment, end: Moment) -> When:
    if isinstance(start, datetime) and isinstance(end, datetime):
        return Timed(start.astimezone(UTC), end.astimezone(UTC))
    return AllDay(start, end)


def _words(read: Event, name: str, longest: int) -> str:
    value: Any = read.get(name, "")
    return str(value[0] if isinstance(value, list) else value)[:longest]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]

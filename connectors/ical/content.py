"""
From the bytes of a feed to its components, forgiving wherever nothing is lost. Pure.

The parser that knows values and recurrence is given one clean component at a time, so that a broken one
spoils nothing else. Only the properties that matter here are kept.
"""

from __future__ import annotations

import codecs
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from zoneinfo import available_timezones

_WHAT = {"UID", "SEQUENCE", "STATUS", "TRANSP", "SUMMARY", "DESCRIPTION"}
_WHEN = {"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"}
KEPT = frozenset(_WHAT | _WHEN)

_NAME = re.compile(r"[A-Za-z0-9-]+")
_FOLD = re.compile(rb"\n[ \t]")
# What no text may hold (RFC 5545, 3.1), NUL among them, which no database takes either.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_DATES = frozenset({"DTSTART", "DTEND", "RECURRENCE-ID"})
_BARE_DATE = re.compile(r"\d{8}")
_DECLARED_DATE = re.compile(r"[^:]*;VALUE=DATE[;:]", re.IGNORECASE)
_ABSOLUTE_TZID = re.compile(r'(;TZID=)"?(/[^:;"]+)"?', re.IGNORECASE)


class NotACalendar(ValueError):
    """The bytes say nothing about what is busy; `code` tells in which way."""

    def __init__(self, message: str, code: str = "not_a_calendar") -> None:
        super().__init__(message)
        self.code = code


@dataclass(slots=True)
class Block:
    """One VEVENT or VTIMEZONE: its own property lines, unfolded, without what is nested in it."""

    lines: list[str] = field(default_factory=list)
    unfinished: bool = False


@dataclass(slots=True)
class Content:
    title: str = ""
    method: str = ""
    time_zone: str = ""
    """X-WR-TIMEZONE: what the calendar itself means by a time that names no zone."""
    events: list[Block] = field(default_factory=list)
    time_zones: list[Block] = field(default_factory=list)
    has_free_busy: bool = False


def read_content(body: bytes) -> Content:
    """Split a feed into components; raises NotACalendar unless it is a complete one.

    Several calendars in one body are read as one. Complete means: it begins with BEGIN:VCALENDAR, and every
    calendar begun is ended.
    """
    content = Content()
    reader = _Reader(content)
    begun = False
    for line in _lines(body):
        if not begun and line.strip().upper() != "BEGIN:VCALENDAR":
            raise NotACalendar(_why_not(line))
        begun = True
        reader.take(line)
    if not begun:
        raise NotACalendar("it is empty")
    if reader.inside_calendar:
        raise NotACalendar("it breaks off before END:VCALENDAR")
    if content.method.upper() == "CANCEL":
        raise NotACalendar("it is a cancellation (METHOD:CANCEL), not a calendar", "cancellation")
    return content


def property_name(line: str) -> str:
    match = _NAME.match(line)
    return match[0].upper() if match else ""


def value_at(line: str) -> int:
    """Where the value begins: behind the first colon that is in no quoted parameter."""
    quoted = False
    for position, sign in enumerate(line):
        if sign == '"':
            quoted = not quoted
        elif sign == ":" and not quoted:
            return position + 1
    return len(line)


def unescaped(value: str) -> str:
    """A TEXT value as it was meant (RFC 5545, 3.3.11)."""
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], value).strip()


class _Reader:
    """Keeps the stack of components while lines pass by."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._stack: list[str] = []
        self._block: Block | None = None

    @property
    def inside_calendar(self) -> bool:
        return "VCALENDAR" in self._stack

    def take(self, line: str) -> None:
        name = property_name(line)
        if name == "BEGIN":
            self._begin(line[value_at(line) :].strip().upper())
        elif name == "END":
            self._end(line[value_at(line) :].strip().upper())
        elif self._stack:
            self._property(name, line)

    def _begin(self, component: str) -> None:
        if component in ("VEVENT", "VTIMEZONE", "VCALENDAR") and "VEVENT" in self._stack:
            self._close("VEVENT", unfinished=True)
        self._stack.append(component)
        if component == "VEVENT":
            self._block = Block()
            self._content.events.append(self._block)
        elif component == "VTIMEZONE":
            self._block = Block()
            self._content.time_zones.append(self._block)
        elif component == "VFREEBUSY":
            self._content.has_free_busy = True
        elif self._in_time_zone and self._block is not None:
            self._block.lines.append(f"BEGIN:{component}")

    def _end(self, component: str) -> None:
        if component not in self._stack:
            return
        if self._in_time_zone and component != "VTIMEZONE" and self._block is not None:
            self._block.lines.append(f"END:{component}")
        self._close(component, unfinished=component == "VCALENDAR" and "VEVENT" in self._stack)

    def _close(self, component: str, unfinished: bool) -> None:
        while self._stack.pop() != component:
            continue
        if self._block is not None and component in ("VEVENT", "VTIMEZONE", "VCALENDAR"):
            self._block.unfinished = unfinished
            self._block = None

    def _property(self, name: str, line: str) -> None:
        if self._block is not None and self._in_time_zone:
            self._block.lines.append(line)
        elif self._block is not None and self._stack[-1] == "VEVENT":
            if name in KEPT:
                self._block.lines.append(_tidied(name, line))
        elif self._stack[-1] == "VCALENDAR":
            if name == "X-WR-CALNAME" or (name == "NAME" and not self._content.title):
                self._content.title = unescaped(line[value_at(line) :])[:200]
            elif name == "X-WR-TIMEZONE":
                self._content.time_zone = line[value_at(line) :].strip()
            elif name == "METHOD":
                self._content.method = line[value_at(line) :].strip()

    @property
    def _in_time_zone(self) -> bool:
        return "VTIMEZONE" in self._stack


def _lines(body: bytes) -> Iterator[str]:
    """Logical lines. Unfolded as bytes, because a fold may fall within one character."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        body = body.decode("utf-16", "replace").encode()
    body = body.removeprefix(codecs.BOM_UTF8)
    body = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    for raw in _FOLD.sub(b"", body).split(b"\n"):
        if raw.strip():
            yield _CONTROL.sub("", _decoded(raw))


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _why_not(line: str) -> str:
    start = line.lstrip().lower()
    return "it is a web page" if start.startswith("<") else "it does not begin with BEGIN:VCALENDAR"


def _tidied(name: str, line: str) -> str:
    """Without what makes a parser guess: a date has no time and no zone, a zone's name no vendor."""
    value = line[value_at(line) :].strip()
    if name in _DATES and "RANGE=" not in line.upper():
        day = _BARE_DATE.match(value)
        if day and (day[0] == value or _DECLARED_DATE.match(line)):
            return f"{name};VALUE=DATE:{day[0]}"
    return _ABSOLUTE_TZID.sub(_without_vendor, line)


@functools.cache
def _known_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _without_vendor(found: re.Match[str]) -> str:
    """`/freeassociation.sourceforge.net/Europe/Berlin` names Europe/Berlin (RFC 5545, 3.2.19)."""
    parts = found[2].strip("/").split("/")
    for first in range(len(parts)):
        if (name := "/".join(parts[first:])) in _known_zones():
            return found[1] + name
    return found[1] + '"' + found[2].strip("/") + '"'

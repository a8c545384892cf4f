"""
From the bytes of a feed to its components, forgiving wherever nothing is lost. Pure.

This reader, line by line, is the judge of what a feed holds; split.py does the same at once for a feed that
is written as the standard asks.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from connectors.ical import freebusy, limits
from connectors.ical.lines import VOLATILE, decoded, lines, name_of, text_of, value_of

_WHAT = {b"UID", b"SEQUENCE", b"STATUS", b"TRANSP", b"SUMMARY", b"DESCRIPTION"}
_WHEN = {b"DTSTART", b"DTEND", b"DURATION", b"RRULE", b"RDATE", b"EXDATE", b"RECURRENCE-ID"}
_FROM_HUBS = {b"X-CHANNEL-HUB-ORIGIN", b"X-CHANNEL-HUB-VIA"}
KEPT = frozenset(_WHAT | _WHEN | _FROM_HUBS)
"""The properties of an event that matter here"""

_EVENT, _ZONE, _CALENDAR, _FREE_BUSY = b"VEVENT", b"VTIMEZONE", b"VCALENDAR", b"VFREEBUSY"
_HOLDERS = frozenset({_EVENT, _ZONE, _FREE_BUSY})
"""Components whose lines are kept"""


class NotACalendar(ValueError):
    """The bytes say nothing about what is busy; `code` tells in which way."""

    def __init__(self, message: str, code: str = "not_a_calendar") -> None:
        super().__init__(message)
        self.code = code


class TooComplex(NotACalendar):
    """A calendar perhaps, but one that costs more than a calendar may."""

    def __init__(self, message: str, code: str = "too_complex") -> None:
        super().__init__(message, code)


class TooSlow(TooComplex):
    """One that takes longer than it was given; with more time it may be read."""

    def __init__(self) -> None:
        super().__init__("it takes too long to read")


@dataclass(slots=True)
class Content:
    """What a feed holds; the lines of a component are in one piece each, with LF between them."""

    title: str = ""
    producer: str = ""
    """PRODID: the program that wrote the calendar"""
    time_zone: str = ""
    """X-WR-TIMEZONE: what the calendar itself means by a time that names no zone"""
    events: list[bytes] = field(default_factory=list)
    """The lines of each, without what is nested in it"""
    unfinished: set[int] = field(default_factory=set)
    """Which of them break off, by their position"""
    time_zones: list[bytes] = field(default_factory=list)
    """The lines of each VTIMEZONE, with what is nested in it"""
    bare: bool = False
    """One event and no calendar around it"""


def read_content(text: bytes) -> Content:
    """
    Split an unfolded feed into components; raises NotACalendar unless it is a complete one.

    Several calendars in one body are read as one. Complete means: it begins with BEGIN:VCALENDAR, and every
    calendar begun is ended. One event alone, from BEGIN:VEVENT to END:VEVENT, is complete as well.
    """
    outline = Outline()
    for number, line in enumerate(lines(text)):
        if number >= limits.MOST_LINES:
            raise TooComplex(f"it has more than {limits.MOST_LINES} lines")
        outline.take(line)
    return outline.finished()


class Outline:
    """Takes line after line and keeps the stack of the components that they are in."""

    def __init__(self) -> None:
        self.content = Content()
        self.begun = self.ended = 0
        """BEGIN and END lines so far"""
        self._stack: list[bytes] = []
        self._holder = b""  # the component whose lines are being kept
        self._kept: list[bytes] = []
        self._first = True
        self._beside = False  # whether there is more than one thing, and no calendar around them
        self._cancelled = False

    @property
    def between_events(self) -> bool:
        """Whether an event that begins now is the calendar's own."""
        return self._stack == [_CALENDAR]

    def take(self, line: bytes) -> None:
        if self._first:
            self._first = False
            start = line.strip().upper()
            if start not in (b"BEGIN:VCALENDAR", b"BEGIN:VEVENT"):
                raise NotACalendar(_why_not(line))
            self.content.bare = start == b"BEGIN:VEVENT"
        name = name_of(line)
        if name == b"BEGIN":
            self._begin(value_of(line).strip().upper())
        elif name == b"END":
            self._end(value_of(line).strip().upper())
        elif self._stack:
            self._property(name, line)
        else:
            self._beside = True

    def finished(self) -> Content:
        """Raises NotACalendar if it is none, or not all of it."""
        if self._first:
            raise NotACalendar("it is empty")
        if self.content.bare and (self._beside or self._stack or len(self.content.events) != 1):
            raise NotACalendar("it does not begin with BEGIN:VCALENDAR")
        if _CALENDAR in self._stack:
            raise NotACalendar("it breaks off before END:VCALENDAR")
        if self._cancelled:
            raise NotACalendar("it is a cancellation (METHOD:CANCEL), not a calendar", "cancellation")
        return self.content

    def _begin(self, component: bytes) -> None:
        self.begun += 1
        if self.begun > limits.MOST_COMPONENTS:
            raise TooComplex(f"it has more than {limits.MOST_COMPONENTS} components")
        if len(self._stack) >= limits.DEEPEST:
            raise TooComplex(f"it has more than {limits.DEEPEST} components within one another")
        if self._holder and component in (_EVENT, _ZONE, _CALENDAR):
            self._close(self._holder, whole=False)
        self._beside = self._beside or (not self._stack and self.begun > 1)
        self._stack.append(component)
        if component in _HOLDERS and not self._holder:
            self._holder, self._kept = component, []
            if component == _EVENT:
                self.content.events.append(b"")
        elif self._holder == _ZONE:
            self._kept.append(b"BEGIN:" + component)

    def _end(self, component: bytes) -> None:
        self.ended += 1
        if component.startswith(_CALENDAR):  # what somebody appended does not undo that it was the end
            component = _CALENDAR
        if component not in self._stack:
            return
        if self._holder == _ZONE and component not in (_ZONE, _CALENDAR):
            self._kept.append(b"END:" + component)
        self._close(component, whole=self._stack[-1] == component or self._holder == component)

    def _close(self, component: bytes, whole: bool) -> None:
        """End the component and all that is still open in it."""
        closed = b""
        while closed != component:
            closed = self._stack.pop()
            if closed == self._holder and closed not in self._stack:
                self._holder = b""
                self._hold(closed, whole)

    def _hold(self, component: bytes, whole: bool) -> None:
        content = self.content
        if component == _EVENT:
            content.events[-1] = b"\n".join(self._kept)
            if not whole:
                content.unfinished.add(len(content.events) - 1)
        elif component == _ZONE:
            content.time_zones.append(b"\n".join(self._kept))
        else:
            content.events += freebusy.periods(self._kept)

    def _property(self, name: bytes, line: bytes) -> None:
        inner = self._stack[-1]
        if self._holder == _ZONE:
            if name not in VOLATILE and len(self._kept) <= limits.MOST_ZONE_LINES:
                self._kept.append(line)
        elif inner == _CALENDAR:
            self._of_calendar(name, line)
        elif inner == self._holder and name in (KEPT if inner == _EVENT else freebusy.KEPT):
            self._kept.append(line)

    def _of_calendar(self, name: bytes, line: bytes) -> None:
        content = self.content
        if name == b"X-WR-CALNAME" or (name == b"NAME" and not content.title):
            content.title = text_of(line)[:200]
        elif name == b"PRODID":
            content.producer = content.producer or text_of(line)[:200]
        elif name == b"X-WR-TIMEZONE":
            content.time_zone = decoded(value_of(line)).strip()
        elif name == b"METHOD" and value_of(line).strip().upper() == b"CANCEL":
            self._cancelled = True


def _why_not(line: bytes) -> str:
    return "it is a web page" if line.lstrip().startswith(b"<") else "it does not begin with BEGIN:VCALENDAR"

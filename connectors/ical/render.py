"""Our feed as iCalendar text (RFC 5545): equal feeds give equal bytes, and no clock is read. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from connectors.contract import Feed, FeedEntry, Mark
from hub.domain.periods import Nights

PRODID = "-//Channel Hub//Calendar//EN"
OCTETS_A_LINE = 75

_ESCAPES = {"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"}
_HOP = re.compile(r"[0-9a-f]{16}\.[0-9a-f]{16}")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")

# A calendar must hold a component (RFC 5545, 3.6): where we have no event, this one says nothing about time.
_NO_EVENTS = (
    "BEGIN:VTIMEZONE",
    "TZID:UTC",
    "BEGIN:STANDARD",
    "DTSTART:19700101T000000",
    "TZOFFSETFROM:+0000",
    "TZOFFSETTO:+0000",
    "END:STANDARD",
    "END:VTIMEZONE",
)


def render(feed: Feed) -> bytes:
    """The whole calendar; entries in the order of time, whatever order they came in."""
    return b"".join(_folded(line) for line in _calendar(feed))


def _calendar(feed: Feed) -> Iterator[str]:
    refresh = _duration(feed.refresh)
    yield "BEGIN:VCALENDAR"
    yield "VERSION:2.0"
    yield f"PRODID:{PRODID}"
    yield "CALSCALE:GREGORIAN"
    yield "METHOD:PUBLISH"
    yield f"X-WR-CALNAME:{_text(feed.name)}"
    yield f"REFRESH-INTERVAL;VALUE=DURATION:{refresh}"
    yield f"X-PUBLISHED-TTL:{refresh}"
    for entry in sorted(feed.entries, key=_order):
        yield from _event(entry)
    if not feed.entries:
        yield from _NO_EVENTS
    yield "END:VCALENDAR"


def _event(entry: FeedEntry) -> Iterator[str]:
    first, last = _bounds(entry)
    yield "BEGIN:VEVENT"
    yield f"UID:{_text(entry.uid)}"
    yield f"DTSTAMP:{_instant(entry.modified_at)}"
    yield f"LAST-MODIFIED:{_instant(entry.modified_at)}"
    yield f"SEQUENCE:{entry.sequence}"
    yield f"DTSTART{first}"
    yield f"DTEND{last}"
    yield f"SUMMARY:{_text(entry.summary)}"
    if entry.description:
        yield f"DESCRIPTION:{_text(entry.description)}"
    if entry.mark is not None:
        yield f"X-CHANNEL-HUB-ORIGIN:{_text(entry.mark.origin)}"
        if way := _way(entry.mark):
            yield f"X-CHANNEL-HUB-VIA:{way}"
    yield "STATUS:CONFIRMED"
    yield "TRANSP:OPAQUE"
    yield "END:VEVENT"


def _way(mark: Mark) -> str:
    """A list of hops and of nothing else: they may have come from any calendar."""
    return ",".join(hop for hop in mark.via if _HOP.fullmatch(hop))


def _bounds(entry: FeedEntry) -> tuple[str, str]:
    """Nights as dates, hours as UTC instants in whole seconds, never a moment shorter than they are."""
    span = entry.span
    if isinstance(span, Nights):
        return f";VALUE=DATE:{_date(span.arrival)}", f";VALUE=DATE:{_date(span.departure)}"
    ends_at = span.ends_at
    if ends_at.microsecond:
        ends_at = ends_at.replace(microsecond=0) + timedelta(seconds=1)
    return f":{_instant(span.starts_at)}", f":{_instant(ends_at)}"


def _order(entry: FeedEntry) -> tuple[str, str, str]:
    first, last = _bounds(entry)
    return first.rpartition(":")[2], last.rpartition(":")[2], entry.uid


def _date(day: date) -> str:
    return f"{day.year:04}{day.month:02}{day.day:02}"


def _instant(at: datetime) -> str:
    utc = at.astimezone(UTC)
    return f"{_date(utc.date())}T{utc.hour:02}{utc.minute:02}{utc.second:02}Z"


def _duration(length: timedelta) -> str:
    return f"PT{max(1, int(length.total_seconds()) // 60)}M"


def _text(value: str) -> str:
    """TEXT (3.3.11), one line, without the characters that no text may hold."""
    plain = _FORBIDDEN.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(_ESCAPES.get(sign, sign) for sign in plain)


def _folded(line: str) -> bytes:
    """The line in pieces of at most 75 octets (3.1), no character cut in two."""
    pieces: list[bytes] = []
    piece = bytearray()
    for sign in line:
        octets = sign.encode()
        # The space that begins a continuation counts as well.
        if len(piece) + len(octets) > OCTETS_A_LINE - bool(pieces):
            pieces.append(bytes(piece))
            piece = bytearray()
        piece += octets
    pieces.append(bytes(piece))
    return b"\r\n ".join(pieces) + b"\r\n"

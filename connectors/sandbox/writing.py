"""From what a channel has to say to the text of its calendar. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from icalendar.prop import vText

from connectors.sandbox.manners import Manner, Times
from hub.domain.periods import Hours, Nights, Span

CHECK_IN, CHECK_OUT = time(16), time(10)
"""Of a stay that somebody's own calendar has by the hour"""

_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Told:
    """What one event is to say. `code` is 64 hex digits, `more` are whole properties behind the others."""

    code: str
    span: Span
    summary: str
    uid: str
    description: str = ""
    guest: str = ""
    made: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    timed: bool = False
    rule: str = ""
    origin: str = ""
    via: str = ""
    more: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """A VEVENT without its first and last line, not folded yet; `span` is what it takes."""

    span: Span
    lines: tuple[str, ...] = field(repr=False)


def digest(*parts: object) -> str:
    """64 hex digits, the same for the same parts."""
    return sha256("\0".join(map(str, parts)).encode()).hexdigest()


def said(told: Told, now: datetime, zone: ZoneInfo) -> dict[str, str]:
    """Its texts with all templates filled in, not escaped yet."""
    facts = {
        "code": told.code,
        "daily": digest(told.code, now.astimezone(zone).date()),
        "dates": digest(told.span),
        "first": _digits(told.span, zone, 0),
        "after": _digits(told.span, zone, 1),
        "guest": told.guest,
        "rule": told.rule,
        **_days(told.span),
        "reference": "".join(
            _LETTERS[int(told.code[n : n + 2], 16) % len(_LETTERS)] for n in range(0, 16, 2)
        ),
        "digits": f"{int(told.code[:8], 16) % 10_000:04}",
    }
    texts = {"uid": told.uid, "summary": told.summary, "description": told.description, "origin": told.origin}
    return {name: text.format(**facts) for name, text in texts.items()}


def event(manner: Manner, told: Told, now: datetime, zone: ZoneInfo) -> Written:
    """`now` is aware UTC; `zone` is where the channel's offer is."""
    start, end = _times(manner, told, zone)
    filled = {name: _text(text) for name, text in said(told, now, zone).items()} | {
        "start": start,
        "end": end,
        "made": stamp(told.made),
        "now": stamp(now),
        "via": told.via,
    }
    lines = (template.format(**filled) for template in manner.lines)
    return Written(told.span, (*(line for line in lines if not line.endswith(":")), *told.more))


def calendar(head: Sequence[str], events: Iterable[Written]) -> bytes:
    lines = ["BEGIN:VCALENDAR", *head]
    for one in events:
        lines += ["BEGIN:VEVENT", *one.lines, "END:VEVENT"]
    return b"".join(folded(line) for line in (*lines, "END:VCALENDAR"))


def folded(line: str) -> bytes:
    """Lines of at most 75 octets; 18 characters never have more than 72."""
    width = 74 if line.isascii() else 18
    if len(line.encode()) <= 75:
        width = len(line) or 1
    return "\r\n ".join(line[at : at + width] for at in range(0, len(line), width)).encode() + b"\r\n"


def stamp(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def local(day: date, wall: time, zone_name: str) -> str:
    """A property's parameter and value: that time on the clocks of a zone."""
    return f";TZID={zone_name}:{datetime.combine(day, wall):%Y%m%dT%H%M%S}"


def _times(manner: Manner, told: Told, zone: ZoneInfo) -> tuple[str, str]:
    span = told.span
    if isinstance(span, Hours):
        if manner.times is Times.FLOATING:
            walls = (moment.astimezone(zone) for moment in (span.starts_at, span.ends_at))
            first, after = (f":{wall:%Y%m%dT%H%M%S}" for wall in walls)
        else:
            first, after = f":{stamp(span.starts_at)}", f":{stamp(span.ends_at)}"
    elif told.timed:
        first = local(span.arrival, CHECK_IN, manner.zone_name)
        after = local(span.departure, CHECK_OUT, manner.zone_name)
    else:
        first, after = f";VALUE=DATE:{span.arrival:%Y%m%d}", f";VALUE=DATE:{span.departure:%Y%m%d}"
        if manner.sometimes_duration and int(told.code[0], 16) % 4 == 0:
            return f"DTSTART{first}", f"DURATION:P{len(span)}D"
    return f"DTSTART{first}", f"DTEND{after}"


def _days(span: Span) -> dict[str, str]:
    if isinstance(span, Hours):
        return {}
    return {"first_day": f"{span.arrival}", "last_day": f"{span.departure - timedelta(days=1)}"}


def _digits(span: Span, zone: ZoneInfo, edge: int) -> str:
    if isinstance(span, Nights):
        return f"{(span.arrival, span.departure)[edge]:%Y%m%d}"
    return f"{(span.starts_at, span.ends_at)[edge].astimezone(zone):%Y%m%d%H}"


def _text(value: str) -> str:
    return vText(value).to_ical().decode()

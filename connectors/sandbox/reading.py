"""How a channel reads somebody else's calendar: strictly, and keeping what it had where it cannot. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.sandbox import stays
from hub.domain.periods import MIDNIGHT, Hours, Nights, Span, at

_NEEDED = ("UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY")
_LONGEST_LINE = 75


class Unreadable(ValueError):
    """A channel's complaint about the calendar that it was given."""


@dataclass(frozen=True, slots=True)
class Imported:
    """An event of another calendar, as a channel takes it over."""

    uid: str
    span: Span
    origin: str = ""
    via: tuple[str, ...] = ()


def read(body: bytes, zone: ZoneInfo, *, hourly: bool, whole_days: bool) -> tuple[Imported, ...]:
    """
    By the order of the text; Unreadable for all that some importer is known to refuse: no component, an
    event without UID, DTSTAMP, SUMMARY or end, one that ends when it begins, lines that are too long.
    """
    lines = _lines(body)
    if not any(line.startswith("BEGIN:") for line in lines[1:]):
        raise Unreadable("no calendar: it has no component")
    return tuple(_imported(event, zone, hourly, whole_days) for event in _events(lines))


def _lines(body: bytes) -> list[str]:
    """Unfolded, as RFC 5545 has it and not a bit more freely."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable(f"no calendar: {error}") from error
    folded = text.split("\r\n")
    if folded[0] != "BEGIN:VCALENDAR" or folded[-2:] != ["END:VCALENDAR", ""]:
        raise Unreadable("no calendar: it does not begin and end as one")
    if any("\n" in line or len(line.encode()) > _LONGEST_LINE for line in folded):
        raise Unreadable("a line that is too long, or ends as none should")
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def _events(lines: list[str]) -> Iterator[Mapping[str, str]]:
    """Values by the names of their properties."""
    event: dict[str, str] | None = None
    for line in lines:
        if line == "BEGIN:VEVENT":
            event = {}
        elif line == "END:VEVENT" and event is not None:
            if missing := [name for name in _NEEDED if not event.get(name)]:
                raise Unreadable(f"an event without {', '.join(missing)}")
            yield event
            event = None
        elif event is not None:
            name, colon, value = line.partition(":")
            if not colon:
                raise Unreadable("a line without a value")
            event[name.partition(";")[0]] = value


def _imported(event: Mapping[str, str], zone: ZoneInfo, hourly: bool, whole_days: bool) -> Imported:
    first, last = _moment(event["DTSTART"]), _moment(event["DTEND"])
    if isinstance(first, datetime) != isinstance(last, datetime) or first >= last:
        raise Unreadable("an event that ends when it begins")
    via = event.get("X-CHANNEL-HUB-VIA", "").replace("\\,", ",")
    return Imported(
        uid=event["UID"],
        span=_hours(first, last, zone, whole_days) if hourly else _nights(first, last, zone),
        origin=event.get("X-CHANNEL-HUB-ORIGIN", ""),
        via=tuple(via.split(",")) if via else (),
    )


def _moment(value: str) -> date | datetime:
    try:
        if len(value) == 8:
            return date.fromisoformat(value)
        return datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise Unreadable(f"a date that is none: {error}") from error


def _nights(first: date | datetime, last: date | datetime, zone: ZoneInfo) -> Nights:
    """Of an event by the hour, every night that it may touch."""
    if isinstance(first, datetime) and isinstance(last, datetime):
        arrival, departure = first.astimezone(zone).date(), last.astimezone(zone).date()
        return Nights(arrival, max(departure, arrival + timedelta(days=1)))
    return Nights(first, last)


def _hours(first: date | datetime, last: date | datetime, zone: ZoneInfo, whole_days: bool) -> Span:
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        return Hours(at(first, MIDNIGHT, zone), at(last, MIDNIGHT, zone))
    span = Hours(first, last)
    return stays.whole_days(span, zone) if whole_days else span

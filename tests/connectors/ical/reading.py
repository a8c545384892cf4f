"""Shorthand of the reader's tests: a feed from lines, and what is read of it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from connectors.contract import AllDay, RemoteEvent, Timed, Window
from connectors.ical.translate import Parsed, read

LISBON = ZoneInfo("Europe/Lisbon")
WINDOW = Window(date(2026, 1, 1), date(2028, 1, 1))


def event(*lines: str, uid: str = "a") -> str:
    return "\n".join(["BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT"])


def calendar(*parts: str) -> bytes:
    return "\r\n".join(
        "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *parts, "END:VCALENDAR", ""]).split("\n")
    ).encode()


def parsed(*parts: str, window: Window = WINDOW, zone: ZoneInfo = LISBON) -> Parsed:
    return read(calendar(*parts), window, zone)


def events(*parts: str, window: Window = WINDOW, zone: ZoneInfo = LISBON) -> tuple[RemoteEvent, ...]:
    return parsed(*parts, window=window, zone=zone).events


def only(*lines: str, zone: ZoneInfo = LISBON) -> RemoteEvent:
    """The one event of a feed with these properties."""
    (found,) = events(event(*lines), zone=zone)
    return found


def days(first: str, after: str) -> AllDay:
    return AllDay(date.fromisoformat(first), date.fromisoformat(after))


def times(starts_at: str, ends_at: str) -> Timed:
    """Instants as `2026-07-01 10:00`, in UTC."""
    return Timed(*(datetime.fromisoformat(at).replace(tzinfo=UTC) for at in (starts_at, ends_at)))

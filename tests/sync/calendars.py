"""Calendars as channels write them, in as few words as a test needs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hub import clock

MADRID = ZoneInfo("Europe/Madrid")


def nights(uid: str, first: date, after: date, summary: str = "Reserved") -> str:
    """An event of whole days."""
    return _event(
        uid, f"DTSTART;VALUE=DATE:{first:%Y%m%d}", f"DTEND;VALUE=DATE:{after:%Y%m%d}", f"SUMMARY:{summary}"
    )


def hours(uid: str, starts_at: datetime, ends_at: datetime, summary: str = "Reserved") -> str:
    """An event from one instant to another."""
    first, last = (moment.astimezone(UTC) for moment in (starts_at, ends_at))
    return _event(
        uid, f"DTSTART:{first:%Y%m%dT%H%M%SZ}", f"DTEND:{last:%Y%m%dT%H%M%SZ}", f"SUMMARY:{summary}"
    )


def calendar(*events: str, title: str = "Seaside Rentals") -> bytes:
    """A complete calendar."""
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//a channel//EN", f"X-WR-CALNAME:{title}"]
    return _bytes([*head, *events, "END:VCALENDAR"])


def day(ahead: int) -> date:
    """So many days from today in Madrid."""
    return clock.today("Europe/Madrid") + timedelta(days=ahead)


def at(ahead: int, hour: int) -> datetime:
    """An hour of Madrid's clocks, so many days from today."""
    return datetime.combine(day(ahead), time(hour), MADRID).astimezone(UTC)


def noon(ahead: int) -> datetime:
    """When one night ends there and the next begins."""
    return at(ahead, 12)


def _event(uid: str, *lines: str) -> str:
    return "\r\n".join(
        ["BEGIN:VEVENT", f"UID:{uid}@channel.example", "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT"]
    )


def _bytes(lines: Iterable[str]) -> bytes:
    return ("\r\n".join(lines) + "\r\n").encode()

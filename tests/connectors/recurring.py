"""Series and their exceptions in Madrid, in as few words as a test needs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.calendars import CalendarEvent
from connectors.contract import AllDay, RemoteEvent, Timed, When, Window
from connectors.expanding import expand

MADRID = ZoneInfo("Europe/Madrid")
YEAR = Window(date(2026, 1, 1), date(2027, 1, 1))


def days(first: date, number: int = 1) -> AllDay:
    return AllDay(first, first + timedelta(days=number))


def hours(*start: int, minutes: int = 60) -> Timed:
    """On Madrid's clocks."""
    starts_at = datetime(*start, tzinfo=MADRID).astimezone(UTC)  # type: ignore[misc, arg-type]
    return Timed(starts_at, starts_at + timedelta(minutes=minutes))


def series(when: When, *lines: str, **fields: Any) -> CalendarEvent:
    zone = "" if isinstance(when, AllDay) else "Europe/Madrid"
    return CalendarEvent(id="s", when=when, recurrence=lines, **({"zone": zone} | fields))


def exception(original: AllDay | datetime, when: When | None = None, **fields: Any) -> CalendarEvent:
    return CalendarEvent(id=f"s_{original}", series="s", original=original, when=when, **fields)


def firsts(events: tuple[RemoteEvent, ...]) -> list[date]:
    assert all(isinstance(event.when, AllDay) for event in events)
    return [event.when.first for event in events if isinstance(event.when, AllDay)]


def starts(events: tuple[RemoteEvent, ...]) -> list[str]:
    return [
        f"{event.when.starts_at.astimezone(MADRID):%m-%d %H:%M}"
        for event in events
        if isinstance(event.when, Timed)
    ]


def read(master: CalendarEvent | None, *exceptions: CalendarEvent, window: Window = YEAR) -> Any:
    return expand(master, exceptions, window, MADRID)

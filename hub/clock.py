"""The only place that reads the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_offset = timedelta()


def now() -> datetime:
    """The present instant, aware, UTC."""
    return datetime.now(UTC) + _offset


def today(time_zone: str) -> date:
    """The date on the wall of a place; `time_zone` is an IANA name."""
    return now().astimezone(ZoneInfo(time_zone)).date()


def shift(by: timedelta) -> None:
    """Move the clock of this process; tests only (HUB_TEST_CLOCK)."""
    global _offset
    _offset = by

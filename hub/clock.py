"""The only place that reads the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hub.errors import Misconfigured

TEST_HUB = "test-hub"
"""A file in the data dir: this hub is there to be tested, and its clock may be moved."""

OFFSET = "clock"
"""The file beside it: seconds by which every process of the test hub is ahead"""

_moved_by: Path | None = None


def now() -> datetime:
    """The present instant, aware, UTC."""
    present = datetime.now(UTC)
    return present if _moved_by is None else present + _offset(_moved_by)


def today(time_zone: str) -> date:
    """The date on the wall of a place; `time_zone` is an IANA name."""
    return now().astimezone(ZoneInfo(time_zone)).date()


def let_tests_move(data_dir: Path) -> None:
    """Follow HUB_TEST_CLOCK; Misconfigured unless the data dir says that it is a test hub's."""
    global _moved_by
    if not (data_dir / TEST_HUB).exists():
        marker = data_dir / TEST_HUB
        raise Misconfigured(f"HUB_TEST_CLOCK moves every booking's clock: refused unless {marker} exists")
    _moved_by = data_dir / OFFSET


def _offset(path: Path) -> timedelta:
    try:
        return timedelta(seconds=float(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return timedelta()

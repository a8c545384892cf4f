"""The processes that read feeds for this one: asked, and seen as the system sees them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import psutil

from connectors.contract import Window
from connectors.ical import reading
from connectors.ical.frames import Request
from tests.connectors.ical.reading import calendar, event

REQUEST = Request(Window(date(2026, 1, 1), date(2028, 1, 1)), ZoneInfo("Europe/Lisbon"))


def feed(name: str = "a") -> bytes:
    return calendar(event("DTSTART;VALUE=DATE:20260701", uid=name))


def uids(name: str = "a") -> list[str]:
    """What is read of it."""
    return [found.uid for found in reading.read(feed(name), REQUEST).events]


def readers() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children():
        try:
            if "connectors.ical.reader" in child.cmdline():
                found.append(child)
        except psutil.Error:  # it has just ended
            continue
    return found


def reader() -> psutil.Process:
    """The one that is there after a feed was read."""
    (only,) = readers()
    return only


def peak(pid: int) -> int:
    """The most memory that a process has had since it began to run its program."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    line = next((line for line in status.splitlines() if line.startswith("VmHWM")), "VmHWM: 0 kB")
    return int(line.split()[1]) * 1024


def until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends
        threading.Event().wait(0.01)

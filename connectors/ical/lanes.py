"""
Where feeds wait for a reader, so that those that take long hold up no other: the lanes, and what is
remembered of feeds that took too long.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

from connectors.ical import limits
from connectors.ical.process import ReaderLost


class Lane:
    """At most `places` feeds are read in it at once, and at most `waiting` wait for that."""

    def __init__(self, places: int, waiting: int | None = None) -> None:
        self._places = threading.BoundedSemaphore(places)
        self._entered = threading.BoundedSemaphore(places + waiting) if waiting is not None else None

    @contextmanager
    def place(self, seconds: float) -> Iterator[None]:
        """Raises ReaderLost if none becomes free in that time, or at once if too many wait already."""
        if self._entered is not None and not self._entered.acquire(blocking=False):
            raise ReaderLost("all readers of calendars are at work")
        try:
            if not self._places.acquire(timeout=max(0.0, seconds)):
                raise ReaderLost("all readers of calendars are at work")
            try:
                yield
            finally:
                self._places.release()
        finally:
            if self._entered is not None:
                self._entered.release()


class Verdict(Enum):
    SLOW = "slow"
    """It takes longer than the quick lane allows"""
    REFUSED = "refused"
    """It takes longer than any feed may; stands for REFUSED_SECONDS"""


class Verdicts:
    """Of the last feeds that took too long, by their SHA-256; for all threads of a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[Verdict, float]] = OrderedDict()

    def of(self, sha256: str) -> Verdict | None:
        with self._lock:
            verdict, since = self._known.get(sha256, (None, 0.0))
            if verdict is None:
                return None
            self._known.move_to_end(sha256)
        lapsed = time.monotonic() - since > limits.REFUSED_SECONDS
        return Verdict.SLOW if lapsed else verdict

    def note(self, sha256: str, verdict: Verdict) -> None:
        with self._lock:
            self._known[sha256] = verdict, time.monotonic()
            self._known.move_to_end(sha256)
            while len(self._known) > limits.MOST_VERDICTS:
                self._known.popitem(last=False)

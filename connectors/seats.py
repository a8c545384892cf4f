"""Few large answers are in memory at one time: hostile ones together cost what the seats cost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

LARGE = 1024 * 1024
"""Bytes of a body for which nobody needs a seat"""
SEATS = 4


class Seats:
    """A thread keeps the seat that it takes until its visit ends; visits within visits share it."""

    def __init__(self, number: int = SEATS) -> None:
        self._free = threading.BoundedSemaphore(number)
        self._mine = threading.local()

    @contextmanager
    def visit(self) -> Iterator[None]:
        depth = getattr(self._mine, "depth", 0)
        self._mine.depth = depth + 1
        try:
            yield
        finally:
            self._mine.depth = depth
            if depth == 0 and getattr(self._mine, "seated", False):
                self._mine.seated = False
                self._free.release()

    def take(self, seconds: float) -> bool:
        """Within a visit: whether this thread has a seat, or got one in so many seconds."""
        if not getattr(self._mine, "seated", False):
            self._mine.seated = self._free.acquire(timeout=max(seconds, 0.0))
        return bool(self._mine.seated)

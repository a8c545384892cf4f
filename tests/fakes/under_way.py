"""Counting what is asked, and what is asked for the same thing at once."""

from __future__ import annotations

import threading
import time
from collections import Counter


class UnderWay:
    """A request is under way from `begins` to `ends`, by whichever thread."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.most_at_once: Counter[str] = Counter()
        """Requests under way of each thing"""
        self.most_together = 0
        """Requests under way of all things"""
        self.began: list[float] = []
        """When each request came"""
        self._under_way: Counter[str] = Counter()
        self._lock = threading.Lock()

    def total(self) -> int:
        with self._lock:
            return self.requests.total()

    def begins(self, what: str) -> None:
        with self._lock:
            self.requests[what] += 1
            self._under_way[what] += 1
            self.most_at_once[what] = max(self.most_at_once[what], self._under_way[what])
            self.most_together = max(self.most_together, self._under_way.total())
            self.began.append(time.monotonic())

    def ends(self, what: str) -> None:
        with self._lock:
            self._under_way[what] -= 1

"""When what a channel no longer tells would be freed by itself. PURE."""

from __future__ import annotations

from datetime import datetime

from sync.planning.guard import APART


def freed_at(reads: int, needs: int, read_at: datetime, next_pull_at: datetime, now: datetime) -> datetime:
    """
    If every reading from now on agrees: the earliest moment. `read_at` is the last reading that counted, and
    the next one does not count before a while has passed since.
    """
    first = max(read_at + APART, next_pull_at, now)
    return first + max(needs - reads - 1, 0) * APART

"""How long a calendar is unknown between two good answers, as a moving mean."""

from __future__ import annotations

from datetime import datetime

NEWEST = 0.2
"""The weight of the newest gap: after ten gaps nine tenths of the mean are theirs"""


def mean_gap(mean: float | None, before: datetime | None, now: datetime) -> float | None:
    """In seconds. `before` is the good answer before this one: without one there is no gap yet."""
    if before is None:
        return mean
    gap = max(0.0, (now - before).total_seconds())
    return gap if mean is None else mean + NEWEST * (gap - mean)

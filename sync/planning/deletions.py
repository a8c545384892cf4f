"""Whether so much was deleted at once that what this would free waits. PURE."""

from __future__ import annotations

from datetime import datetime, timedelta

from sync.planning.guard import APART, Guard

FEW = 3
PART = 0.3
WITHIN = timedelta(minutes=15)
"""Deletions of so long together count as one: another tool deletes one by one, and inserts all anew"""


def trips(gone: int, live: int) -> bool:
    """`gone` within a while, of `live` that there were before."""
    return gone > max(FEW, PART * live)


def guard(gone: int, live: int, freed: tuple[tuple[str, str], ...], now: datetime, place: str) -> Guard:
    """What waits on the link; `freed` are the first spans that would be."""
    why = (
        f"{gone} of {live} events were deleted in {place} at once: what they stand for is kept until a later "
        "look bears it out, or somebody says that it is meant"
    )
    return Guard(True, now, why, freed, 1, now + APART)

"""What hubs and channels that read each other are made of: nights, entries, and the rules of the game."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from connectors.contract import Mark, Nature
from hub.domain.periods import Nights, Period, nights_touched
from sync.planning import marks

ZONE = ZoneInfo("UTC")
FIRST = date(2026, 7, 1)
ROOM = UUID(int=1)


def nights(first: int, after: int) -> Nights:
    return Nights(FIRST + timedelta(days=first), FIRST + timedelta(days=after))


def numbers(periods: Iterable[Period]) -> frozenset[int]:
    """The nights of periods, as numbers from the first of July."""
    found: set[int] = set()
    for period in periods:
        span = nights_touched(period, ZONE)
        found.update(range((span.arrival - FIRST).days, (span.departure - FIRST).days))
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Entry:
    """As one reads it in a feed."""

    uid: str
    period: Period
    nature: Nature
    mark: Mark | None = None

    @property
    def stay(self) -> bool:
        return self.nature is Nature.STAY


@dataclass(frozen=True, slots=True)
class Rules:
    """What the negative controls take away."""

    marks: bool = True
    draining: bool = True
    muting: bool = True
    reads: int = 2
    """How many readings without an event free it"""


def digest(*parts: str) -> str:
    return marks.short(hashlib.sha256("|".join(parts).encode()).digest())

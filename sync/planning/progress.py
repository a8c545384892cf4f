"""How a run of many links stands, told from how its children do; and when it will be over. PURE."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(seconds=30)
"""What ended within it says how fast it goes"""
LEAST = timedelta(seconds=1)
"""Of less nothing is concluded"""


@dataclass(frozen=True, slots=True)
class Tally:
    """
    The children of a run by how they stand. Those that failed and were asked for again are in `retried`
    alone: others took their places.
    """

    queued: int = 0
    running: int = 0
    done: int = 0
    failed: int = 0
    cancelled: int = 0
    retried: int = 0
    changed: int = 0
    """Links of which a sync that ended changed anything, also one that is retried"""
    recent: int = 0
    """How many ended within the window"""
    began_at: datetime | None = None
    """When the first of them did"""
    ended_at: datetime | None = None
    """When the last of those did that have ended"""

    @property
    def total(self) -> int:
        return self.open + self.ended + self.cancelled

    @property
    def open(self) -> int:
        return self.queued + self.running

    @property
    def ended(self) -> int:
        return self.done + self.failed


@dataclass(frozen=True, slots=True)
class Resting:
    """All that is left must not be asked for yet, because its channels wish so."""

    until: datetime
    """When the first of it may be"""
    hosts: Sequence[str] = ()
    """Whose wish it is; none where it is an account's quota"""


@dataclass(frozen=True, slots=True)
class Progress:
    state: str
    """queued, running, done, failed (one of them did) or cancelled"""
    tally: Tally
    rate: float
    """Links a second: of late, or over all where it is over"""
    seconds_left: int | None
    """Null where nothing tells"""
    started_at: datetime | None
    finished_at: datetime | None
    """Null while any of them waits or is at work"""
    resting: Resting | None = None
    """Null where somebody is at work, or can be"""

    @property
    def over(self) -> bool:
        return not self.tally.open


def progress(
    tally: Tally, created_at: datetime, now: datetime, *, cancelled: bool, resting: Resting | None = None
) -> Progress:
    """
    `cancelled`: somebody said that it is to end; what is at work by then ends by itself. While it rests, how
    fast it went tells nothing of how long it will take.
    """
    over = not tally.open
    rate = _rate(tally, now)
    return Progress(
        state=_state(tally, cancelled),
        tally=tally,
        rate=round(rate, 2),
        seconds_left=0 if over else _left(tally.open, rate) if resting is None else None,
        started_at=tally.began_at,
        finished_at=(tally.ended_at or created_at) if over else None,
        resting=None if over else resting,
    )


def headline(tally: Tally) -> str:
    """How it stands in one line."""
    parts = [
        f"{tally.ended} of {tally.total} links synced",
        f"{tally.changed} changed",
        *(
            f"{number} {word}"
            for number, word in ((tally.failed, "failed"), (tally.cancelled, "cancelled"))
            if number
        ),
    ]
    return ", ".join(parts)


def waits(found: Progress) -> str:
    """Until when all that is left waits, and for whom; empty where it does not."""
    if found.resting is None:
        return ""
    who = " and ".join(found.resting.hosts) or "the channel"
    verb = "waits" if found.tally.open == 1 else "wait"
    until = f"{found.resting.until:%Y-%m-%d %H:%M} UTC"
    return f"{found.tally.open} {verb} until {until} because {who} asked for it"


def _state(tally: Tally, cancelled: bool) -> str:
    if cancelled:
        return "cancelled"
    if tally.open:
        return "running" if tally.running or tally.ended else "queued"
    if tally.failed:
        return "failed"
    return "cancelled" if tally.cancelled and not tally.done else "done"


def _rate(tally: Tally, now: datetime) -> float:
    if tally.began_at is None:
        return 0.0
    if not tally.open:
        return tally.ended / max((tally.ended_at or now) - tally.began_at, LEAST).total_seconds()
    return tally.recent / max(min(now - tally.began_at, WINDOW), LEAST).total_seconds()


def _left(number: int, rate: float) -> int | None:
    return -int(-number // rate) if rate > 0 else None

"""The timetable: what beat asks for, how often, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kombu import Exchange, Queue

TIMELY = "timely"
"""The queue of short tasks that somebody waits for: the worker's, which takes nothing else"""
PULLS = "pulls"
"""The queue of what talks to channels, and may be slow: the puller's"""

QUEUES = tuple(Queue(name, Exchange(name), routing_key=name) for name in (TIMELY, PULLS))

CLOCKS_DIFFER = 30
"""Seconds by which the clocks of beat's and the worker's machine may differ before messages are dropped"""


@dataclass(frozen=True, slots=True)
class Entry:
    name: str
    task: str
    every: float
    """Seconds"""
    why: str

    @property
    def expires(self) -> float:
        """Seconds after which the message means nothing, because the next one has been sent long ago."""
        return max(self.every, CLOCKS_DIFFER)


TIMETABLE: tuple[Entry, ...] = (
    Entry("due pulls", "pull_due", 1, "a link that somebody marks due is pulled within seconds"),
    Entry(
        "lapsed holds", "expire_holds", 1, "what a guest did not pay for is for sale again within a second"
    ),
    Entry("outbox", "relay", 1, "what happened here reaches the channels within a second"),
    Entry("watches", "watch", 10, "a calendar tells us of changes from its first seconds to its last"),
    Entry("alerts", "look", 10, "whoever must know of trouble hears of it before a guest does"),
    Entry("deliveries", "deliver", 5, "what must be told is told, and told again where nobody took it"),
    Entry("answers", "settle_checks", 2, "who waits for a channel's word is confirmed once it is there"),
    Entry("sweep", "sweep", 3600, "old tokens and finished facts are forgotten"),
    Entry("retention", "retention", 3600, "what is kept of people is kept no longer than the settings say"),
    Entry("backups", "back_up", 60, "an erasure reaches the backups' keys within a minute"),
)

BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    entry.name: {
        "task": entry.task,
        "schedule": entry.every,
        "options": {"expires": entry.expires, "queue": TIMELY},
    }
    for entry in TIMETABLE
}

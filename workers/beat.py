"""
Beat's scheduler: keeps the timetable, and holds its tongue while nobody listens.

`celery -A workers.beat` has the app without its tasks: beat sends names, and needs nothing that tasks need.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import kombu
from celery import Celery
from celery.beat import PersistentScheduler, ScheduleEntry

from hub.config import Settings
from workers.app import build
from workers.pulse import Pulse
from workers.queues import waiting
from workers.schedule import TIMELY

if TYPE_CHECKING:
    app: Celery

logger = logging.getLogger(__name__)

MOST_WAITING = 500
"""Messages that may wait; expired ones too stay in Redis until a worker takes them"""


class Timetable(PersistentScheduler):
    """Without it, a hub whose workers are stopped fills Redis with messages that mean nothing any more."""

    _silent = False
    _pulse = Pulse()

    def setup_schedule(self) -> None:
        """
        When each entry was last sent is kept in a file; one that a crash has damaged is made anew. Celery
        notices only one that cannot be opened, and would end with every other.
        """
        try:
            super().setup_schedule()
        except Exception as error:
            logger.warning("the file of the timetable is damaged (%s): it is made anew", type(error).__name__)
            self._remove_db()  # type: ignore[attr-defined]
            super().setup_schedule()

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """One round of the timetable; beat is alive as long as these go on."""
        wait: float = super().tick(*args, **kwargs)
        self._pulse.ticked()
        return wait

    def apply_entry(self, entry: ScheduleEntry, producer: kombu.Producer | None = None) -> Any:
        messages = waiting(self.app, TIMELY)
        if messages >= MOST_WAITING:
            if not self._silent:
                logger.warning("%d messages wait for a worker; beat sends no more until they go", messages)
            self._silent = True
            return None
        self._silent = False
        return super().apply_entry(entry, producer)


def __getattr__(name: str) -> Any:
    """`app`, built when it is first asked for, as in workers.app."""
    if name != "app":
        raise AttributeError(name)
    globals()["app"] = built = build(Settings(), does=())
    return built

"""
Pulls that somebody waits for: the puller hears of them from the database, and has lanes for them alone.

What is called out is due in the database as well, where the timetable finds it within a second: whoever does
not hear, because a connection was lost at this moment, loses nothing but that second.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import psycopg
from celery import signals
from sqlalchemy.exc import SQLAlchemyError

from hub.database import listened
from hub.queries.checks import ASKED
from sync import precheck
from sync import pull as pulling
from sync.runtime import Runtime
from workers.process import runtime
from workers.schedule import PULLS

AGAIN = 1.0
"""Seconds after which a lost connection is opened anew"""

log = logging.getLogger(__name__)


class Listener:
    """One thread that hears, and lanes that pull. A link that is pulled already is left to whoever does."""

    def __init__(self, opened: Runtime) -> None:
        self._runtime = opened
        self._ended = threading.Event()
        self._queued: set[str] = set()
        """What was said and no lane has taken yet; it is said again and again while somebody waits"""
        self._lanes = ThreadPoolExecutor(opened.settings.check_lanes, "checks")
        self._hearing = threading.Thread(target=self._hear, name="hears of checks", daemon=True)

    def begin(self) -> None:
        self._hearing.start()

    def end(self) -> None:
        """What is being pulled ends by itself; nobody waits for it."""
        self._ended.set()
        self._lanes.shutdown(wait=False, cancel_futures=True)
        self._hearing.join(2 * AGAIN)

    def _hear(self) -> None:
        while not self._ended.is_set():
            try:
                for said in listened(self._runtime.database, ASKED, self._ended):
                    if said not in self._queued:
                        self._queued.add(said)
                        self._lanes.submit(self._pull, said)
            except (psycopg.Error, SQLAlchemyError, RuntimeError) as error:
                if not self._ended.is_set():
                    log.warning("checks are not heard of for a moment: %s", type(error).__name__)
            self._ended.wait(AGAIN)

    def _pull(self, said: str) -> None:
        self._queued.discard(said)
        try:
            organization, link = map(UUID, said.split())
            if precheck.is_due(self._runtime.database, organization, link):
                pulling.pull(self._runtime, organization, link, trigger="check")
        except Exception:
            log.exception("link %s could not be asked for a booking", link)


_listening: list[Listener] = []


@signals.worker_ready.connect
def _begin(sender: object = None, **_: object) -> None:
    """In the program that takes pulls, and in no other."""
    queues = getattr(getattr(sender, "task_consumer", None), "queues", ())
    if any(queue.name == PULLS for queue in queues):
        _listening.append(Listener(runtime()))
        _listening[-1].begin()


@signals.worker_shutting_down.connect
def _end(**_: object) -> None:
    while _listening:
        _listening.pop().end()

"""Beat's sign of life in the database, written beside the timetable: a slow database does not hold it up."""

from __future__ import annotations

import logging
import threading
import time

from sync.alerting import hearts
from workers.process import runtime

logger = logging.getLogger(__name__)

EVERY = 10.0
"""Seconds between two signs"""


class Pulse:
    """A thread that says so as long as `ticked` is called: when the timetable stands still, it is silent."""

    def __init__(self) -> None:
        self._ticked = threading.Event()
        self._thread: threading.Thread | None = None
        self._well = True

    def ticked(self) -> None:
        self._ticked.set()
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._go_on, name="pulse", daemon=True)
            self._thread.start()

    def _go_on(self) -> None:
        while True:
            self._ticked.wait()
            self._ticked.clear()
            self._beat()
            time.sleep(EVERY)

    def _beat(self) -> None:
        try:
            hearts.beat(runtime(), "beat")
            self._well = True
        except Exception as error:
            if self._well:
                logger.warning("beat cannot say that it is alive: %s", type(error).__name__)  # said once
            self._well = False

"""The web process looks out for trouble while beat, or the workers, who should, are silent themselves."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sync.alerting import hearts
from sync.runtime import Runtime

log = logging.getLogger(__name__)

EVERY = 10.0
"""Seconds between two looks"""
PATIENCE = 1.0
"""Seconds for which its end is waited for: what it was telling just then is told by the next one"""


@contextmanager
def lookout(runtime: Runtime) -> Iterator[None]:
    """One thread, as long as the block: it holds no request up, and a request does not hold it up."""
    over = threading.Event()
    thread = threading.Thread(target=_look_out, args=(runtime, over), name="lookout", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(PATIENCE)


def _look_out(runtime: Runtime, over: threading.Event) -> None:
    expected = well = False
    while not over.wait(EVERY):
        try:
            if not expected:
                hearts.expect(runtime)
                expected = True
            hearts.stand_in(runtime)
            well = True
        except Exception as error:
            if well and not over.is_set():
                log.warning("the lookout sees nothing: %s", type(error).__name__)  # said once
            well = False

"""
Keeping the lease of a link while its channel is asked.

A lease is short, so that what a dead worker held is soon free; a channel may be slow, and a calendar long to
read. So whoever works renews it. The fence is what makes a lost lease harmless; this only keeps it from being
lost by whoever is alive, and a second one from asking meanwhile.
"""

from __future__ import annotations

import functools
import heapq
import itertools
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from hub.queries import links as query
from hub.queries.links import Lease
from sync.runtime import Runtime

PART = 3
"""It is renewed when a third of it has passed: one renewal may fail, or come late"""
LONGEST = timedelta(minutes=5)
"""After which it is renewed no more: no question takes so long, and one that hangs must not hold a link"""

log = logging.getLogger(__name__)


@contextmanager
def kept(runtime: Runtime, lease: Lease) -> Iterator[None]:
    """While this lasts, the lease does. Nobody waits for a renewal: what ends is not held up."""
    ended = threading.Event()
    part = timedelta(seconds=runtime.settings.lease_seconds) / PART
    _alarms(os.getpid()).ring(part.total_seconds(), functools.partial(_begin, runtime, lease, ended))
    try:
        yield
    finally:
        ended.set()


class _Alarms:
    """One thread that waits for all leases of the process: most are given back before they are renewed."""

    def __init__(self) -> None:
        self._set: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._earlier = threading.Condition()
        threading.Thread(target=self._wait, name="leases", daemon=True).start()

    def ring(self, seconds: float, does: Callable[[], None]) -> None:
        """Do it after so long, in the thread that waits: it must not take long."""
        at = time.monotonic() + seconds
        with self._earlier:
            heapq.heappush(self._set, (at, next(self._numbers), does))
            if self._set[0][0] == at:
                self._earlier.notify()

    def _wait(self) -> None:
        while True:
            with self._earlier:
                left = self._set[0][0] - time.monotonic() if self._set else None
                if left is None or left > 0:
                    self._earlier.wait(left)
                    continue
                _, _, does = heapq.heappop(self._set)
            does()


@functools.lru_cache(maxsize=1)
def _alarms(_process: int) -> _Alarms:
    """A child has none of its parent's threads."""
    return _Alarms()


def _begin(runtime: Runtime, lease: Lease, ended: threading.Event) -> None:
    """A renewal may wait for a row, and others must not wait for it: whatever takes so long has a thread."""
    if not ended.is_set():
        name = f"lease of {lease.link_id}"
        threading.Thread(target=_renew, args=(runtime, lease, ended), name=name, daemon=True).start()


def _renew(runtime: Runtime, lease: Lease, ended: threading.Event) -> None:
    lasting = timedelta(seconds=runtime.settings.lease_seconds)
    for _ in range(LONGEST * PART // lasting):
        try:
            with runtime.database.unit_of_work(lease.organization_id) as session:
                if not query.renew(session, lease, lasting):
                    return
        except SQLAlchemyError:
            log.warning("the lease of link %s could not be renewed", lease.link_id, exc_info=True)
        if ended.wait(lasting.total_seconds() / PART):
            return

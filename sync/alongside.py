"""Working along at one run: its links are taken here too, under the same claims and leases as by workers."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from hub import clock
from hub.errors import NotFound
from hub.queries import parents as query
from sync import pull as pulling
from sync.runtime import Runtime

AT_ONCE = 4
"""Pulls at a time: most of a pull is waiting for the channel"""
LOOK = 0.25
"""Seconds until one who found nothing to take looks again"""

log = logging.getLogger(__name__)


@contextmanager
def working(runtime: Runtime, organization_id: UUID, parent_id: UUID) -> Iterator[None]:
    """
    A few threads that pull what waits of a run, while this lasts. When it ends, what they have in their hands
    is given back as it was, and whoever works takes it.
    """
    over = threading.Event()
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="alongside") as pool:
        workers = [pool.submit(_work, runtime, organization_id, parent_id, over) for _ in range(AT_ONCE)]
        try:
            yield
        except BaseException:
            over.set()
            runtime.network.close()  # calendars that are being asked are left at once
            raise
        finally:
            over.set()
    for worker in workers:
        worker.result()


def left_alone(runtime: Runtime, organization_id: UUID, parent_id: UUID) -> datetime | None:
    """
    Until when nobody will go on with it, because all that is left of it must not be asked before; None where
    somebody is at it, or can be soon.
    """
    now = clock.now()
    with runtime.database.unit_of_work(organization_id) as session:
        found = query.next_at(session, parent_id, now)
    # What a worker claimed and lost comes back within that time.
    soon = now + timedelta(seconds=2 * runtime.settings.lease_seconds)
    return found if found is not None and found > soon else None


def _work(runtime: Runtime, organization_id: UUID, parent_id: UUID, over: threading.Event) -> None:
    while not over.is_set():
        try:
            link_id = _claim(runtime, organization_id, parent_id)
            if link_id is not None:
                pulling.pull(runtime, organization_id, link_id)
                continue
        except NotFound:  # the link was removed a moment ago, and its child with it
            continue
        except Exception:  # what was in hand comes back when its claim runs out; the others are waiting
            log.exception("working along at run %s failed", parent_id)
        over.wait(LOOK)


def _claim(runtime: Runtime, organization_id: UUID, parent_id: UUID) -> UUID | None:
    now = clock.now()
    again_at = now + timedelta(seconds=runtime.settings.lease_seconds)
    most = runtime.settings.host_concurrency
    with runtime.database.unit_of_work(organization_id) as session:
        return query.claim(session, parent_id, now, again_at, at_host=most)

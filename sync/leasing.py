"""
Keeping the lease of a link while its channel is asked.

A lease is short, so that what a dead worker held is soon free; a channel may be slow, and a calendar long to
read. So whoever works renews it. The fence is what makes a lost lease harmless; this only keeps it from being
lost by whoever is alive, and a second one from asking meanwhile.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
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
    name = f"lease of {lease.link_id}"
    threading.Thread(target=_renew, args=(runtime, lease, ended), name=name, daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def _renew(runtime: Runtime, lease: Lease, ended: threading.Event) -> None:
    lasting = timedelta(seconds=runtime.settings.lease_seconds)
    for _ in range(LONGEST * PART // lasting):
        if ended.wait(lasting.total_seconds() / PART):
            return
        try:
            with runtime.database.unit_of_work(lease.organization_id) as session:
                if not query.renew(session, lease, lasting):
                    return
        except SQLAlchemyError:
            log.warning("the lease of link %s could not be renewed", lease.link_id, exc_info=True)

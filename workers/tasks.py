"""What workers do. Each task may run any number of times, at any time: rows say what is to be done."""

from __future__ import annotations

import time
from uuid import UUID

from celery import current_app, shared_task

from hub.services import retention as retention_service
from sync import answers, due, expiry, sweeps, watches
from sync import pull as pulling
from sync import relay as relaying
from sync.alerting import delivering, hearts, looking
from sync.due import Due
from workers import backing
from workers.process import runtime
from workers.queues import waiting
from workers.schedule import PULLS

WAITING_EACH = 2
"""Pulls that wait for each thread of a puller, few enough to begin before their claim runs out; the others
stay due in the database, which knows whose turn it is"""
WATCHES_EACH = 60
"""Watches that are looked after in one minute, fewer while pulls wait: these are what counts"""
AT_ONE_HOST = 2.0
"""Seconds for which a puller goes on at the host where it is, before others have their turn"""


@shared_task(name="pull_due")
def pull_due() -> None:
    """One message for each link whose time has come. A claim that ran out was handed out again since."""
    claimed = runtime().settings.lease_seconds
    room = WAITING_EACH * runtime().settings.pull_concurrency - waiting(current_app, PULLS)
    for one in due.claim_due(runtime(), limit=room) if room > 0 else ():
        known = (str(one.organization_id), str(one.link_id), "schedule", one.more)
        pull.apply_async(known, queue=PULLS, expires=claimed)


@shared_task(name="pull")
def pull(organization_id: str, link_id: str, trigger: str = "schedule", more: bool = False) -> None:
    """
    Bring what we hold of one link's calendar up to date. If its host has more that are due, go on with them:
    as many pullers as were sent there work off what waits there, without anybody counting them again.
    """
    until = time.monotonic() + AT_ONE_HOST
    one: Due | None = Due(UUID(organization_id), UUID(link_id), more)
    while one is not None:
        pulling.pull(runtime(), one.organization_id, one.link_id, trigger=trigger)
        one = due.claim_next(runtime(), one) if one.more and time.monotonic() < until else None


@shared_task(name="watch")
def watch() -> None:
    """One message for each link whose watch is to be opened, renewed or closed; some at a time."""
    room = WATCHES_EACH - waiting(current_app, PULLS)
    for one in watches.claim_due(runtime(), limit=room) if room > 0 else ():
        known = (str(one.organization_id), str(one.link_id))
        tend_watch.apply_async(known, queue=PULLS, expires=watches.OPENING.total_seconds())


@shared_task(name="tend_watch")
def tend_watch(organization_id: str, link_id: str) -> None:
    """Open, renew or close what one link has of watches."""
    watches.tend(runtime(), UUID(organization_id), UUID(link_id))


@shared_task(name="expire_holds")
def expire_holds() -> None:
    """Give back what held bookings kept too long."""
    expiry.expire_lapsed(runtime())


@shared_task(name="settle_checks")
def settle_checks() -> None:
    """Confirm or verify bookings whose channels have answered since."""
    answers.settle(runtime())


@shared_task(name="relay")
def relay() -> None:
    """
    Tell the rest of the house what the outbox holds; calendars that are due by that are handed out at once,
    for people look at them.
    """
    if relaying.relay(runtime()):
        pull_due()


@shared_task(name="look")
def look() -> None:
    """Look what is the matter; that a worker does is a sign that it is alive."""
    hearts.beat(runtime(), "worker")
    looking.look(runtime())


@shared_task(name="deliver")
def deliver() -> None:
    """Tell of alerts whoever is still to hear of them."""
    delivering.deliver(runtime())


@shared_task(name="sweep")
def sweep() -> None:
    """Forget what has been kept long enough."""
    sweeps.sweep(runtime())


@shared_task(name="retention")
def retention() -> None:
    """Forget what the settings say is to be kept no longer."""
    retention_service.carry_out(runtime().database, runtime().settings)


@shared_task(name="back_up")
def back_up() -> None:
    """Write a backup where one is due, and its keys anew where somebody was forgotten since."""
    backing.back_up_if_due(runtime())

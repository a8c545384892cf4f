"""What workers do. Each task may run any number of times, at any time: rows say what is to be done."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from sync import due, expiry, sweeps
from sync import pull as pulling
from sync import relay as relaying
from workers.process import runtime
from workers.schedule import PULLS

PULLS_AT_ONCE = 200
"""Links handed out at a time; the others stay due"""


@shared_task(name="pull_due")
def pull_due() -> None:
    """One message for each link whose time has come. A claim that ran out was handed out again since."""
    claimed = runtime().settings.lease_seconds
    for organization_id, link_id in due.claim_due(runtime(), limit=PULLS_AT_ONCE):
        pull.apply_async((str(organization_id), str(link_id)), queue=PULLS, expires=claimed)


@shared_task(name="pull")
def pull(organization_id: str, link_id: str, trigger: str = "schedule") -> None:
    """Bring what we hold of one link's calendar up to date."""
    pulling.pull(runtime(), UUID(organization_id), UUID(link_id), trigger=trigger)


@shared_task(name="expire_holds")
def expire_holds() -> None:
    """Give back what held bookings kept too long."""
    expiry.expire_lapsed(runtime())


@shared_task(name="relay")
def relay() -> None:
    """Tell the rest of the house what the outbox holds."""
    relaying.relay(runtime())


@shared_task(name="sweep")
def sweep() -> None:
    """Forget what has been kept long enough."""
    sweeps.sweep(runtime())

"""Housekeeping by the timetable: what is no longer needed goes, each kind after its own time."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from hub import clock
from hub.database import Actor
from hub.queries import external, hosts, remembered
from hub.queries import links as links_query
from sync import conflicts, forgetting
from sync.alerting import looking
from sync.restanding import restand
from sync.runtime import Runtime

log = logging.getLogger(__name__)

RETENTION: dict[str, tuple[timedelta, str]] = {
    "outbox": (timedelta(days=7), "state = 'done' AND done_at < :before"),
    "refresh_tokens": (timedelta(days=1), "expires_at < :before"),
    "connection_sign_ins": (timedelta(days=1), "expires_at < :before"),
    "watch_channels": (timedelta(days=1), "expires_at < :before"),
    "feed_fetches": (timedelta(days=90), "last_at < :before"),
    "feed_entries": (timedelta(days=400), "withdrawn_at < :before"),
    "feed_exports": (timedelta(days=400), "until_at < :before"),
    "external_events": (timedelta(days=400), "ends_at < :before"),
    "sync_ops": (timedelta(days=90), remembered.OPS),
    "sync_items": (timedelta(days=90), remembered.TOMBSTONES),
}
"""Per table how long what is over is kept, and what is over; what can be set is in hub.services.retention"""

HOSTS = timedelta(days=7)
"""After which a host that was spared and not heard of since is like any other"""

BATCH = 5_000
"""Rows a transaction, so that a backlog never outlasts a statement's time"""


def sweep(runtime: Runtime) -> dict[str, int]:
    """Close what is over and remove what is past its time, in every organization: rows per table."""
    now = clock.now()
    swept = dict.fromkeys(("conflicts", "words", *RETENTION), 0)
    with runtime.database.unit_of_work(None) as session:
        organizations = session.scalars(text("SELECT all_organizations()")).all()
    for organization_id in organizations:
        for table, (kept, over) in RETENTION.items():
            swept[table] += _remove(runtime, organization_id, table, over, now - kept)
        close = partial(conflicts.close_past, most=BATCH)
        swept["conflicts"] += runtime.database.transact(organization_id, close, Actor("worker"))
        swept["words"] += forgetting.forget(runtime, organization_id, now)
        _restand(runtime, organization_id, now)
    with runtime.database.unit_of_work(None) as session:
        swept["remote_hosts"] = hosts.forget(session, now - HOSTS)
    looking.forget(runtime)
    return swept


def _restand(runtime: Runtime, organization_id: UUID, now: datetime) -> None:
    """What came back of our own words stands otherwise once our feeds, or only the time, went on."""
    with runtime.database.unit_of_work(organization_id) as session:
        links = external.links_to_restand(session, now)
    for link_id in links:
        try:
            work = partial(_restand_one, link_id=link_id)
            runtime.database.transact(organization_id, work, Actor("worker"))
        except Exception:  # whatever is the matter with one link: the others, and the next hour, go on
            log.exception("the events of link %s could not be judged anew", link_id)


def _restand_one(session: Session, *, link_id: UUID) -> None:
    restand(session, links_query.locked(session, link_id), clock.now())


def _remove(runtime: Runtime, organization_id: UUID, table: str, over: str, before: datetime) -> int:
    some = (
        f"SELECT {table}.id FROM {table} WHERE {over}"  # noqa: S608 -- made of the constants above
        f" LIMIT {BATCH} FOR UPDATE OF {table} SKIP LOCKED"
    )
    statement = text(f"DELETE FROM {table} WHERE id IN ({some}) RETURNING 1")  # noqa: S608
    removed = 0
    while True:
        with runtime.database.unit_of_work(organization_id) as session:
            gone = len(session.execute(statement, {"before": before}).all())
        removed += gone
        if gone < BATCH:
            return removed

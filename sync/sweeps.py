"""Housekeeping by the timetable: what is no longer needed goes, each kind after its own time."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import text

from hub import clock
from sync.runtime import Runtime

RETENTION: dict[str, tuple[timedelta, str]] = {
    "idempotency_keys": (timedelta(days=7), "DELETE FROM idempotency_keys WHERE created_at < :before"),
    "outbox": (timedelta(days=7), "DELETE FROM outbox WHERE state = 'done' AND done_at < :before"),
    "refresh_tokens": (timedelta(days=1), "DELETE FROM refresh_tokens WHERE expires_at < :before"),
    "sync_runs": (
        timedelta(days=90),
        "DELETE FROM sync_runs WHERE finished_at < :before AND state IN ('done', 'failed', 'cancelled')",
    ),
    "feed_fetches": (timedelta(days=90), "DELETE FROM feed_fetches WHERE last_at < :before"),
    "feed_entries": (timedelta(days=400), "DELETE FROM feed_entries WHERE withdrawn_at < :before"),
    "external_events": (timedelta(days=400), "DELETE FROM external_events WHERE ends_at < :before"),
}
"""Per table how long what is over is kept, and the statement that removes it"""


def sweep(runtime: Runtime) -> dict[str, int]:
    """Remove what is past its time, in every organization: rows removed per table."""
    now: datetime = clock.now()
    removed = dict.fromkeys(RETENTION, 0)
    with runtime.database.unit_of_work(None) as session:
        organizations = session.scalars(text("SELECT all_organizations()")).all()
    for organization_id in organizations:
        for table, (kept, statement) in RETENTION.items():
            with runtime.database.unit_of_work(organization_id) as session:
                gone = session.execute(text(statement + " RETURNING 1"), {"before": now - kept}).all()
            removed[table] += len(gone)
    return removed

"""What has been kept for long enough: taken away a batch at a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

OLD: Mapping[str, str] = {
    "mails": "created_at < :before",
    "sync_runs": "CASE WHEN link_id IS NOT NULL"
    " THEN finished_at < :before AND state IN ('done', 'failed', 'cancelled', 'retried')"
    " ELSE created_at < :before AND NOT EXISTS (SELECT FROM sync_runs child WHERE child.organization_id ="
    " sync_runs.organization_id AND child.parent_id = sync_runs.id) END",
    "payloads": "last_at < :before",
    "invitations": "expires_at < :before",
    "registrations": "expires_at < :before",
    "password_resets": "expires_at < :before",
    "idempotency_keys": "created_at < :before",
}
"""Per table, what is over"""

_GUESTS = text("""
    SELECT g.id FROM guests g
    WHERE length(g.sealed) > 0 AND g.created_at < :before
      AND NOT EXISTS (
        SELECT FROM bookings b
        WHERE b.organization_id = g.organization_id AND b.guest_id = g.id AND b.ends_at >= :before)
    ORDER BY g.id LIMIT :most
""")

_EVENTS = text("""
    UPDATE external_events SET sealed = '' WHERE id IN (
        SELECT id FROM external_events WHERE ends_at < :before AND length(sealed) > 0 LIMIT :most
        FOR NO KEY UPDATE SKIP LOCKED)
    RETURNING 1
""")


def delete_old(session: Session, before: datetime, table: str, most: int) -> int:
    some = f"SELECT id FROM {table} WHERE {OLD[table]} LIMIT {most:d}"  # noqa: S608 -- of the table above
    # Said again of what is deleted: what was touched meanwhile may be old no more.
    which = f"{OLD[table]} AND id IN ({some})"
    statement = text(f"DELETE FROM {table} WHERE {which} RETURNING 1")  # noqa: S608 -- the same
    return len(session.execute(statement, {"before": before}).all())


def clear_event_texts(session: Session, before: datetime, most: int) -> int:
    """What channels wrote of stays that are over; that they were there stays known."""
    return len(session.execute(_EVENTS, {"before": before, "most": most}).all())


def guests_gone(session: Session, before: datetime, most: int) -> tuple[UUID, ...]:
    return tuple(session.scalars(_GUESTS, {"before": before, "most": most}))

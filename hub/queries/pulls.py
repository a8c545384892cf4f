"""How a pull begins and mostly ends, in one statement each: most bring nothing, and cost only this."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from hub.database import Database
from hub.domain.gaps import NEWEST
from hub.errors import NotFound
from hub.queries.links import Lease


@dataclass(frozen=True, slots=True)
class Pullable:
    """All that asking a link's channel needs; the settings are sealed."""

    connector: str
    name: str
    """Of the connection"""
    direction: str
    shared_sealed: bytes
    """The connection's settings, which the link's own complete"""
    own_sealed: bytes
    time_zone: str
    """The property's"""
    host: str
    cursor: dict[str, Any] | None
    interval_seconds: int
    next_pull_at: datetime
    waits: bool
    """Something of it waits to be freed"""
    is_asked_for: bool
    """A run waits to be answered"""
    rests_until: datetime | None
    scan_at: datetime | None
    by_event: bool
    """It is synced event by event, and not read as a whole"""
    dirty_seq: int
    notices: int
    full_pending: bool
    inflight: bool
    touched: bool
    """These three as `hub.queries.sync.Waiting` has them, of what is synced event by event"""
    arrives_at: datetime | None
    """When the next of what the calendar holds, or of what we sold of its units, begins"""


_READ = text("""
    SELECT c.connector, c.name, l.direction, l.rests_until, l.scan_at,
           c.settings_sealed AS shared_sealed, l.settings_sealed AS own_sealed, p.time_zone,
           l.host, l.cursor, l.interval_seconds, l.next_pull_at, l.guard IS NOT NULL AS waits,
           l.calendar_key IS NOT NULL AS by_event, l.dirty_seq, l.notices, l.full_pending,
           l.calendar_key IS NOT NULL AND EXISTS (
               SELECT FROM sync_ops o WHERE o.organization_id = l.organization_id AND o.link_id = l.id
               AND o.state IN ('ready', 'inflight')) AS inflight,
           l.calendar_key IS NOT NULL AND EXISTS (
               SELECT FROM sync_items i WHERE i.organization_id = l.organization_id AND i.link_id = l.id
               AND i.touched) AS touched,
           EXISTS (SELECT FROM sync_runs r WHERE r.organization_id = l.organization_id AND r.link_id = l.id
                   AND r.state IN ('queued', 'running')) AS is_asked_for,
           least((SELECT min(e.starts_at) FROM external_events e WHERE e.organization_id = l.organization_id
                  AND e.link_id = l.id AND e.starts_at > :now),
                 (SELECT min(next.starts_at) FROM units u
                  JOIN unit_types t ON t.organization_id = u.organization_id AND t.id = u.unit_type_id
                  LEFT JOIN unit_parts of ON of.organization_id = u.organization_id AND of.whole_id = u.id
                  CROSS JOIN LATERAL (
                      SELECT a.starts_at FROM allocations a
                      WHERE a.organization_id = u.organization_id AND a.unit_id = coalesce(of.part_id, u.id)
                        AND a.ends_at > :now AND a.starts_at > :now AND a.item_id IS NOT NULL
                        AND (a.hold_until IS NULL OR a.hold_until > :now)
                      ORDER BY a.ends_at LIMIT 1) AS next
                  WHERE u.organization_id = l.organization_id AND u.property_id = l.property_id
                    AND u.archived_at IS NULL AND u.id = coalesce(l.unit_id, u.id)
                    AND u.unit_type_id = coalesce(l.unit_type_id, u.unit_type_id)
                    AND t.category = coalesce(l.category, t.category))) AS arrives_at
    FROM links l
    JOIN connections c ON c.organization_id = l.organization_id AND c.id = l.connection_id
    JOIN properties p ON p.organization_id = l.organization_id AND p.id = l.property_id
    WHERE l.id = CAST(:link AS uuid)
""")

# Whatever a person must be told of, or waits, or was asked for meanwhile, takes the long way. Who asks at
# this very moment has the row locked: of what they wrote, this statement then sees the row alone.
_UNCHANGED = text("""
    UPDATE links SET lease_until = 'epoch', attempts = 0, failures = 0, failing_since = NULL,
                     cursor = :cursor, synced_seq = dirty_seq, noticed = notices,
                     verified_at = CAST(:now AS timestamptz),
                     measured_seconds = (
                         SELECT coalesce(measured_seconds + :newest * (gap - measured_seconds), gap,
                                         measured_seconds)
                         FROM (SELECT CASE WHEN verified_at IS NOT NULL THEN greatest(
                                   0, extract(epoch FROM CAST(:now AS timestamptz) - verified_at)) END
                               AS gap) AS newest),
                     next_pull_at = CAST(:next_pull_at AS timestamptz)
    WHERE id = CAST(:link AS uuid) AND fence = :fence AND state = 'active' AND state_reason IS NULL
      AND guard IS NULL AND next_pull_at = CAST(:seen AS timestamptz)
      AND dirty_seq = :dirty_seq AND notices = :notices
      AND NOT EXISTS (SELECT FROM sync_runs r
                      WHERE r.organization_id = links.organization_id AND r.link_id = links.id
                        AND r.state IN ('queued', 'running'))
    RETURNING 1
""").bindparams(bindparam("cursor", type_=JSONB))


def read(session: Session, link_id: UUID, now: datetime) -> Pullable:
    row = session.execute(_READ, {"link": link_id, "now": now}).one_or_none()
    if row is None:
        raise NotFound.because("not_found", "there is no such link")
    return Pullable(**row._asdict())


def end_unchanged(
    database: Database,
    lease: Lease,
    link: Pullable,
    now: datetime,
    next_pull_at: datetime,
    cursor: dict[str, str],
) -> bool:
    """
    End a pull that brought nothing, and give its lease back: False where that is not all there is to do, or
    the lease is lost. Then nothing is written. `link` is as the pull began.
    """
    known: dict[str, Any] = {
        "seen": link.next_pull_at,
        "now": now,
        "next_pull_at": next_pull_at,
        "cursor": cursor,
    }
    known |= {"link": lease.link_id, "fence": lease.fence}
    known |= {"dirty_seq": link.dirty_seq, "notices": link.notices, "newest": NEWEST}
    return database.at_once(lease.organization_id, _UNCHANGED, known)

"""Runs of many links: how their children stand, and what becomes of them all at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from hub.errors import NotFound
from hub.models.records import SyncRun

_TALLY = text("""
    SELECT parent_id,
           count(*) FILTER (WHERE state = 'queued') AS queued,
           count(*) FILTER (WHERE state = 'running') AS running,
           count(*) FILTER (WHERE state = 'done') AS done,
           count(*) FILTER (WHERE state IN ('failed', 'quarantined')) AS failed,
           count(*) FILTER (WHERE state = 'cancelled') AS cancelled,
           count(*) FILTER (WHERE state = 'retried') AS retried,
           count(DISTINCT link_id) FILTER (
               WHERE changed AND state NOT IN ('queued', 'running')) AS changed,
           count(*) FILTER (WHERE finished_at > :since AND state <> 'cancelled') AS recent,
           min(started_at) AS began_at, max(finished_at) AS ended_at
    FROM sync_runs WHERE parent_id = ANY(:parents) GROUP BY parent_id
""")
_COUNTS = text("""
    SELECT r.parent_id, said.key AS name, sum(said.value::bigint) AS number
    FROM sync_runs r CROSS JOIN LATERAL jsonb_each(r.counts) AS said(key, value)
    WHERE r.parent_id = ANY(:parents) AND jsonb_typeof(said.value) = 'number'
    GROUP BY 1, 2 ORDER BY 2
""")
_UNFINISHED = text("""
    SELECT p.id FROM sync_runs p
    WHERE p.link_id IS NULL AND p.request_hash = :hash AND p.state = 'running'
      AND EXISTS (SELECT FROM sync_runs c WHERE c.organization_id = p.organization_id AND c.parent_id = p.id
                  AND c.state IN ('queued', 'running'))
    ORDER BY p.id LIMIT 1
""")
_CANCEL = text("""
    UPDATE sync_runs SET state = 'cancelled', finished_at = :now, error = :reason
    WHERE id IN (SELECT id FROM sync_runs WHERE parent_id = CAST(:parent AS uuid) AND state = 'queued'
                 ORDER BY id FOR UPDATE)
    RETURNING 1
""")
_QUEUE = text("""
    UPDATE sync_runs SET state = 'queued', started_at = NULL, finished_at = NULL, error = NULL
    WHERE id IN (SELECT id FROM sync_runs WHERE parent_id = CAST(:parent AS uuid) AND state = 'cancelled'
                   AND link_id = ANY(:links) ORDER BY id FOR UPDATE)
    RETURNING 1
""")
_RETRIED = text("""
    UPDATE sync_runs SET state = 'retried'
    WHERE parent_id = CAST(:parent AS uuid) AND state = 'failed' AND link_id = ANY(:links)
""")
# Who works along takes what nobody else has taken: under a claim that runs out, as the timetable's do. As a
# plain subquery the first part could be run again for every link, and take one more each time.
_CLAIM = text("""
    WITH due AS MATERIALIZED (
        SELECT l.organization_id, l.id
        FROM sync_runs r JOIN links l ON l.organization_id = r.organization_id AND l.id = r.link_id
        WHERE r.parent_id = CAST(:parent AS uuid) AND r.state IN ('queued', 'running')
          AND l.next_pull_at <= :now AND l.lease_until < clock_timestamp()
          AND (l.host = '' OR :at_host > (
              SELECT count(*) FROM links o
              WHERE o.host = l.host AND o.lease_until > clock_timestamp() AND o.lease_until > 'epoch'))
        ORDER BY l.next_pull_at, l.id LIMIT 1 FOR UPDATE OF l SKIP LOCKED
    )
    UPDATE links SET next_pull_at = :again_at FROM due
    WHERE links.organization_id = due.organization_id AND links.id = due.id
    RETURNING links.id
""")
_NEXT = text("""
    SELECT min(CASE WHEN l.lease_until > clock_timestamp() THEN CAST(:now AS timestamptz)
                    ELSE l.next_pull_at END)
    FROM sync_runs r JOIN links l ON l.organization_id = r.organization_id AND l.id = r.link_id
    WHERE r.parent_id = CAST(:parent AS uuid) AND r.state IN ('queued', 'running')
""")
# A host's wish holds for all of its links, an account's quota for one; our own pause stops nobody who asks.
_RESTING = text("""
    WITH unfinished AS (
        SELECT r.parent_id, h.name, greatest(l.rests_until, h.asked_until) AS until,
               l.lease_until > clock_timestamp() AS at_work
        FROM sync_runs r JOIN links l ON l.organization_id = r.organization_id AND l.id = r.link_id
        LEFT JOIN spared_hosts(:now) h ON h.name = l.host AND h.asked_until > :now
        WHERE r.parent_id = ANY(:parents) AND r.state IN ('queued', 'running')
    )
    SELECT parent_id, min(until) AS until,
           coalesce(array_agg(DISTINCT name) FILTER (WHERE name IS NOT NULL), '{}') AS hosts
    FROM unfinished GROUP BY parent_id
    HAVING bool_and(NOT at_work AND coalesce(until > :now, false))
""")
_LIMIT = text("SELECT CAST(NULLIF(current_setting('hub.properties', true), '') AS uuid[])")
_ALONE = text("SELECT pg_advisory_xact_lock(:key)")


@dataclass(frozen=True, slots=True)
class Told:
    """What a run's children come to; `tally` is null for one without any."""

    tally: Row[Any] | None
    counts: Mapping[str, int]
    resting: Row[Any] | None
    """(until, hosts) where all that is left must not be asked for yet"""


def told(
    session: Session, parent_ids: Collection[UUID], since: datetime, now: datetime
) -> Mapping[UUID, Told]:
    """Of each of these runs. `recent` of a tally are those that have ended since then."""
    known = {"parents": list(parent_ids)}
    tallies = {row.parent_id: row for row in session.execute(_TALLY, known | {"since": since})}
    counts: dict[UUID, dict[str, int]] = {}
    for row in session.execute(_COUNTS, known):
        counts.setdefault(row.parent_id, {})[row.name] = int(row.number)
    left = [one for one, row in tallies.items() if row.queued or row.running]
    resting = {
        row.parent_id: row
        for row in (session.execute(_RESTING, {"parents": left, "now": now}) if left else ())
    }
    return {one: Told(tallies.get(one), counts.get(one, {}), resting.get(one)) for one in parent_ids}


def alone(session: Session, request_hash: bytes) -> None:
    """Whoever asks the same at this moment waits until the transaction ends."""
    session.execute(_ALONE, {"key": int.from_bytes(request_hash[:8], "big", signed=True)})


def unfinished(session: Session, request_hash: bytes) -> SyncRun | None:
    """The run of an equal request that is under way, locked: also once whoever was ending it has done so."""
    known = {"hash": request_hash}
    run_id = session.scalar(_UNFINISHED, known)
    if run_id is None:
        return None
    run = locked(session, run_id)
    return run if session.scalar(_UNFINISHED, known) == run_id else None


def limit(session: Session) -> list[UUID] | None:
    """The properties to which the unit of work is limited; None for all."""
    found: list[UUID] | None = session.scalar(_LIMIT)
    return found


def locked(session: Session, run_id: UUID) -> SyncRun:
    """A run as it is now: of two who steer it the second waits."""
    statement = select(SyncRun).where(SyncRun.id == run_id).with_for_update()
    run = session.scalars(statement.execution_options(populate_existing=True)).one_or_none()
    if run is None:
        raise NotFound.because("not_found", "there is no such run")
    return run


def links_of(session: Session, parent_id: UUID, state: str) -> tuple[UUID, ...]:
    statement = select(SyncRun.link_id).where(SyncRun.parent_id == parent_id, SyncRun.state == state)
    return tuple(link_id for link_id in session.scalars(statement) if link_id is not None)


def children(
    session: Session,
    parent_id: UUID,
    *,
    state: str | None = None,
    limit: int,
    after: UUID | None = None,
    latest: bool = False,
) -> Sequence[SyncRun]:
    """
    In the order in which they were asked for; `after` is the id of the last one already seen. `latest`: one
    of each link, without those in whose place others are.
    """
    statement = select(SyncRun).where(SyncRun.parent_id == parent_id)
    if latest:
        statement = statement.where(SyncRun.state != "retried")
    if state is not None:
        statement = statement.where(SyncRun.state == state)
    if after is not None:
        statement = statement.where(SyncRun.id > after)
    return tuple(session.scalars(statement.order_by(SyncRun.id).limit(limit)))


def cancel(session: Session, parent_id: UUID, now: datetime, reason: str) -> int:
    """Those of its children that wait: how many."""
    return len(session.execute(_CANCEL, {"parent": parent_id, "now": now, "reason": reason}).all())


def queue_again(session: Session, parent_id: UUID, link_ids: Collection[UUID]) -> int:
    """Its cancelled children of these links: how many. The links are locked."""
    return len(session.execute(_QUEUE, {"parent": parent_id, "links": list(link_ids)}).all())


def mark_retried(session: Session, parent_id: UUID, link_ids: Collection[UUID]) -> None:
    """Its failed children of these links: others take their places."""
    session.execute(_RETRIED, {"parent": parent_id, "links": list(link_ids)})


def claim(
    session: Session, parent_id: UUID, now: datetime, again_at: datetime, *, at_host: int
) -> UUID | None:
    """A link of a child that waits, taken from the timetable until `again_at`."""
    known = {"parent": parent_id, "now": now, "again_at": again_at, "at_host": at_host}
    found: UUID | None = session.scalar(_CLAIM, known)
    return found


def next_at(session: Session, parent_id: UUID, now: datetime) -> datetime | None:
    """When the next of its open children is due; `now` where one is at work; None where none is open."""
    found: datetime | None = session.scalar(_NEXT, {"parent": parent_id, "now": now})
    return found

"""What channels sent, and which runs read it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import Row, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from hub.database import organization_of
from hub.errors import NotFound
from hub.ids import new_id
from hub.models.payloads import Payload, RunPayload

Stored: TypeAlias = Row[UUID, str, int, bytes, datetime, datetime]

_TRIM = text("""
    WITH counted AS (
        SELECT id, last_at, sum(octet_length(sealed)) OVER (ORDER BY last_at DESC, id DESC) AS so_far
        FROM payloads),
    beyond AS (
        SELECT p.id FROM payloads p JOIN counted c ON c.id = p.id AND c.last_at = p.last_at
        WHERE c.so_far > :most_bytes ORDER BY p.last_at, p.id LIMIT :most
        FOR UPDATE OF p SKIP LOCKED)
    DELETE FROM payloads WHERE id IN (SELECT id FROM beyond) RETURNING 1
""")
"""What was cited again while it waited to be locked has another time: it stays"""


def seen_again(session: Session, digest: bytes, now: datetime) -> UUID | None:
    """The payload of that hash, kept from now on for the retention; None where there is none."""
    statement = update(Payload).where(Payload.digest == digest).values(last_at=now).returning(Payload.id)
    return session.scalar(statement)


def keep(session: Session, digest: bytes, media_type: str, size: int, sealed: bytes, now: datetime) -> UUID:
    """The same of one that nobody has, or that another transaction has just stored."""
    statement = insert(Payload).values(
        organization_id=organization_of(session),
        id=new_id(),
        digest=digest,
        media_type=media_type,
        size=size,
        sealed=sealed,
        first_at=now,
        last_at=now,
    )
    known = statement.on_conflict_do_update(
        index_elements=["organization_id", "digest"], set_={"last_at": now}
    )
    return session.scalars(known.returning(Payload.id)).one()


def trim(session: Session, most_bytes: int, most: int) -> int:
    """Remove some of what is beyond so many bytes, the oldest cited first; how many. It waits for nobody."""
    return len(session.execute(_TRIM, {"most_bytes": most_bytes, "most": most}).all())


def cite(session: Session, run_id: UUID, payload_ids: Sequence[UUID]) -> None:
    """A run read these, in this order, after what it had read before it waited again."""
    organization_id = organization_of(session)
    before = session.scalar(select(func.count()).where(RunPayload.run_id == run_id)) or 0
    session.add_all(
        RunPayload(
            organization_id=organization_id, id=new_id(), run_id=run_id, payload_id=payload_id, position=place
        )
        for place, payload_id in enumerate(payload_ids, before)
    )
    session.flush()


def of_run(session: Session, run_id: UUID) -> Sequence[Stored]:
    """(payload_id, media_type, size, digest, first_at, last_at), in the order in which they were read."""
    columns = (
        Payload.id,
        Payload.media_type,
        Payload.size,
        Payload.digest,
        Payload.first_at,
        Payload.last_at,
    )
    statement = select(*columns).join(RunPayload, RunPayload.payload_id == Payload.id)
    return session.execute(statement.where(RunPayload.run_id == run_id).order_by(RunPayload.position)).all()


def one(session: Session, run_id: UUID, payload_id: UUID) -> Payload:
    """A payload that this run read."""
    read = select(RunPayload.payload_id).where(RunPayload.run_id == run_id)
    found = session.scalar(select(Payload).where(Payload.id == payload_id, Payload.id.in_(read)))
    if found is None:
        raise NotFound.because("not_found", "there is no such payload of this run")
    return found

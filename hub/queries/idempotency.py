"""Keys of creates that were answered: claimed before the effect, filled in after it."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from hub import clock
from hub.database import organization_of
from hub.ids import new_id
from hub.models.records import IdempotencyKey


def claim(session: Session, caller_id: UUID, key: str, request_hash: bytes) -> bool:
    """
    Whether the key is now ours to answer.

    Waits for a parallel transaction that claimed it first: if that commits, it has been answered; if that
    rolls back, it is ours.
    """
    row = {
        "organization_id": organization_of(session),
        "id": new_id(),
        "caller_id": caller_id,
        "key": key,
        "request_hash": request_hash,
        "status": 0,
        "body": b"",
        "headers": {},
        "created_at": clock.now(),
    }
    claimed = insert(IdempotencyKey).values(row).on_conflict_do_nothing().returning(IdempotencyKey.id)
    return session.execute(claimed).first() is not None


def answered(session: Session, caller_id: UUID, key: str) -> IdempotencyKey | None:
    statement = select(IdempotencyKey)
    return session.scalars(
        statement.where(IdempotencyKey.caller_id == caller_id, IdempotencyKey.key == key)
    ).one_or_none()


def keep(
    session: Session, caller_id: UUID, key: str, status: int, body: bytes, headers: Mapping[str, str]
) -> None:
    """Store the answer under the key that this transaction claimed."""
    session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.caller_id == caller_id, IdempotencyKey.key == key)
        .values(status=status, body=body, headers=dict(headers))
    )

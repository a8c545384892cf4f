"""Reading an organization's keys."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from hub.database import organization_of
from hub.errors import NotFound
from hub.models.access import ApiKey


def one(session: Session, key_id: UUID, *, lock: bool = False) -> ApiKey:
    """With `lock`, nobody else changes the key until the transaction ends."""
    found = session.get(
        ApiKey,
        (organization_of(session), key_id),
        populate_existing=lock,
        with_for_update={"key_share": True} if lock else None,
    )
    if found is None:
        raise NotFound.because("not_found", "there is no such key")
    return found


def page(
    session: Session, limit: int, after: tuple[datetime, UUID] | None, *, revoked: bool = False
) -> tuple[ApiKey, ...]:
    """Keys, the first one first; `after` is the (created_at, id) of the last one already seen."""
    statement = select(ApiKey).order_by(ApiKey.created_at, ApiKey.id).limit(limit)
    if not revoked:
        statement = statement.where(ApiKey.revoked_at.is_(None))
    if after is not None:
        statement = statement.where(tuple_(ApiKey.created_at, ApiKey.id) > after)
    return tuple(session.scalars(statement))


def by_prefix(session: Session, prefix: str) -> ApiKey:
    """The key that is shown so."""
    found = session.scalar(select(ApiKey).where(ApiKey.prefix == prefix))
    if found is None:
        raise NotFound.because("not_found", f"there is no key {prefix}")
    return found


def made_by(session: Session, member_id: UUID) -> tuple[UUID, ...]:
    """Of the keys that are good, those that a member made, in the order of their ids."""
    statement = select(ApiKey.id).where(ApiKey.created_by == member_id, ApiKey.revoked_at.is_(None))
    return tuple(session.scalars(statement.order_by(ApiKey.id)))

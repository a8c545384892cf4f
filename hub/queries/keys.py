"""
Data keys of an organization, and the rows that are sealed by them.

It knows nothing of `hub.database`, which stands on it: the session's own organization is all that is seen.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from hub.ids import new_id
from hub.models.keys import AccountKey, OrganizationKey
from hub.models.organizations import Account, Member
from hub.vault import OF_PERSON


@dataclass(frozen=True, slots=True)
class Column:
    """Where sealed values are kept."""

    table: str
    name: str
    most: int | None = None
    """In one batch, where they are large: megabytes each"""

    def __str__(self) -> str:
        return f"{self.table}.{self.name}"


SEALED: tuple[Column, ...] = (
    Column("guest_keys", "sealed"),
    Column("bookings", "cancel_reason_sealed"),
    Column("blackouts", "note_sealed"),
    Column("connections", "settings_sealed"),
    Column("connection_sign_ins", "sealed"),
    Column("links", "settings_sealed"),
    Column("links", "feed_token_sealed"),
    Column("external_events", "sealed"),
    Column("sync_items", "remote_sealed"),
    Column("sync_items", "text_sealed"),
    Column("conflicts", "sealed"),
    Column("invitations", "sealed"),
    Column("registrations", "sealed"),
    Column("payloads", "sealed", most=8),
    Column("mails", "sealed"),
    Column("idempotency_keys", "body"),
)
"""What the organization's data keys seal; a person's own key is among them, what that one seals is not"""

_NOT_NEWEST = (
    "length({column}) > 0 AND get_byte({column}, 0) <> 2 AND substring({column} FROM 1 FOR 3) <> :prefix"
)


def every(session: Session) -> Sequence[Row[int, bytes]]:
    """(number, sealed), the oldest first."""
    with session.no_autoflush:
        statement = select(OrganizationKey.number, OrganizationKey.sealed)
        return session.execute(statement.order_by(OrganizationKey.number)).all()


def add(session: Session, organization_id: UUID, number: int, sealed: bytes, now: datetime) -> bool:
    """Whether this is the key of that number now; another transaction's may be, whose end was waited for."""
    row = {
        "organization_id": organization_id,
        "id": new_id(),
        "number": number,
        "sealed": sealed,
        "created_at": now,
    }
    statement = insert(OrganizationKey).values(row).on_conflict_do_nothing().returning(OrganizationKey.id)
    with session.no_autoflush:
        return session.execute(statement).first() is not None


def locked(session: Session) -> Sequence[OrganizationKey]:
    """All of them, the oldest first, that nobody else may change meanwhile."""
    statement = select(OrganizationKey).order_by(OrganizationKey.number).with_for_update(key_share=True)
    return session.scalars(statement.execution_options(populate_existing=True)).all()


def retire(session: Session, before: int, now: datetime) -> None:
    """No row was found that needs a key older than this one; it stays for who has not heard of it yet."""
    session.execute(
        update(OrganizationKey)
        .where(OrganizationKey.number < before, OrganizationKey.retired_at.is_(None))
        .values(retired_at=now)
    )


def retired(session: Session, before: datetime) -> tuple[int, ...]:
    """Numbers of keys that were retired before then."""
    statement = select(OrganizationKey.number).where(OrganizationKey.retired_at < before)
    return tuple(session.scalars(statement))


def remove(session: Session, numbers: Collection[int]) -> None:
    session.execute(delete(OrganizationKey).where(OrganizationKey.number.in_(numbers)))


def count_old(session: Session, column: Column, prefix: bytes) -> int:
    """Values that another key than that of this prefix seals."""
    which = _NOT_NEWEST.format(column=column.name)
    found: int = session.scalar(
        text(f"SELECT count(*) FROM {column.table} WHERE {which}"),  # noqa: S608 -- names of our tables
        {"prefix": prefix},
    )
    return found


def old(
    session: Session, column: Column, prefix: bytes, after: UUID, most: int, *, wait: bool
) -> Sequence[Row[Any]]:
    """(id, sealed) of the next ones, locked; what others are changing is passed over unless we may wait."""
    which = _NOT_NEWEST.format(column=column.name)
    statement = (
        f"SELECT id, {column.name} AS sealed FROM {column.table}"  # noqa: S608 -- names of our tables
        f" WHERE id > :after AND {which} ORDER BY id LIMIT :most"
        f" FOR NO KEY UPDATE{'' if wait else ' SKIP LOCKED'}"
    )
    return session.execute(text(statement), {"after": after, "prefix": prefix, "most": most}).all()


def replace(session: Session, column: Column, organization_id: UUID, sealed: Mapping[UUID, bytes]) -> None:
    """Write the same values sealed anew; no version counts it, because nothing was changed."""
    statement = (
        f"UPDATE {column.table} AS kept SET {column.name} = new.sealed"  # noqa: S608 -- names of our tables
        " FROM unnest(CAST(:ids AS uuid[]), CAST(:sealed AS bytea[])) AS new(id, sealed)"
        " WHERE kept.organization_id = :organization_id AND kept.id = new.id"
    )
    session.execute(
        text(statement),
        {"organization_id": organization_id, "ids": list(sealed), "sealed": list(sealed.values())},
    )


def account_keys(session: Session) -> Sequence[AccountKey]:
    """Of the members of this organization, locked; some are members of others as well."""
    members = select(Member.account_id)
    statement = select(AccountKey).where(AccountKey.account_id.in_(members)).order_by(AccountKey.account_id)
    return session.scalars(statement.with_for_update(key_share=True)).all()


def accounts_without_key(session: Session) -> Sequence[Account]:
    """Members' accounts that were written before people had keys of their own; locked."""
    statement = (
        select(Account)
        .where(func.length(Account.sealed) > 0, func.get_byte(Account.sealed, 0) != OF_PERSON[0])
        .order_by(Account.id)
    )
    return session.scalars(statement.with_for_update(key_share=True)).all()

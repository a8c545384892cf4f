"""Organizations, and the people who may act for them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.ids import new_id
from hub.models.base import Base, Owned, belongs_to, of_organization, one_of
from hub.models.keys import AccountKey

ROLES = ("guest", "staff", "manager", "admin", "super_admin")


class Organization(Base):
    __tablename__ = "organizations"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    created_at: Mapped[datetime]


class Account(Base):
    """A person who can sign in. Of the hub, not of one organization; seen only through a membership."""

    __tablename__ = "accounts"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    email_index: Mapped[bytes] = mapped_column(unique=True)
    sealed: Mapped[bytes]
    """{"email", "name"}"""
    password_hash: Mapped[str]
    preferences: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """locale, time_zone, theme ...: what the person chose for themselves, and no name"""
    created_at: Mapped[datetime]
    proven_at: Mapped[datetime | None]
    """Since when it is certain that who signs in also reads the mail at its address; see `sign_in`"""
    disabled_at: Mapped[datetime | None]

    key: Mapped[AccountKey | None] = relationship(
        primaryjoin="Account.id == foreign(AccountKey.account_id)", viewonly=True, lazy="selectin"
    )
    """Read with the account, whoever reads it; None once they are forgotten"""


class Member(Owned):
    __tablename__ = "members"
    __table_args__ = (
        of_organization(),
        UniqueConstraint("organization_id", "account_id"),
        one_of("role", ROLES),
        Index(None, "account_id"),
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    role: Mapped[str]
    created_at: Mapped[datetime]
    deactivated_at: Mapped[datetime | None]


class RefreshToken(Owned):
    """One link in a chain of refreshes; a used one that comes back revokes its whole family."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (belongs_to("members", "member_id", on_delete="CASCADE"), Index(None, "family"))

    member_id: Mapped[UUID]
    family: Mapped[UUID]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

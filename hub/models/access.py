"""How people and machines come in: invitations, registrations, password resets, keys, failed tries."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hub.ids import new_id
from hub.models.base import Base, Owned, belongs_to, of_organization, one_of
from hub.models.organizations import ROLES

PROVIDERS = ("google",)


class SignInAttempts(Base):
    """Failed tries to sign in, by a keyed hash of the address that was tried or of where they came from."""

    __tablename__ = "sign_in_attempts"
    __table_args__ = (Index(None, "last_at"),)

    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime]
    locked_until: Mapped[datetime | None]


class Identity(Base):
    """An account at another service with which somebody signs in here."""

    __tablename__ = "identities"
    __table_args__ = (one_of("provider", PROVIDERS), Index(None, "account_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    provider: Mapped[str]
    subject_index: Mapped[bytes] = mapped_column(unique=True)
    """Keyed hash of the provider and its name for the person"""
    created_at: Mapped[datetime]


class MemberProperty(Base):
    """A property to which a member of the staff is limited; a member without any sees all of them."""

    __tablename__ = "member_properties"
    __table_args__ = (
        belongs_to("members", "member_id", on_delete="CASCADE"),
        belongs_to("properties", "property_id"),  # no cascade: the last one gone, nothing would limit
        Index(None, "organization_id", "property_id"),
    )

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    member_id: Mapped[UUID] = mapped_column(primary_key=True)
    property_id: Mapped[UUID] = mapped_column(primary_key=True)


class Invitation(Owned):
    """Somebody may join; the link with the token is shown once to who invites, and kept as mail."""

    __tablename__ = "invitations"
    __table_args__ = (
        belongs_to("members", "invited_by"),
        one_of("role", ROLES),
        UniqueConstraint("token_hash"),
        Index(None, "organization_id", "email_index"),
    )

    sealed: Mapped[bytes]
    """{"email", "name"}"""
    email_index: Mapped[bytes]
    role: Mapped[str]
    property_ids: Mapped[list[str]] = mapped_column(default=list)
    token_hash: Mapped[bytes]
    invited_by: Mapped[UUID]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Registration(Owned):
    """A guest who wants an account, and has yet to prove the address."""

    __tablename__ = "registrations"
    __table_args__ = (of_organization(), UniqueConstraint("token_hash"))

    sealed: Mapped[bytes]
    """{"email", "name"}"""
    password_hash: Mapped[str]
    token_hash: Mapped[bytes]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class PasswordReset(Owned):
    """Good once, for a while, for one account; kept with one of its organizations."""

    __tablename__ = "password_resets"
    __table_args__ = (of_organization(), UniqueConstraint("token_hash"), Index(None, "account_id"))

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    token_hash: Mapped[bytes]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ApiKey(Owned):
    """A machine's way in: found by its hash, shown by its prefix."""

    __tablename__ = "api_keys"
    __table_args__ = (
        belongs_to("members", "created_by"),
        UniqueConstraint("key_hash"),
        UniqueConstraint("prefix"),
        CheckConstraint("jsonb_array_length(scopes) > 0", name="scopes"),
    )

    name: Mapped[str]
    prefix: Mapped[str]
    key_hash: Mapped[bytes]
    scopes: Mapped[list[str]]
    """Some of read, bookings, sync, admin"""
    created_by: Mapped[UUID]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

"""What is known of people beside their data: how they are found, what they agreed to and were written."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from hub.models.base import Base, Owned, belongs_to, of_organization


class GuestWord(Base):
    """A keyed hash of a word of a guest's name, by which the guest is found."""

    __tablename__ = "guest_words"
    __table_args__ = (
        belongs_to("guests", "guest_id", on_delete="CASCADE"),
        Index("ix_guest_words_word", "organization_id", "word"),
    )

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    guest_id: Mapped[UUID] = mapped_column(primary_key=True)
    word: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)


class Consent(Owned):
    """What a person agreed to: for what, when, and to which version of the text."""

    __tablename__ = "consents"
    __table_args__ = (
        belongs_to("guests", "guest_id"),
        CheckConstraint("num_nonnulls(guest_id, account_id) = 1", name="one_person"),
        Index(None, "organization_id", "guest_id"),
        Index(None, "account_id"),
    )

    guest_id: Mapped[UUID | None]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    purpose: Mapped[str]
    text_version: Mapped[str]
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class Mail(Owned):
    """A message that is to be sent to a person."""

    __tablename__ = "mails"
    __table_args__ = (
        of_organization(),
        Index("ix_mails_newest", "organization_id", "created_at", "id"),
        Index(None, "organization_id", "guest_id"),
        Index(None, "account_id"),
    )

    kind: Mapped[str]
    """invitation, password_reset, registration ..."""
    sealed: Mapped[bytes]
    """{"to", "subject", "text"}"""
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    guest_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class Erasure(Owned):
    """That a person was forgotten; carried out again on whatever backup is restored."""

    __tablename__ = "erasures"
    __table_args__ = (of_organization(), Index(None, "organization_id", "at"))

    guest_id: Mapped[UUID | None]
    account_id: Mapped[UUID | None]
    at: Mapped[datetime]

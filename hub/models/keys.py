"""
The keys under which everything is sealed: an organization's, and each person's own.

They are backed up apart from the rest. Who is to be forgotten loses the key, and with it is unreadable in
every copy that was ever made.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hub.models.base import Base, Owned, belongs_to, of_organization


class OrganizationKey(Owned):
    """A data key of an organization, sealed by the hub's keys; the one with the highest number seals."""

    __tablename__ = "organization_keys"
    __table_args__ = (of_organization(), UniqueConstraint("organization_id", "number"))

    number: Mapped[int]
    sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]
    """When no row was found any more that an older key than the newest one seals"""


class GuestKey(Owned):
    """A guest's own key, sealed by the organization's; its id is the guest's."""

    __tablename__ = "guest_keys"
    __table_args__ = (belongs_to("guests", "id", on_delete="CASCADE"),)

    sealed: Mapped[bytes]


class AccountKey(Base):
    """The own key of a person who can sign in, sealed by the hub's keys."""

    __tablename__ = "account_keys"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    sealed: Mapped[bytes]

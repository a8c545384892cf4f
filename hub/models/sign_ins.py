"""Sign-ins of accounts at channels that were begun, until the browser comes back from there."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from hub.models.base import Owned, belongs_to


class ConnectionSignIn(Owned):
    """One beginning of one member in one browser; good once, and for minutes."""

    __tablename__ = "connection_sign_ins"
    __table_args__ = (
        belongs_to("connections", "connection_id", on_delete="CASCADE"),
        belongs_to("members", "member_id"),
        UniqueConstraint("state_hash"),
        Index("ix_connection_sign_ins_expires_at", "expires_at"),
    )

    connection_id: Mapped[UUID]
    member_id: Mapped[UUID]
    state_hash: Mapped[bytes]
    browser_hash: Mapped[bytes]
    """Of a secret that only the browser has in which it was begun"""
    sealed: Mapped[bytes]
    """{"verifier"}; empty once it is used"""
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

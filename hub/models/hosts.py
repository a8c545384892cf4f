"""What the hub remembers of the hosts that its calendars live on; of no organization, and seen by none."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from hub.models.base import Base


class RemoteHost(Base):
    """A host that is spared: it failed, or asked to be. One that is well has no row."""

    __tablename__ = "remote_hosts"

    name: Mapped[str] = mapped_column(primary_key=True)
    """As it stands in addresses: lower-case ASCII"""
    failures: Mapped[int]
    """In a row, of all links together"""
    not_before: Mapped[datetime | None]
    """Until then the hub does not go there by itself"""
    asked_until: Mapped[datetime | None]
    """Until then the host asked not to be asked, and nobody goes there"""
    updated_at: Mapped[datetime]

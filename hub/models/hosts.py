"""What the hub remembers of the hosts that its calendars live on; of no organization, and seen by none."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from hub.models.base import Base


class RemoteHost(Base):
    """A host that is spared: it failed, asked to be, or is asked at intervals. Any other has no row."""

    __tablename__ = "remote_hosts"

    name: Mapped[str] = mapped_column(primary_key=True)
    """As it stands in addresses: lower-case ASCII"""
    failures: Mapped[int]
    """In a row, of all links together"""
    not_before: Mapped[datetime | None]
    """Until then the hub does not go there by itself"""
    turn_at: Mapped[datetime | None]
    """When the next may begin to ask it, where there is to be time between two (HUB_HOST_INTERVAL_MS); by the
    database's clock, which all workers share"""
    asked_until: Mapped[datetime | None]
    """Until then the host asked not to be asked, and nobody goes there"""
    updated_at: Mapped[datetime]

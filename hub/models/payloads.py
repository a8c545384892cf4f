"""What channels sent, by its hash, so that what a sync made of it can be explained."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from hub.models.base import Owned, belongs_to, of_organization


class Payload(Owned):
    """The same bytes are kept once."""

    __tablename__ = "payloads"
    __table_args__ = (
        of_organization(),
        UniqueConstraint("organization_id", "digest"),
        Index(None, "organization_id", "last_at"),
    )

    digest: Mapped[bytes]
    """Keyed, so that it tells nothing to who has no key"""
    media_type: Mapped[str]
    size: Mapped[int]
    """Bytes, before it was compressed"""
    sealed: Mapped[bytes]
    """Compressed, then encrypted"""
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    """When a run cited it last: from then on it is kept for the retention"""


class RunPayload(Owned):
    """Which runs read what."""

    __tablename__ = "run_payloads"
    __table_args__ = (
        belongs_to("sync_runs", "run_id", on_delete="CASCADE"),
        belongs_to("payloads", "payload_id", on_delete="CASCADE"),
        Index(None, "organization_id", "run_id"),
        Index(None, "organization_id", "payload_id"),
    )

    run_id: Mapped[UUID]
    payload_id: Mapped[UUID]
    position: Mapped[int]

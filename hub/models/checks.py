"""What the channels said when a booking was accepted: kept with it, whatever becomes of the links."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from hub.models.base import Owned, belongs_to, one_of

CHECK_POLICIES = ("off", "refuse", "flag", "hold")
"""What it means for a booking that a channel could not be asked. `off`: nobody asks, the timetable does"""
CHECK_STATES = ("unchecked", "verified", "flagged", "awaiting")
"""How a booking stands: nobody was to be asked; all answered; accepted although one did not answer; held
until all have answered"""
CHECK_STAGES = ("booked", "moved", "confirmed", "awaited")
CHECK_VERDICTS = ("fresh", "answered", "late", "failed", "spared", "unreachable", "paused")
"""Known well enough; asked, and it answered; no answer in time; an answer that is none; not asked, because
its host does not answer; not asked, because the link needs a person first; not asked, as a person said"""


class Check(Owned):
    """How one link stood at one look before a booking was accepted, moved or confirmed. Never changed."""

    __tablename__ = "checks"
    __table_args__ = (
        belongs_to("bookings", "booking_id", on_delete="CASCADE"),
        one_of("stage", CHECK_STAGES),
        one_of("verdict", CHECK_VERDICTS),
        Index(None, "organization_id", "booking_id", "id"),
    )

    booking_id: Mapped[UUID]
    link_id: Mapped[UUID]
    """No foreign key: the evidence outlives the link"""
    at: Mapped[datetime]
    stage: Mapped[str]
    channel: Mapped[str]
    scope: Mapped[str]
    """What the link speaks of, in words"""
    verdict: Mapped[str]
    verified_at: Mapped[datetime | None]
    """As of when the channel's calendar was known to be what we hold of it"""
    version: Mapped[str] = mapped_column(default="")
    """The ETag or hash of that, as far as the channel gives one"""
    duration_ms: Mapped[int] = mapped_column(default=0)
    """How long the booking waited for it"""
    why: Mapped[str] = mapped_column(default="")

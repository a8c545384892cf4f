"""What somebody must hear of, whom it was told, and who still gives a sign of life."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.ids import new_id
from hub.models.base import Base, of_organization, one_of

SEVERITIES = ("warning", "critical")
EVENTS = ("opened", "recovered")
DESTINATIONS = ("webhook", "mail")
DELIVERY_STATES = ("ready", "sent", "given_up")


class Alert(Base):
    """
    One cause, from the look that first saw it to the one that found it gone for long enough. Of the whole hub
    where it has no organization: no unit of work sees such a row, and look-up functions alone write any.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        of_organization(),
        one_of("severity", SEVERITIES),
        CheckConstraint("opened_at IS NOT NULL OR recovered_at IS NULL", name="recovered"),
        Index("uq_alerts_standing", "key", unique=True, postgresql_where=text("recovered_at IS NULL")),
        Index("ix_alerts_newest", "organization_id", "opened_at", "id"),
        Index("ix_alerts_recovered_at", "recovered_at"),
    )

    organization_id: Mapped[UUID | None]
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    key: Mapped[str]
    """The cause and what it is about: at most one alert of it stands at a time"""
    cause: Mapped[str]
    severity: Mapped[str]
    subject: Mapped[str]
    words: Mapped[str]
    """What is the matter and what to do, as first seen; never a guest, never a secret"""
    about: Mapped[dict[str, Any]]
    """Ids, and names of the channel and the place"""
    property_id: Mapped[UUID | None]
    """Of the link that it is about. No foreign key: an alert outlives its link"""
    seen_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    """Null while the cause has not held for long enough: nobody was told"""
    missing_since: Mapped[datetime | None]
    """The look that first found the cause gone"""
    recovered_at: Mapped[datetime | None]


class AlertDelivery(Base):
    """One destination that is to hear of one event of one alert: its key is its name there, for good."""

    __tablename__ = "alert_deliveries"
    __table_args__ = (
        ForeignKeyConstraint(["alert_id"], ["alerts.id"], ondelete="CASCADE"),
        one_of("event", EVENTS),
        one_of("destination", DESTINATIONS),
        one_of("state", DELIVERY_STATES),
        Index("ix_alert_deliveries_ready", "next_at", postgresql_where=text("state = 'ready'")),
    )

    alert_id: Mapped[UUID] = mapped_column(primary_key=True)
    event: Mapped[str] = mapped_column(primary_key=True)
    destination: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(default="ready")
    attempts: Mapped[int] = mapped_column(default=0)
    """Counted before each begins"""
    next_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    """While it is being sent: until when nobody sends anything else"""
    error: Mapped[str | None]
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class Heartbeat(Base):
    """When a part of the hub last gave a sign of life."""

    __tablename__ = "heartbeats"
    __table_args__ = (one_of("name", ("beat", "worker")),)

    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]

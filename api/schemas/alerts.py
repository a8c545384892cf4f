"""Alerts as clients see them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import Field

from api.schemas.common import Out, UtcInstant
from hub.models.alerts import Alert


class AlertState(StrEnum):
    OPEN = "open"
    RECOVERED = "recovered"


class AlertOut(Out):
    """Something that somebody must look after, and whether it still is so."""

    id: UUID
    cause: str = Field(
        description="link_stale, link_failing, guard, needs_auth, lost, conflict, draining or outbox_stuck"
    )
    severity: str = Field(description="warning or critical")
    state: AlertState
    subject: str
    words: str = Field(description="What is the matter and what to do about it, as of when it was found")
    about: dict[str, Any] = Field(
        description="Ids of what it is about, and names of the channel and the place"
    )
    opened_at: UtcInstant
    recovered_at: UtcInstant | None

    @classmethod
    def of(cls, alert: Alert) -> AlertOut:
        state = AlertState.OPEN if alert.recovered_at is None else AlertState.RECOVERED
        told = {name: getattr(alert, name) for name in cls.model_fields if name != "state"}
        return cls(**told, state=state)

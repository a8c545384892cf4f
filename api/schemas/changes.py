"""The change log as clients see it."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from api.schemas.common import Out, UtcInstant
from hub.models.records import Change


class ChangeOut(Out):
    """One row of the change log."""

    id: UUID
    at: UtcInstant
    entity: str
    entity_id: UUID
    property_id: UUID | None
    action: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    actor: Literal["member", "key", "worker", "command", "system"]
    actor_id: UUID | None
    run_id: UUID | None
    request_id: str | None
    address: str | None
    """The network address from which it was asked"""
    for_id: UUID | None
    """The guest or the account for whom it was done"""

    @classmethod
    def of(cls, row: Change) -> ChangeOut:
        return cls.model_validate(
            {
                **{name: getattr(row, name) for name in cls.model_fields if name != "actor"},
                "actor": row.actor_kind,
            }
        )


CHANGE: dict[str, Any] = {
    "id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be106",
    "at": "2026-11-21T12:00:00Z",
    "entity": "booking",
    "entity_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be105",
    "property_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be101",
    "action": "cancelled",
    "before": {"status": "confirmed"},
    "after": {"status": "cancelled"},
    "actor": "member",
    "actor_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be107",
    "run_id": None,
    "request_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be108",
    "address": "203.0.113.7",
    "for_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be109",
}

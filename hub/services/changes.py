"""The change log: every change of inventory is a row, written in the transaction that makes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from hub import clock
from hub.database import actor_of, organization_of
from hub.models.records import Change


def record(
    session: Session,
    entity: str,
    entity_id: UUID,
    action: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    property_id: UUID | None = None,
) -> None:
    """Say what changed. `before` and `after` are JSON values, and never name a guest."""
    session.add(row(session, entity, entity_id, action, before=before, after=after, property_id=property_id))


def row(
    session: Session,
    entity: str,
    entity_id: UUID,
    action: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    property_id: UUID | None = None,
) -> Change:
    """What `record` records, for who writes it together with other rows."""
    said = values(session, entity, entity_id, action, before=before, after=after, property_id=property_id)
    return Change(**said)


def values(
    session: Session,
    entity: str,
    entity_id: UUID,
    action: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    property_id: UUID | None = None,
) -> dict[str, Any]:
    """The same by the names of its columns, for who writes many."""
    actor = actor_of(session)
    return {
        "organization_id": organization_of(session),
        "at": clock.now(),
        "entity": entity,
        "entity_id": entity_id,
        "property_id": property_id,
        "action": action,
        "before": dict(before) if before is not None else None,
        "after": dict(after) if after is not None else None,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "run_id": actor.run_id,
        "request_id": actor.request_id,
    }

"""
The change log: every change is a row, written in the transaction that makes it, and never changed again.

It outlives the people in it, so it holds none of their data and no secret: what a field says is written down
only where its name is neither in UNTOLD nor, for what is a person, in OF_PERSONS. Of those the name alone is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict, Unpack
from uuid import UUID

from sqlalchemy.orm import Session

from hub import clock
from hub.database import actor_of, organization_of
from hub.models.records import Change

UNTOLD = frozenset(
    {
        *("email", "phone", "note", "reason", "description", "address", "guest", "to", "subject", "text"),
        *("password", "token", "key", "secret", "url", "link", "settings", "preferences", "subject_index"),
    }
)
"""Fields in which anybody may be named or a secret kept: the log says that they changed, not what they say"""

PERSONS = frozenset(
    {"guest", "account", "member", "invitation", "registration", "consent", "sign_in", "mail"}
)
OF_PERSONS = UNTOLD | {"name", "first_name", "last_name", "birthday", "locale", "time_zone"}
"""The same of what is a person"""


class Said(TypedDict, total=False):
    """What may be said of a change beside what changed and how."""

    before: Mapping[str, Any] | None
    """JSON values, as `after`"""
    after: Mapping[str, Any] | None
    property_id: UUID | None
    for_id: UUID | None
    """The guest or account for whom it was"""


def record(session: Session, entity: str, entity_id: UUID, action: str, **said: Unpack[Said]) -> None:
    """Say what changed."""
    session.add(row(session, entity, entity_id, action, **said))


def row(session: Session, entity: str, entity_id: UUID, action: str, **said: Unpack[Said]) -> Change:
    """What `record` records, for who writes it together with other rows."""
    return Change(**values(session, entity, entity_id, action, **said))


def values(
    session: Session, entity: str, entity_id: UUID, action: str, **said: Unpack[Said]
) -> dict[str, Any]:
    """The same by the names of its columns, for who writes many."""
    actor = actor_of(session)
    return {
        "organization_id": organization_of(session),
        "at": clock.now(),
        "entity": entity,
        "entity_id": entity_id,
        "property_id": said.get("property_id"),
        "action": action,
        "before": told(entity, said.get("before")),
        "after": told(entity, said.get("after")),
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "run_id": actor.run_id,
        "request_id": actor.request_id,
        "address": actor.address,
        "for_id": said.get("for_id"),
    }


def told(entity: str, said: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What the log may say of an entity: {"email": "ada@..."} becomes {"fields": ["email"]}."""
    if said is None:
        return None
    untold = (OF_PERSONS if entity in PERSONS else UNTOLD) & said.keys()
    if not untold:
        return dict(said)
    fields = sorted(untold | set(said.get("fields", ())))
    return {name: value for name, value in said.items() if name not in untold} | {"fields": fields}

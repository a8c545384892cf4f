"""What requests ask of the database before their own work: is this still a member, or a key, and of what?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

_STANDING = text(
    "SELECT m.role, CASE WHEN m.role = 'staff' THEN (SELECT array_agg(p.property_id ORDER BY p.property_id)"
    " FROM member_properties p WHERE p.organization_id = m.organization_id AND p.member_id = m.id) END"
    " FROM members m WHERE m.id = :member_id AND m.deactivated_at IS NULL"
)
_STANDING_STILL = text(f"{_STANDING.text} FOR SHARE OF m")
"""Nobody dismisses them, nor gives them another role, until the transaction ends"""
_USE_KEY = text("SELECT organization_id, id, scopes, expires_at FROM use_api_key(:hash, :now)")
_LIMIT = text("SELECT set_config('hub.properties', :properties, true)")


@dataclass(frozen=True, slots=True)
class Standing:
    """What an active member may do, and where; without properties: everywhere."""

    role: str
    property_ids: frozenset[UUID] | None


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key that has not been revoked; `expires_at` may have passed."""

    organization_id: UUID
    id: UUID
    scopes: frozenset[str]
    expires_at: datetime | None


def standing_of(session: Session, member_id: UUID, *, lock: bool = False) -> Standing | None:
    """
    Of an active member of the unit of work's organization; None for anybody else. With `lock` it stays so
    until the transaction ends.
    """
    statement = _STANDING_STILL if lock else _STANDING
    row = session.execute(statement, {"member_id": member_id}).one_or_none()
    if row is None:
        return None
    role, property_ids = row
    return Standing(role, frozenset(property_ids) if property_ids else None)


def use_key(session: Session, key_hash: bytes, now: datetime) -> KnownKey | None:
    """The key of this hash, marked as used; across all organizations, works without one."""
    row = session.execute(_USE_KEY, {"hash": key_hash, "now": now}).one_or_none()
    if row is None:
        return None
    organization_id, key_id, scopes, expires_at = row
    return KnownKey(organization_id, key_id, frozenset(scopes), expires_at)


def limit(session: Session, property_ids: frozenset[UUID]) -> None:
    """From here on, the transaction meets nothing of other properties: row-level security hides it."""
    listed = ",".join(sorted(str(property_id) for property_id in property_ids))
    session.execute(_LIMIT, {"properties": f"{{{listed}}}"})

"""What every request asks of the database before its own work: is this still a member, as which role?"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

_ROLE = text("SELECT role FROM members WHERE id = :member_id AND deactivated_at IS NULL")


def role_of(session: Session, member_id: UUID) -> str | None:
    """The role of an active member of the unit of work's organization; None for anybody else."""
    role: str | None = session.execute(_ROLE, {"member_id": member_id}).scalar_one_or_none()
    return role

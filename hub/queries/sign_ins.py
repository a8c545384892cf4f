"""Sign-ins at channels: found by the hash of their state, across organizations."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from hub.models.sign_ins import ConnectionSignIn

_ORGANIZATION = text("SELECT organization_of_connection_sign_in(:hash)")


def organization_of(session: Session, state_hash: bytes) -> UUID | None:
    """Works without an organization."""
    found: UUID | None = session.scalar(_ORGANIZATION, {"hash": state_hash})
    return found


def locked(session: Session, state_hash: bytes) -> ConnectionSignIn | None:
    """Of two who bring the same state one comes first."""
    statement = select(ConnectionSignIn).where(ConnectionSignIn.state_hash == state_hash).with_for_update()
    return session.scalar(statement.execution_options(populate_existing=True))

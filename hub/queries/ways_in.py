"""Invitations, registrations, password resets: found by the hash of their token, across organizations."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import select, text, tuple_, update
from sqlalchemy.orm import Session

from hub.database import organization_of
from hub.errors import NotFound
from hub.models.access import Invitation, PasswordReset, Registration

Kind = Literal["invitation", "registration", "password_reset"]

_ORGANIZATION = {
    "invitation": text("SELECT organization_of_invitation(:hash)"),
    "registration": text("SELECT organization_of_registration(:hash)"),
    "password_reset": text("SELECT organization_of_password_reset(:hash)"),
}
_OF_PROPERTY = text("SELECT organization_of_property(:slug)")
_END_SIGN_INS = text("SELECT end_sign_ins(:account_id, :now)")


def organization_of_token(session: Session, kind: Kind, token_hash: bytes) -> UUID | None:
    """Works without an organization."""
    found: UUID | None = session.scalar(_ORGANIZATION[kind], {"hash": token_hash})
    return found


def organization_of_property(session: Session, slug: str) -> UUID | None:
    """Whose property has this name in public addresses; works without an organization."""
    found: UUID | None = session.scalar(_OF_PROPERTY, {"slug": slug})
    return found


def end_sign_ins(session: Session, account_id: UUID, now: datetime) -> None:
    """In every organization; links to reset the password are good no more either."""
    session.execute(_END_SIGN_INS, {"account_id": account_id, "now": now})


def invitation_of(session: Session, token_hash: bytes) -> Invitation | None:
    """Locked, so that of two who hold the token one comes first."""
    statement = select(Invitation).where(Invitation.token_hash == token_hash).with_for_update()
    return session.scalar(statement.execution_options(populate_existing=True))


def invitation_seen(session: Session, token_hash: bytes) -> Invitation | None:
    """As it is at this moment; not locked."""
    return session.scalar(select(Invitation).where(Invitation.token_hash == token_hash))


def registration_seen(session: Session, token_hash: bytes) -> Registration | None:
    """As it is at this moment; not locked."""
    return session.scalar(select(Registration).where(Registration.token_hash == token_hash))


def registration_of(session: Session, token_hash: bytes) -> Registration | None:
    """Locked."""
    statement = select(Registration).where(Registration.token_hash == token_hash).with_for_update()
    return session.scalar(statement.execution_options(populate_existing=True))


def reset_of(session: Session, token_hash: bytes) -> PasswordReset | None:
    """Locked."""
    statement = select(PasswordReset).where(PasswordReset.token_hash == token_hash).with_for_update()
    return session.scalar(statement.execution_options(populate_existing=True))


def invitation(session: Session, invitation_id: UUID, *, lock: bool = False) -> Invitation:
    key = (organization_of(session), invitation_id)
    found = session.get(Invitation, key, populate_existing=lock, with_for_update=lock or None)
    if found is None:
        raise NotFound.because("not_found", "there is no such invitation")
    return found


def invitations(
    session: Session, limit: int, after: tuple[datetime, UUID] | None, now: datetime, *, closed: bool = False
) -> tuple[Invitation, ...]:
    """Open ones, the first one first; with `closed` also those accepted, revoked and run out."""
    statement = select(Invitation).order_by(Invitation.created_at, Invitation.id).limit(limit)
    if not closed:
        statement = statement.where(*_OPEN, Invitation.expires_at > now)
    if after is not None:
        statement = statement.where(tuple_(Invitation.created_at, Invitation.id) > after)
    return tuple(session.scalars(statement))


def revoke_others(session: Session, email_index: bytes, but: UUID, now: datetime) -> None:
    """Open invitations of the same person."""
    session.execute(
        update(Invitation)
        .where(Invitation.email_index == email_index, Invitation.id != but, *_OPEN)
        .values(revoked_at=now)
    )


def revoke_by(session: Session, member_id: UUID, now: datetime) -> None:
    """Open invitations that this member wrote, and so has seen the links of."""
    session.execute(
        update(Invitation).where(Invitation.invited_by == member_id, *_OPEN).values(revoked_at=now)
    )


_OPEN = (Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None))

"""
Signing in and staying so: a password buys a refresh token, and each of those is good for one more.

A refresh token is used once. When a used one comes back, somebody has copied it, and nobody can tell who:
the whole family of tokens that began with one sign-in ends (RFC 9700, section 4.14.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from hub import clock
from hub.database import Database, organization_of
from hub.errors import NotSignedIn, Refused
from hub.ids import new_id, new_token
from hub.models.organizations import Member, RefreshToken
from hub.queries import accounts as query
from hub.services import accounts, guests, passwords
from hub.vault import token_hash

REFRESH_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who signed in, and the secret with which they stay so until the next refresh."""

    organization_id: UUID
    member_id: UUID
    role: str
    refresh_token: str


def login(database: Database, email: str, password: str, organization_id: UUID | None = None) -> SignedIn:
    """
    By e-mail and password, to one of the account's organizations, the first it joined unless it says.

    NotSignedIn, after the same time and in the same words, for whatever is wrong with either.
    """
    with database.unit_of_work(None) as session:
        known = query.account_of_email(session, accounts.email_index(database.vault, _address(email)))
        memberships = query.memberships(session, known.account_id) if known else ()

    proved = passwords.proves(password, known.password_hash if known else None)
    if known is None or not proved or known.disabled or not memberships:
        raise NotSignedIn.because("invalid_credentials", "the e-mail address or the password is wrong")
    fresh = passwords.hashed(password) if passwords.outdated(known.password_hash) else None

    wanted = organization_id or memberships[0].organization_id
    membership = next((one for one in memberships if one.organization_id == wanted), None)
    if membership is None:
        raise Refused.because("unknown", "you are no member of such an organization", "organization_id")
    with database.unit_of_work(membership.organization_id) as session:
        member = query.member(session, membership.member_id, lock=True)
        if member.deactivated_at is not None:
            raise NotSignedIn.because("invalid_credentials", "the e-mail address or the password is wrong")
        if fresh:
            query.account(session, known.account_id).password_hash = fresh
        query.forget_expired(session, member.id, clock.now())
        return _issue(session, member, family=new_id())


def refresh(database: Database, token: str) -> SignedIn:
    """Exchange a refresh token for the next one, with the role that the member has by now."""
    hashed = token_hash(token)
    with database.unit_of_work(None) as session:
        organization_id = query.organization_of_refresh_token(session, hashed)
    if organization_id is not None:
        # Refused only after the commit: a stolen family must stay ended.
        with database.unit_of_work(organization_id) as session:
            if signed_in := _exchange(session, hashed):
                return signed_in
    raise NotSignedIn.because("invalid_refresh_token", "this sign-in has ended; sign in again")


def logout(database: Database, token: str) -> None:
    """End the sign-in to which the token belongs; an unknown token has ended already."""
    hashed = token_hash(token)
    with database.unit_of_work(None) as session:
        organization_id = query.organization_of_refresh_token(session, hashed)
    if organization_id is not None:
        with database.unit_of_work(organization_id) as session:
            if row := _locked(session, hashed):
                query.revoke_family(session, row.family, clock.now())


def _exchange(session: Session, hashed: bytes) -> SignedIn | None:
    now = clock.now()
    row = _locked(session, hashed)
    if row is None or row.revoked_at is not None or row.expires_at <= now:
        return None
    member = query.member(session, row.member_id)
    disabled = query.account(session, member.account_id).disabled_at is not None
    if row.used_at is not None or disabled or member.deactivated_at is not None:
        query.revoke_family(session, row.family, now)
        return None

    row.used_at = now
    return _issue(session, member, family=row.family)


def _issue(session: Session, member: Member, family: UUID) -> SignedIn:
    token = new_token()
    session.add(
        RefreshToken(
            organization_id=organization_of(session),
            member_id=member.id,
            family=family,
            token_hash=token_hash(token),
            expires_at=clock.now() + REFRESH_FOR,
        )
    )
    return SignedIn(member.organization_id, member.id, member.role, token)


def _locked(session: Session, hashed: bytes) -> RefreshToken | None:
    """The token as it is once its member's row is locked: one refresh of a member at a time."""
    row = query.refresh_token(session, hashed)
    if row is not None:
        query.member(session, row.member_id, lock=True)
        row = query.refresh_token(session, hashed)
    return row


def _address(email: str) -> str:
    """Normalized where it is an address; anything else is simply nobody's."""
    try:
        return guests.email(email, "email")
    except Refused:
        return email.lower()

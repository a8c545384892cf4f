"""
Signing in and staying so: a password buys a refresh token, and each of those is good for one more.

A refresh token is used once. When a used one comes back, somebody has copied it, and nobody can tell who:
the whole family of tokens that began with one sign-in ends (RFC 9700, section 4.14.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from hub import clock
from hub.database import SYSTEM, Actor, Database, organization_of
from hub.errors import HubError, NotSignedIn, Refused
from hub.ids import new_id, new_token
from hub.models.organizations import Member, RefreshToken
from hub.queries import accounts as query
from hub.queries import attempts
from hub.queries.accounts import Membership
from hub.services import accounts, changes, guests, lockout, passwords
from hub.services.lockout import Try
from hub.vault import token_hash

REFRESH_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who signed in, and the secret with which they stay so until the next refresh."""

    organization_id: UUID
    member_id: UUID
    role: str
    refresh_token: str


def login(
    database: Database, email: str, password: str, organization_id: UUID | None = None, asking: Actor = SYSTEM
) -> SignedIn:
    """
    By e-mail and password, to one of the account's organizations, the first it joined unless it says.

    NotSignedIn, after the same time and in the same words, for whatever is wrong with either; TooManyTries,
    unheard, where too many have failed. `asking` says from where.
    """
    typed = _address(email)
    one = Try.of(database.vault, typed, asking.address)
    lockout.begin(database, one)
    with database.unit_of_work(None) as session:
        known = query.account_of_email(session, accounts.email_index(database.vault, typed))
        memberships = query.open_memberships(session, known.account_id) if known else ()

    proved = passwords.proves(password, known.password_hash if known else None)
    if known is None or not proved or known.disabled or not memberships:
        lockout.failed(database, one)
        _log_failure(database, one, memberships, asking)
        raise _wrong()
    lockout.succeeded(database, one)
    membership = _chosen(memberships, organization_id)
    fresh = passwords.hashed(password) if passwords.outdated(known.password_hash) else None

    def work(session: Session) -> SignedIn:
        member = query.member(session, membership.member_id, lock=True)
        # Whoever changed the password meanwhile has ended all sign-ins: none may begin with the old one.
        changed = query.fresh_hash(session, known.account_id) != known.password_hash
        if member.deactivated_at is not None or changed:
            raise _wrong()
        if fresh:
            query.account(session, known.account_id).password_hash = fresh
        return _begin(session, member, by="password")

    return database.transact(membership.organization_id, work, _as(asking, membership))


def enter(
    database: Database, account_id: UUID, organization_id: UUID | None, by: str, asking: Actor = SYSTEM
) -> SignedIn:
    """Sign in who has proved elsewhere to be the owner of a proven account."""
    with database.unit_of_work(None) as session:
        memberships = query.open_memberships(session, account_id)
    if not memberships:
        raise _unknown_to_us()
    membership = _chosen(memberships, organization_id)
    with database.unit_of_work(membership.organization_id, _as(asking, membership)) as session:
        member = query.member(session, membership.member_id, lock=True)
        disabled = query.account(session, account_id).disabled_at is not None
        if disabled or member.deactivated_at is not None:
            raise _unknown_to_us()
        return _begin(session, member, by=by)


def refresh(database: Database, token: str, asking: Actor = SYSTEM) -> SignedIn:
    """Exchange a refresh token for the next one, with the role that the member has by now."""
    hashed = token_hash(token)
    with database.unit_of_work(None) as session:
        organization_id = query.organization_of_refresh_token(session, hashed)
    if organization_id is not None:
        # Refused only after the commit: a stolen family must stay ended.
        with database.unit_of_work(organization_id, asking) as session:
            if signed_in := _exchange(session, hashed):
                return signed_in
    raise NotSignedIn.because("invalid_refresh_token", "this sign-in has ended; sign in again")


def logout(database: Database, token: str, asking: Actor = SYSTEM) -> None:
    """End the sign-in to which the token belongs; an unknown token has ended already."""
    hashed = token_hash(token)
    with database.unit_of_work(None) as session:
        organization_id = query.organization_of_refresh_token(session, hashed)
    if organization_id is not None:
        with database.unit_of_work(organization_id, asking) as session:
            if row := _locked(session, hashed):
                query.revoke_family(session, row.family, clock.now())
                changes.record(session, "sign_in", row.member_id, "signed_out")


def _begin(session: Session, member: Member, by: str) -> SignedIn:
    query.forget_expired(session, member.id, clock.now())
    changes.record(session, "sign_in", member.id, "signed_in", after={"by": by})
    return _issue(session, member, family=new_id())


def _exchange(session: Session, hashed: bytes) -> SignedIn | None:
    now = clock.now()
    row = _locked(session, hashed)
    if row is None or row.revoked_at is not None or row.expires_at <= now:
        return None
    member = query.member(session, row.member_id)
    disabled = query.account(session, member.account_id).disabled_at is not None
    if row.used_at is not None or disabled or member.deactivated_at is not None:
        query.revoke_family(session, row.family, now)
        if row.used_at is not None:
            changes.record(session, "sign_in", member.id, "reused")
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


def _chosen(memberships: Sequence[Membership], organization_id: UUID | None) -> Membership:
    wanted = organization_id or memberships[0].organization_id
    for membership in memberships:
        if membership.organization_id == wanted:
            return membership
    raise Refused.because("unknown", "you are no member of such an organization", "organization_id")


def _log_failure(database: Database, one: Try, memberships: Sequence[Membership], asking: Actor) -> None:
    """Where there is nothing to log for, a row is written all the same: it takes as long."""
    with database.unit_of_work(memberships[0].organization_id if memberships else None, asking) as session:
        if memberships:
            member_id, said = memberships[0].member_id, {"code": "wrong_password"}
            changes.record(session, "sign_in", member_id, "failed", after=said)
        else:
            attempts.locked(session, one.account, clock.now())


def _as(asking: Actor, membership: Membership) -> Actor:
    return replace(asking, kind="member", id=membership.member_id)


def _wrong() -> HubError:
    return NotSignedIn.because("invalid_credentials", "the e-mail address or the password is wrong")


def _unknown_to_us() -> HubError:
    return NotSignedIn.because("no_membership", "nobody here knows you; ask an admin to invite you")


def _address(email: str) -> str:
    """Normalized where it is an address; anything else is simply nobody's."""
    try:
        return guests.email(email, "email")
    except Refused:
        return email.lower()

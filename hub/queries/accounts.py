"""Reading people: accounts before an organization is known, members and refresh tokens within one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, text, tuple_, update
from sqlalchemy.orm import Session

from hub.database import organization_of
from hub.errors import NotFound
from hub.models.access import MemberProperty
from hub.models.organizations import Account, Member, Organization, RefreshToken


@dataclass(frozen=True, slots=True)
class Known:
    """What a login may learn of an account before it is proved."""

    account_id: UUID
    password_hash: str
    disabled: bool


@dataclass(frozen=True, slots=True)
class Membership:
    """An organization for which an account may act."""

    organization_id: UUID
    member_id: UUID
    organization_name: str


_ACCOUNT_OF_EMAIL = text("SELECT account_id, password_hash, disabled FROM account_of_email(:index)")
_MEMBERSHIPS = text(
    "SELECT organization_id, member_id, organization_name FROM memberships_of_account(:account_id)"
)
_OPEN_MEMBERSHIPS = text(
    "SELECT organization_id, member_id, organization_name FROM open_memberships(:account_id)"
)
_ORGANIZATION_OF_TOKEN = text("SELECT organization_of_refresh_token(:hash)")


def account_of_email(session: Session, email_index: bytes) -> Known | None:
    """Across all organizations; works without one."""
    row = session.execute(_ACCOUNT_OF_EMAIL, {"index": email_index}).one_or_none()
    return Known(*row) if row else None


def memberships(session: Session, account_id: UUID) -> tuple[Membership, ...]:
    """Active memberships, the first one first; works without an organization."""
    return tuple(Membership(*row) for row in session.execute(_MEMBERSHIPS, {"account_id": account_id}))


def open_memberships(session: Session, account_id: UUID) -> tuple[Membership, ...]:
    """
    Those into which the account's password leads.

    An account of which nobody has proved the address leads only to where it was made: whoever made it there
    may not be whom another organization invited.
    """
    rows = session.execute(_OPEN_MEMBERSHIPS, {"account_id": account_id})
    return tuple(Membership(*row) for row in rows)


def organization_of_refresh_token(session: Session, token_hash: bytes) -> UUID | None:
    """Works without an organization."""
    found: UUID | None = session.scalar(_ORGANIZATION_OF_TOKEN, {"hash": token_hash})
    return found


def organization(session: Session) -> Organization:
    """The one whose unit of work this is."""
    return session.get_one(Organization, organization_of(session))


def member(session: Session, member_id: UUID, *, lock: bool = False) -> Member:
    """With `lock`, nobody else changes the member, or signs in as them, until the transaction ends."""
    key = (organization_of(session), member_id)
    found = session.get(
        Member, key, populate_existing=lock, with_for_update={"key_share": True} if lock else None
    )
    if found is None:
        raise NotFound.because("not_found", "there is no such member")
    return found


def member_of_account(session: Session, account_id: UUID) -> Member | None:
    return session.scalar(select(Member).where(Member.account_id == account_id))


def account(session: Session, account_id: UUID, *, lock: bool = False) -> Account:
    """An account of a member of this organization; others cannot be seen."""
    locked = {"key_share": True} if lock else None
    return session.get_one(Account, account_id, populate_existing=lock, with_for_update=locked)


def fresh_hash(session: Session, account_id: UUID) -> str:
    """The password's hash as it is now, whatever the session has read before."""
    return session.scalars(select(Account.password_hash).where(Account.id == account_id)).one()


def accounts(session: Session, account_ids: Sequence[UUID]) -> dict[UUID, Account]:
    return {row.id: row for row in session.scalars(select(Account).where(Account.id.in_(account_ids)))}


def page(
    session: Session,
    limit: int,
    after: tuple[datetime, UUID] | None,
    *,
    deactivated: bool = False,
    guests: bool = False,
) -> tuple[Member, ...]:
    """Members, the first one first; `after` is the (created_at, id) of the last one already seen."""
    statement = select(Member).order_by(Member.created_at, Member.id).limit(limit)
    if not guests:
        statement = statement.where(Member.role != "guest")
    if not deactivated:
        statement = statement.where(Member.deactivated_at.is_(None))
    if after is not None:
        statement = statement.where(tuple_(Member.created_at, Member.id) > after)
    return tuple(session.scalars(statement))


def active_with_role(session: Session, role: str) -> tuple[Member, ...]:
    """Locked in the order of their ids, so that two demotions cannot each count on the other's member."""
    statement = (
        select(Member)
        .where(Member.role == role, Member.deactivated_at.is_(None))
        .order_by(Member.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return tuple(session.scalars(statement))


def property_ids(session: Session, member_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """To which properties each is limited; who is to none is not in it."""
    statement = (
        select(MemberProperty.member_id, MemberProperty.property_id)
        .where(MemberProperty.member_id.in_(member_ids))
        .order_by(MemberProperty.property_id)
    )
    found: dict[UUID, list[UUID]] = {}
    for member_id, property_id in session.execute(statement):
        found.setdefault(member_id, []).append(property_id)
    return found


def limit_to(session: Session, member_id: UUID, property_ids: Sequence[UUID]) -> None:
    """In place of what there was; none means all properties."""
    session.execute(delete(MemberProperty).where(MemberProperty.member_id == member_id))
    here = organization_of(session)
    session.add_all(
        MemberProperty(organization_id=here, member_id=member_id, property_id=property_id)
        for property_id in property_ids
    )
    session.flush()


def refresh_token(session: Session, token_hash: bytes) -> RefreshToken | None:
    statement = select(RefreshToken).where(RefreshToken.token_hash == token_hash)
    return session.scalar(statement.execution_options(populate_existing=True))


def revoke_family(session: Session, family: UUID, now: datetime) -> None:
    _revoke(session, now, family=family)


def revoke_all(session: Session, member_id: UUID, now: datetime) -> None:
    """Sign a member out everywhere."""
    _revoke(session, now, member_id=member_id)


def forget_expired(session: Session, member_id: UUID, now: datetime) -> None:
    session.execute(
        delete(RefreshToken).where(RefreshToken.member_id == member_id, RefreshToken.expires_at <= now)
    )


def _revoke(session: Session, now: datetime, **which: UUID) -> None:
    session.execute(
        update(RefreshToken)
        .filter_by(**which)
        .where(RefreshToken.revoked_at.is_(None))
        .values(revoked_at=now)
    )

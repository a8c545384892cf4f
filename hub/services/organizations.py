"""Organizations and their members: who may act for whom, and as what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub import clock
from hub.database import SYSTEM, Actor, Database, StaleRead, constraint, organization_of
from hub.errors import Conflict, Refused
from hub.ids import new_id
from hub.models.organizations import Member, Organization
from hub.queries import accounts as query
from hub.services import accounts, changes
from hub.services.accounts import Person

GIVEN_ROLES = ("staff", "manager", "admin")
"""What an admin may make of a member; guests need no membership, and super_admin is the hub's to give."""


@dataclass(frozen=True, slots=True)
class NewMember:
    """Who is to join. The password is for a new account; one that exists already keeps its own."""

    person: Person
    role: str
    password: str | None


def create(database: Database, name: str, admin: NewMember, actor: Actor = SYSTEM) -> Member:
    """A new organization and its first member; `member.organization_id` says which it is."""
    title = name.strip()
    if not title:
        raise Refused.because("required", "an organization needs a name", "name")
    organization_id = new_id()

    def work(session: Session) -> Member:
        session.add(Organization(id=organization_id, name=title, created_at=clock.now()))
        session.flush()
        return add(session, admin)

    return database.transact(organization_id, work, actor)


def add(session: Session, new: NewMember) -> Member:
    """
    Let somebody act for this organization; who was deactivated comes back with the new role.

    StaleRead where somebody else adds the same person at this moment: run it by `transact`.
    """
    role = _role(new.role)
    person = accounts.normalized(new.person)

    known = accounts.find(session, person.email)
    member = query.member_of_account(session, known.account_id) if known else None
    if member and member.deactivated_at is None:
        raise Refused.because("already_a_member", "this person is a member already", "email")
    if known and new.password is not None:
        raise Refused.because(
            "has_account", "this person has an account already; leave the password out", "password"
        )
    if not known and new.password is None:
        raise Refused.because("required", "a new account needs a password", "password")
    account_id = known.account_id if known else accounts.add(session, person, new.password or "")

    before = _snapshot(member) if member else None
    if member is None:
        member = Member(
            organization_id=organization_of(session),
            id=new_id(),
            account_id=account_id,
            created_at=clock.now(),
        )
        session.add(member)
    member.role = role
    member.deactivated_at = None
    _written(session)
    changes.record(session, "member", member.id, "added", before=before, after=_snapshot(member))
    return member


def change_role(session: Session, member_id: UUID, role: str) -> Member:
    """It counts from the member's next access token on."""
    wanted = _role(role)
    _another_admin_than(session, member_id, unless=wanted == "admin")
    member = query.member(session, member_id, lock=True)
    if member.deactivated_at is not None:
        raise Conflict.because("deactivated", "this member was deactivated; add them again")
    before = _snapshot(member)

    member.role = wanted
    session.flush()
    changes.record(session, "member", member.id, "changed", before=before, after=_snapshot(member))
    return member


def deactivate(session: Session, member_id: UUID) -> None:
    """Take somebody's access to this organization, and sign them out of it; a second time does nothing."""
    _another_admin_than(session, member_id)
    member = query.member(session, member_id, lock=True)
    if member.deactivated_at is not None:
        return
    before = _snapshot(member)

    member.deactivated_at = clock.now()
    query.revoke_all(session, member.id, member.deactivated_at)
    session.flush()
    changes.record(session, "member", member.id, "deactivated", before=before, after=_snapshot(member))


def _another_admin_than(session: Session, member_id: UUID, *, unless: bool = False) -> None:
    admins = [member.id for member in query.active_with_role(session, "admin")]
    if admins == [member_id] and not unless:
        raise Conflict.because("last_admin", "an organization keeps at least one admin; make another first")


def _written(session: Session) -> None:
    """StaleRead where somebody else made the same account a member at this moment."""
    try:
        session.flush()
    except IntegrityError as error:
        if constraint(error) == "uq_members_organization_id_account_id":
            raise StaleRead from None
        raise


def _role(role: str) -> str:
    if role not in GIVEN_ROLES:
        raise Refused.because("invalid_role", f"a role is one of {', '.join(GIVEN_ROLES)}", "role")
    return role


def _snapshot(member: Member) -> dict[str, Any]:
    """Without the person: the change log names nobody."""
    return {"role": member.role, "active": member.deactivated_at is None}

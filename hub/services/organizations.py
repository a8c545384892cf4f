"""Organizations and their members: who may act for whom, and as what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub import clock
from hub.database import SYSTEM, Actor, Database, StaleRead, actor_of, constraint, organization_of
from hub.errors import Conflict, Refused
from hub.ids import new_id
from hub.models.organizations import Member, Organization
from hub.queries import accounts as query
from hub.queries import properties, ways_in
from hub.services import accounts, api_keys, changes, keys, passwords
from hub.services.accounts import Person

GIVEN_ROLES = ("staff", "manager", "admin")
"""What an admin may make of a member; guests register themselves, and super_admin is the hub's to give."""
OPERATORS_ROLES = (*GIVEN_ROLES, "super_admin")
"""What whoever runs the hub may make of one"""


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
        keys.make_first(session)
        return add(session, admin)

    return database.transact(organization_id, work, actor)


def add(session: Session, new: NewMember) -> Member:
    """
    Let somebody act for this organization, by the word of who runs the hub: the address counts as proven.

    Everybody else invites (`invitations`), which tells nobody whether a person has an account. Who was
    deactivated comes back with the new role. StaleRead where somebody else adds the same person at this
    moment: run it by `transact`.
    """
    role = given_role(new.role, OPERATORS_ROLES)
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
    account_id = (
        known.account_id
        if known
        else accounts.add(session, person, passwords.hashed(new.password or ""), proven=True)
    )
    return join(session, account_id, role)


def join(
    session: Session,
    account_id: UUID,
    role: str,
    property_ids: Sequence[UUID] = (),
    by: str = "added",
    *,
    from_guest: bool = False,
) -> Member:
    """A new member, one who comes back, or `from_guest` one who was a guest; StaleRead as in `add`."""
    member = query.member_of_account(session, account_id)
    if member is not None and member.deactivated_at is None and not from_guest:
        raise StaleRead  # somebody else was faster than who has looked before
    before = snapshot(session, member) if member else None
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
    query.limit_to(session, member.id, property_ids)
    after = snapshot(session, member)
    changes.record(session, "member", member.id, by, before=before, after=after, for_id=account_id)
    return member


def change(
    session: Session, member_id: UUID, role: str | None = None, property_ids: Sequence[UUID] | None = None
) -> Member:
    """Another role, other properties; what is None stays. It counts from the member's next request on."""
    wanted = given_role(role) if role is not None else None
    if wanted is not None:
        _another_admin_than(session, member_id, unless=wanted == "admin")
    member = query.member(session, member_id, lock=True)
    if member.deactivated_at is not None:
        raise Conflict.because("deactivated", "this member was deactivated; invite them again")
    _ours_to_change(session, member)
    before = snapshot(session, member)

    member.role = wanted or member.role
    session.flush()
    if member.role != "admin":
        ways_in.revoke_by(session, member.id, clock.now())
        api_keys.revoke_of(session, member.id)
    if property_ids is not None:
        query.limit_to(session, member_id, limits(session, member.role, property_ids))
    elif member.role != "staff":
        query.limit_to(session, member_id, ())
    after = snapshot(session, member)
    changes.record(
        session, "member", member.id, "changed", before=before, after=after, for_id=member.account_id
    )
    return member


def limits(session: Session, role: str, property_ids: Sequence[UUID]) -> list[UUID]:
    """The properties to which somebody may be limited; Refused, naming the field, where they may not."""
    wanted = sorted(set(property_ids))
    if wanted and role != "staff":
        raise Refused.because("only_staff", "only staff are limited to properties", "property_ids")
    known = properties.known(session, wanted)
    for position, property_id in enumerate(property_ids):
        if property_id not in known:
            raise Refused.because("unknown", "there is no such property", f"property_ids[{position}]")
    return wanted


def change_role(session: Session, member_id: UUID, role: str) -> Member:
    return change(session, member_id, role)


def deactivate(session: Session, member_id: UUID) -> None:
    """Take somebody's access to this organization, and sign them out of it; a second time does nothing."""
    _another_admin_than(session, member_id)
    member = query.member(session, member_id, lock=True)
    if member.deactivated_at is not None:
        return
    _ours_to_change(session, member)
    before = snapshot(session, member)

    member.deactivated_at = clock.now()
    query.revoke_all(session, member.id, member.deactivated_at)
    ways_in.revoke_by(session, member.id, member.deactivated_at)
    api_keys.revoke_of(session, member.id)
    session.flush()
    after = snapshot(session, member)
    changes.record(
        session, "member", member.id, "deactivated", before=before, after=after, for_id=member.account_id
    )


def _another_admin_than(session: Session, member_id: UUID, *, unless: bool = False) -> None:
    admins = [member.id for member in query.active_with_role(session, "admin")]
    if admins == [member_id] and not unless:
        raise Conflict.because("last_admin", "an organization keeps at least one admin; make another first")


def _ours_to_change(session: Session, member: Member) -> None:
    if member.role == "super_admin" and actor_of(session).kind != "command":
        raise Conflict.because("super_admin", "a super_admin is the hub's to give and to take")


def _written(session: Session) -> None:
    """StaleRead where somebody else made the same account a member at this moment."""
    try:
        session.flush()
    except IntegrityError as error:
        if constraint(error) == "uq_members_organization_id_account_id":
            raise StaleRead from None
        raise


def given_role(role: str, allowed: Sequence[str] = GIVEN_ROLES) -> str:
    """Refused, naming the field, where it is not one of those."""
    if role not in allowed:
        raise Refused.because("invalid_role", f"a role is one of {', '.join(allowed)}", "role")
    return role


def snapshot(session: Session, member: Member) -> dict[str, Any]:
    """Without the person: the change log names nobody."""
    said: dict[str, Any] = {"role": member.role, "active": member.deactivated_at is None}
    if limited := query.property_ids(session, [member.id]).get(member.id):
        said["property_ids"] = [str(property_id) for property_id in limited]
    return said

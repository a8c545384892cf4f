"""Who may act for an organization, and as what."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.database import Database
from hub.errors import Conflict, HubError, Refused
from hub.models.organizations import Account, Member
from hub.models.records import Change
from hub.queries import accounts as query
from hub.services import accounts, organizations, passwords, sign_in
from hub.services.accounts import Person
from hub.services.organizations import NewMember
from tests import factories
from tests.factories import PASSWORD


def code(error: pytest.ExceptionInfo[HubError]) -> tuple[str, str | None]:
    reason = error.value.reasons[0]
    return reason.code, reason.field


def invite(hub: Database, organization_id: UUID, new: NewMember) -> Member:
    return hub.transact(organization_id, lambda session: organizations.add(session, new))


@pytest.mark.parametrize(
    ("password", "reason"), [("short one", "too_short"), ("é" * 513, "too_long"), ("x" * 1025, "too_long")]
)
def test_a_password_has_ten_characters_and_at_most_1024_bytes(password: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        passwords.hashed(password)
    assert code(refused) == (reason, "password")


def test_a_password_is_the_same_however_its_letters_are_composed() -> None:
    assert passwords.proves("contrasen\u0303a1", passwords.hashed("contrase\u00f1a1"))


def test_neither_the_address_nor_the_name_is_readable_in_the_database(hub: Database) -> None:
    email = factories.an_email()
    admin = factories.an_organization(hub, email=email)
    with hub.unit_of_work(admin.organization_id) as session:
        row = session.scalars(select(Account)).one()
        assert email.encode() not in row.sealed
        assert accounts.read(session, row) == Person(email, "Ada Admin")


def test_one_person_acts_for_two_organizations_with_one_password(hub: Database) -> None:
    email = factories.an_email()
    first = factories.an_organization(hub, email=email)
    second = factories.an_organization(hub)
    joined = invite(hub, second.organization_id, NewMember(Person(email, "Whoever"), "manager", None))
    assert joined.account_id == first.account_id
    assert sign_in.login(hub, email, PASSWORD).organization_id == first.organization_id
    there = sign_in.login(hub, email, PASSWORD, second.organization_id)
    assert (there.member_id, there.role) == (joined.id, "manager")


def test_a_known_person_joins_without_a_password_and_a_new_one_needs_it(hub: Database) -> None:
    email = factories.an_email()
    factories.an_organization(hub, email=email)
    here = factories.an_organization(hub).organization_id
    for new, reason in (
        (NewMember(Person(email, "Ada"), "staff", PASSWORD), "has_account"),
        (NewMember(Person(factories.an_email(), "Bob"), "staff", None), "required"),
    ):
        with pytest.raises(Refused) as refused:
            invite(hub, here, new)
        assert code(refused) == (reason, "password")


@pytest.mark.parametrize(
    ("email", "name", "role", "field"),
    [
        ("nobody", "Ada", "staff", "email"),
        ("ada@example.com", "  ", "staff", "name"),
        ("ada@example.com", "Ada", "owner", "role"),
        ("ada@example.com", "Ada", "guest", "role"),
    ],
)
def test_a_member_who_cannot_be_is_refused_by_field(
    hub: Database, email: str, name: str, role: str, field: str
) -> None:
    here = factories.an_organization(hub).organization_id
    with pytest.raises(Refused) as refused:
        invite(hub, here, NewMember(Person(email, name), role, PASSWORD))
    assert code(refused)[1] == field


def test_a_member_is_added_once_and_comes_back_as_the_same_one(hub: Database) -> None:
    here = factories.an_organization(hub).organization_id
    person = Person(factories.an_email(), "Sam")
    member = invite(hub, here, NewMember(person, "staff", PASSWORD))
    for password in (None, PASSWORD):
        with pytest.raises(Refused) as refused:
            invite(hub, here, NewMember(person, "staff", password))
        assert code(refused) == ("already_a_member", "email")
    hub.transact(here, lambda session: organizations.deactivate(session, member.id))
    back = invite(hub, here, NewMember(person, "manager", None))
    assert (back.id, back.role, back.deactivated_at) == (member.id, "manager", None)


def test_two_who_add_the_same_person_at_once_make_one_account(hub: Database) -> None:
    organizations_ = [factories.an_organization(hub).organization_id for _ in range(4)]
    person = Person(factories.an_email(), "Sam")

    def add(organization_id: UUID) -> str:
        try:
            invite(hub, organization_id, NewMember(person, "staff", PASSWORD))
        except Refused as refused:
            return refused.reasons[0].code
        return "added"

    with ThreadPoolExecutor(4) as threads:
        answers = sorted(threads.map(add, organizations_))
    assert answers == ["added", "has_account", "has_account", "has_account"]


def test_two_who_add_the_same_person_to_one_organization_at_once_make_one_member(hub: Database) -> None:
    person = Person(factories.an_email(), "Sam")
    factories.an_organization(hub, email=person.email)
    here = factories.an_organization(hub).organization_id

    def add(_: int) -> str:
        try:
            invite(hub, here, NewMember(person, "staff", None))
        except Refused as refused:
            return refused.reasons[0].code
        return "added"

    with ThreadPoolExecutor(4) as threads:
        answers = sorted(threads.map(add, range(4)))
    assert answers == ["added", "already_a_member", "already_a_member", "already_a_member"]


def test_an_organization_keeps_an_admin(hub: Database) -> None:
    admin = factories.an_organization(hub)
    for work in (
        lambda session: organizations.deactivate(session, admin.id),
        lambda session: organizations.change_role(session, admin.id, "staff"),
    ):
        with pytest.raises(Conflict) as refused:
            hub.transact(admin.organization_id, work)
        assert code(refused) == ("last_admin", None)


def test_two_admins_who_demote_each_other_at_once_leave_one(hub: Database) -> None:
    first = factories.an_organization(hub)
    here = first.organization_id
    second = invite(hub, here, NewMember(Person(factories.an_email(), "Bea"), "admin", PASSWORD))

    def demote(member_id: UUID) -> bool:
        try:
            hub.transact(here, lambda session: organizations.change_role(session, member_id, "staff"))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(demote, [first.id, second.id])) == [False, True]


def test_without_the_lock_two_admins_demote_each_other_and_none_is_left(
    hub: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: it shows what the lock is for."""

    def unlocked(session: Session, role: str) -> tuple[Member, ...]:
        return tuple(session.scalars(select(Member).where(Member.role == role).order_by(Member.id)))

    first = factories.an_organization(hub)
    here = first.organization_id
    second = invite(hub, here, NewMember(Person(factories.an_email(), "Bea"), "admin", PASSWORD))
    monkeypatch.setattr(query, "active_with_role", unlocked)
    with hub.unit_of_work(here) as session:
        organizations.change_role(session, first.id, "staff")
        hub.transact(here, lambda other: organizations.change_role(other, second.id, "staff"))
    with hub.unit_of_work(here) as session:
        assert unlocked(session, "admin") == ()


def test_what_happens_to_members_is_logged_without_their_names(hub: Database) -> None:
    here = factories.an_organization(hub).organization_id
    with hub.unit_of_work(here) as session:
        member = factories.a_member(session)
        organizations.change_role(session, member.id, "manager")
        organizations.deactivate(session, member.id)
        rows = session.scalars(select(Change).where(Change.entity_id == member.id).order_by(Change.id)).all()
    assert [row.action for row in rows] == ["added", "changed", "deactivated"]
    assert rows[1].before == {"role": "staff", "active": True}
    assert rows[2].after == {"role": "manager", "active": False}


def test_a_super_admin_is_the_hubs_to_give_and_no_admins_to_take(hub: Database) -> None:
    here = factories.an_organization(hub).organization_id
    high = invite(hub, here, NewMember(Person(factories.an_email(), "Root"), "super_admin", PASSWORD))
    for work in (
        lambda session: organizations.deactivate(session, high.id),
        lambda session: organizations.change_role(session, high.id, "staff"),
    ):
        with pytest.raises(Conflict) as refused:
            hub.transact(here, work)
        assert code(refused) == ("super_admin", None)

"""People come to act for an organization by invitation, and nobody learns who has an account."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.database import SYSTEM, Database
from hub.errors import Conflict, NotAllowed, NotFound, NotSignedIn, Refused
from hub.ids import new_id
from hub.models.access import Invitation
from hub.models.organizations import Member
from hub.models.records import Change
from hub.queries import accounts as query
from hub.queries import ways_in
from hub.services import accounts, invitations, organizations, resets, sign_in
from hub.services.accounts import Person
from tests import factories
from tests.concurrency.together import Meeting, together
from tests.conftest import FrozenClock
from tests.factories import PASSWORD
from tests.hub.services.entering import BASE_URL, invited, letters, secret, token_for

OTHER = "another password of tests"


@pytest.fixture
def admin(hub: Database) -> Member:
    return factories.an_organization(hub, name="Casa Azul")


@pytest.fixture
def email() -> str:
    return factories.an_email()


def member_of(hub: Database, organization_id: UUID, email: str) -> Member | None:
    with hub.unit_of_work(organization_id) as session:
        known = accounts.find(session, email)
        return query.member_of_account(session, known.account_id) if known else None


def worthless(hub: Database, token: str) -> bool:
    with pytest.raises(Refused) as refused:
        invitations.accept(hub, token, None, OTHER)
    return (refused.value.reasons[0].code, refused.value.reasons[0].field) == ("invalid_token", "token")


def test_who_is_new_chooses_name_and_password_and_is_in(hub: Database, admin: Member, email: str) -> None:
    token = secret(invited(hub, admin, email, "manager").link)
    invitations.accept(hub, token, "Samantha", OTHER)
    signed_in = sign_in.login(hub, email, OTHER)
    assert (signed_in.organization_id, signed_in.role) == (admin.organization_id, "manager")
    with hub.unit_of_work(admin.organization_id) as session:
        member = query.member(session, signed_in.member_id)
        assert accounts.read(session, query.account(session, member.account_id)).name == "Samantha"


def test_the_mail_holds_the_link_that_the_inviter_sees_and_the_database_holds_neither(
    hub: Database, admin: Member, email: str
) -> None:
    made = invited(hub, admin, email)
    letter = letters(hub, admin.organization_id, email)[0]
    assert made.link in letter.text
    assert letter.subject == "Join Casa Azul"
    token = secret(made.link).encode()
    with hub.unit_of_work(admin.organization_id) as session:
        row = session.scalars(select(Invitation)).one()
        assert all(token not in bytes(value) for value in (row.token_hash, row.sealed))
        assert email.encode() not in row.sealed


def test_who_has_an_account_joins_by_its_password_and_keeps_that_and_the_name(
    hub: Database, admin: Member, email: str
) -> None:
    home = factories.an_organization(hub, email=email)
    invitations.accept(hub, secret(invited(hub, admin, email).link), "Somebody Else", PASSWORD)
    with pytest.raises(NotSignedIn):
        sign_in.login(hub, email, OTHER)
    signed_in = sign_in.login(hub, email, PASSWORD, admin.organization_id)
    assert signed_in.role == "staff"
    with hub.unit_of_work(home.organization_id) as session:
        assert accounts.read(session, query.account(session, home.account_id)).name == "Ada Admin"


@pytest.mark.parametrize("password", [None, OTHER])
def test_whether_there_was_an_account_cannot_be_told_from_the_answer(
    hub: Database, admin: Member, email: str, password: str | None
) -> None:
    factories.an_organization(hub, email=email)
    for address in (email, factories.an_email()):
        token = secret(invited(hub, admin, address).link)
        invitations.accept(hub, token, None, password)  # answers nothing, and raises nothing
    with hub.unit_of_work(admin.organization_id) as session:
        members = query.page(session, 10, None)
    assert len(members) == 2, "who had none is a member now, and who had one is not by another password"


def test_who_accepts_without_a_password_gets_one_by_a_reset(hub: Database, admin: Member, email: str) -> None:
    invitations.accept(hub, secret(invited(hub, admin, email).link))
    for guess in ("", "!", PASSWORD):
        with pytest.raises(NotSignedIn):
            sign_in.login(hub, email, guess)
    resets.ask(hub, email, BASE_URL)
    resets.confirm(hub, token_for(hub, admin.organization_id, email), OTHER)
    assert sign_in.login(hub, email, OTHER).organization_id == admin.organization_id


def test_an_invitation_is_good_once_and_for_a_week(
    hub: Database, admin: Member, email: str, clock: FrozenClock
) -> None:
    token = secret(invited(hub, admin, email).link)
    late = secret(invited(hub, admin, factories.an_email()).link)
    clock.advance(timedelta(days=7) - timedelta(seconds=1))
    invitations.accept(hub, token, None, OTHER)
    assert worthless(hub, token)
    clock.advance(timedelta(seconds=1))
    assert worthless(hub, late)
    assert worthless(hub, "nothing that we ever gave")


def test_of_ten_who_accept_at_once_one_does(hub: Database, admin: Member, email: str) -> None:
    token = secret(invited(hub, admin, email).link)
    answers = together([lambda: invitations.accept(hub, token, None, PASSWORD)] * 10)
    assert answers.count(None) == 1
    assert {type(answer) for answer in answers if answer is not None} == {Refused}


def test_without_the_lock_two_accept_the_same_invitation(
    hub: Database, admin: Member, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: it shows what the lock is for, where no new row could clash."""
    with hub.unit_of_work(admin.organization_id) as session:
        organizations.deactivate(session, factories.a_member(session, email=email).id)
    token, both_have_read = secret(invited(hub, admin, email).link), Meeting(2)

    def unlocked(session: Session, token_hash: bytes) -> Invitation | None:
        row = session.scalar(select(Invitation).where(Invitation.token_hash == token_hash))
        both_have_read.wait()
        return row

    monkeypatch.setattr(ways_in, "invitation_of", unlocked)
    assert together([lambda: invitations.accept(hub, token, None, PASSWORD)] * 2) == [None, None]


def test_a_revoked_invitation_is_good_no_more_and_an_accepted_one_stays(
    hub: Database, admin: Member, email: str
) -> None:
    here = admin.organization_id
    made = invited(hub, admin, email)
    for _ in range(2):
        hub.transact(here, lambda session: invitations.revoke(session, made.row.id))
    assert worthless(hub, secret(made.link))

    again = invited(hub, admin, email)
    invitations.accept(hub, secret(again.link), None, OTHER)
    with pytest.raises(Conflict):
        hub.transact(here, lambda session: invitations.revoke(session, again.row.id))


def test_a_newer_invitation_ends_an_older_one(hub: Database, admin: Member, email: str) -> None:
    old, new = (secret(invited(hub, admin, email, role).link) for role in ("admin", "staff"))
    assert worthless(hub, old)
    invitations.accept(hub, new, None, OTHER)
    member = member_of(hub, admin.organization_id, email)
    assert member is not None
    assert member.role == "staff"


@pytest.mark.parametrize("role", [None, "manager"])
def test_what_a_former_admin_wrote_is_good_no_more(
    hub: Database, admin: Member, email: str, role: str | None
) -> None:
    here = admin.organization_id
    with hub.unit_of_work(here) as session:
        leaving = factories.a_member(session, "admin")
    token = secret(invited(hub, leaving, email, "admin").link)
    if role is None:
        hub.transact(here, lambda session: organizations.deactivate(session, leaving.id))
    else:
        hub.transact(here, lambda session: organizations.change_role(session, leaving.id, role))
    assert worthless(hub, token)


def test_staff_are_limited_to_the_properties_of_their_invitation(
    hub: Database, admin: Member, email: str
) -> None:
    here = admin.organization_id
    with hub.unit_of_work(here) as session:
        mine = factories.a_property(session).id
    invitations.accept(hub, secret(invited(hub, admin, email, "staff", (mine,)).link), None, OTHER)
    member = member_of(hub, here, email)
    assert member is not None
    with hub.unit_of_work(here) as session:
        assert query.property_ids(session, [member.id]) == {member.id: [mine]}
    hub.transact(here, lambda session: organizations.change(session, member.id, "manager"))
    with hub.unit_of_work(here) as session:
        assert query.property_ids(session, [member.id]) == {}


@pytest.mark.parametrize(
    ("role", "whose", "code", "field"),
    [
        ("manager", "ours", "only_staff", "property_ids"),
        ("staff", "theirs", "unknown", "property_ids[0]"),
        ("staff", "nobodys", "unknown", "property_ids[0]"),
        ("super_admin", None, "invalid_role", "role"),
        ("guest", None, "invalid_role", "role"),
    ],
)
def test_who_cannot_be_invited_so_is_refused_by_field(
    hub: Database, admin: Member, email: str, role: str, whose: str | None, code: str, field: str
) -> None:
    stranger = factories.an_organization(hub).organization_id
    places = {"nobodys": new_id()}
    for name, where in (("ours", admin.organization_id), ("theirs", stranger)):
        with hub.unit_of_work(where) as session:
            places[name] = factories.a_property(session).id
    with pytest.raises(Refused) as refused:
        invited(hub, admin, email, role, (places[whose],) if whose else ())
    assert (refused.value.reasons[0].code, refused.value.reasons[0].field) == (code, field)


def test_who_is_a_member_already_is_not_invited_and_who_left_comes_back(
    hub: Database, admin: Member, email: str
) -> None:
    here = admin.organization_id
    with hub.unit_of_work(here) as session:
        member = factories.a_member(session, email=email)
    with pytest.raises(Refused) as refused:
        invited(hub, admin, email)
    assert refused.value.reasons[0].code == "already_a_member"

    hub.transact(here, lambda session: organizations.deactivate(session, member.id))
    invitations.accept(hub, secret(invited(hub, admin, email, "manager").link), None, PASSWORD)
    back = member_of(hub, here, email)
    assert back is not None
    assert (back.id, back.role, back.deactivated_at) == (member.id, "manager", None)


def test_only_a_member_invites_and_only_their_own_organization_knows_of_it(
    hub: Database, admin: Member, email: str
) -> None:
    made = invited(hub, admin, email)
    with pytest.raises(NotAllowed):
        hub.transact(
            admin.organization_id,
            lambda session: invitations.invite(session, Person(email, "Sam"), "staff", (), BASE_URL),
            SYSTEM,
        )
    stranger = factories.an_organization(hub).organization_id
    with pytest.raises(NotFound), hub.unit_of_work(stranger) as session:
        ways_in.invitation(session, made.row.id)


def test_what_becomes_of_an_invitation_is_logged_and_nobody_is_named(
    hub: Database, admin: Member, email: str
) -> None:
    made = invited(hub, admin, email)
    invitations.accept(hub, secret(made.link), "Samantha", OTHER)
    with hub.unit_of_work(admin.organization_id) as session:
        rows = session.scalars(select(Change).order_by(Change.at, Change.id)).all()
    said = [(row.entity, row.action, row.after) for row in rows if row.entity == "invitation"]
    assert said == [
        ("invitation", "created", {"role": "staff"}),
        ("invitation", "accepted", {"role": "staff"}),
    ]
    assert ("member", "joined") in {(row.entity, row.action) for row in rows}
    assert email not in str([(row.before, row.after) for row in rows])

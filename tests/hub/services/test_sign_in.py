"""Signing in, and staying so."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from statistics import median
from time import thread_time
from uuid import UUID

import pytest
from sqlalchemy import select

from hub.database import SYSTEM, Actor, Database
from hub.errors import HubError, NotSignedIn, Refused
from hub.ids import new_id
from hub.models.organizations import Member
from hub.models.records import Change
from hub.queries import accounts as query
from hub.services import accounts, lockout, organizations, passwords, sign_in
from hub.services.accounts import Person
from hub.services.lockout import Try
from hub.services.organizations import NewMember
from hub.vault import token_hash
from tests import factories
from tests.conftest import FrozenClock
from tests.factories import PASSWORD


def code(error: pytest.ExceptionInfo[HubError]) -> tuple[str, str | None]:
    reason = error.value.reasons[0]
    return reason.code, reason.field


def invite(hub: Database, organization_id: UUID, new: NewMember) -> Member:
    return hub.transact(organization_id, lambda session: organizations.add(session, new))


def test_an_admin_signs_in_whatever_the_case_of_the_address(hub: Database) -> None:
    email = factories.an_email()
    admin = factories.an_organization(hub, email=email)
    signed_in = sign_in.login(hub, email.upper(), PASSWORD)
    assert (signed_in.organization_id, signed_in.member_id) == (admin.organization_id, admin.id)
    assert signed_in.role == "admin"


def test_an_unknown_account_a_wrong_password_and_a_dismissed_member_are_answered_alike(hub: Database) -> None:
    email, left = factories.an_email(), factories.an_email()
    admin = factories.an_organization(hub, email=email)
    with hub.unit_of_work(admin.organization_id) as session:
        gone = factories.a_member(session, email=left)
        organizations.deactivate(session, gone.id)
    answers = []
    for address, password in (
        (factories.an_email(), PASSWORD),
        (email, "not the password"),
        (left, PASSWORD),
        ("no address at all", PASSWORD),
        (email, "x" * 2000),
    ):
        with pytest.raises(NotSignedIn) as refused:
            sign_in.login(hub, address, password)
        answers.append(refused.value.reasons)
    assert all(answer == answers[0] for answer in answers)


def test_a_disabled_account_is_answered_like_an_unknown_one(hub: Database) -> None:
    email = factories.an_email()
    admin = factories.an_organization(hub, email=email)
    with hub.unit_of_work(admin.organization_id) as session:
        query.account(session, admin.account_id).disabled_at = admin.created_at
    with pytest.raises(NotSignedIn) as refused:
        sign_in.login(hub, email, PASSWORD)
    assert code(refused) == ("invalid_credentials", None)


def test_an_unknown_account_takes_as_long_to_refuse_as_a_known_one(hub: Database) -> None:
    email = factories.an_email()
    factories.an_organization(hub, email=email)

    def took(address: str) -> float:
        begun = thread_time()  # of this thread alone: other processes cannot disturb it
        with pytest.raises(NotSignedIn):
            sign_in.login(hub, address, "not the password")
        return thread_time() - begun

    pairs = []
    for _ in range(9):
        pairs.append((took(email), took(factories.an_email())))
        lockout.succeeded(hub, Try.of(hub.vault, email, None))  # else it would not be heard any more
    known, unknown = (median(times) for times in zip(*pairs, strict=True))
    assert 0.5 < known / unknown < 2


def test_the_hash_of_nobody_costs_what_every_other_hash_does() -> None:
    assert not passwords.outdated(passwords.NOBODYS)
    assert passwords.NOBODYS.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not passwords.proves("", None)


def test_nobody_signs_in_to_an_organization_that_is_not_theirs(hub: Database) -> None:
    email = factories.an_email()
    factories.an_organization(hub, email=email)
    stranger = factories.an_organization(hub)
    for organization_id in (stranger.organization_id, new_id()):
        with pytest.raises(Refused) as refused:
            sign_in.login(hub, email, PASSWORD, organization_id)
        assert code(refused) == ("unknown", "organization_id")


def test_each_refresh_token_is_good_for_one_more(hub: Database) -> None:
    email = factories.an_email()
    factories.an_organization(hub, email=email)
    first = sign_in.login(hub, email, PASSWORD)
    second = sign_in.refresh(hub, first.refresh_token)
    third = sign_in.refresh(hub, second.refresh_token)
    assert len({one.refresh_token for one in (first, second, third)}) == 3
    assert third.member_id == first.member_id


def test_a_used_refresh_token_that_comes_back_ends_its_family_and_no_other(hub: Database) -> None:
    email = factories.an_email()
    factories.an_organization(hub, email=email)
    elsewhere = sign_in.login(hub, email, PASSWORD)
    stolen = sign_in.login(hub, email, PASSWORD)
    newest = sign_in.refresh(hub, stolen.refresh_token)
    for token in (stolen.refresh_token, newest.refresh_token):
        with pytest.raises(NotSignedIn):
            sign_in.refresh(hub, token)
    assert sign_in.refresh(hub, elsewhere.refresh_token)


def test_of_ten_refreshes_at_once_one_wins_and_the_family_has_ended(hub: Database) -> None:
    email = factories.an_email()
    factories.an_organization(hub, email=email)
    token = sign_in.login(hub, email, PASSWORD).refresh_token

    def refresh(_: int) -> str | None:
        try:
            return sign_in.refresh(hub, token).refresh_token
        except NotSignedIn:
            return None

    with ThreadPoolExecutor(10) as threads:
        won = [new for new in threads.map(refresh, range(10)) if new]
    assert len(won) == 1
    with pytest.raises(NotSignedIn):
        sign_in.refresh(hub, won[0])


def test_without_the_lock_two_refreshes_at_once_both_win(
    hub: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: it shows what the lock is for."""
    email = factories.an_email()
    here = factories.an_organization(hub, email=email).organization_id
    token = token_hash(sign_in.login(hub, email, PASSWORD).refresh_token)
    monkeypatch.setattr(sign_in, "_locked", query.refresh_token)
    with hub.unit_of_work(here) as session:
        first = sign_in._exchange(session, token)
        with hub.unit_of_work(here) as other:
            second = sign_in._exchange(other, token)
    assert first is not None
    assert second is not None
    assert sign_in.refresh(hub, first.refresh_token)
    assert sign_in.refresh(hub, second.refresh_token)


def test_signing_out_ends_the_family_and_may_be_said_twice(hub: Database) -> None:
    email = factories.an_email()
    factories.an_organization(hub, email=email)
    first = sign_in.login(hub, email, PASSWORD)
    second = sign_in.refresh(hub, first.refresh_token)
    for token in (first.refresh_token, first.refresh_token, "nothing we ever gave"):
        sign_in.logout(hub, token)
    with pytest.raises(NotSignedIn):
        sign_in.refresh(hub, second.refresh_token)


def test_a_refresh_token_lasts_thirty_days(hub: Database, clock: FrozenClock) -> None:
    email = factories.an_email()
    factories.an_organization(hub, email=email)
    first = sign_in.login(hub, email, PASSWORD)
    clock.advance(timedelta(days=30) - timedelta(seconds=1))
    second = sign_in.refresh(hub, first.refresh_token)
    clock.advance(timedelta(days=30))
    with pytest.raises(NotSignedIn):
        sign_in.refresh(hub, second.refresh_token)


def test_a_dismissed_member_is_signed_out_and_a_changed_role_counts_at_the_next_refresh(
    hub: Database,
) -> None:
    here = factories.an_organization(hub).organization_id
    email = factories.an_email()
    with hub.unit_of_work(here) as session:
        member = factories.a_member(session, email=email)
    token = sign_in.login(hub, email, PASSWORD).refresh_token
    hub.transact(here, lambda session: organizations.change_role(session, member.id, "manager"))
    signed_in = sign_in.refresh(hub, token)
    assert signed_in.role == "manager"
    hub.transact(here, lambda session: organizations.deactivate(session, member.id))
    with pytest.raises(NotSignedIn):
        sign_in.refresh(hub, signed_in.refresh_token)


def test_a_new_password_needs_the_old_one_and_signs_out_everywhere(hub: Database) -> None:
    email = factories.an_email()
    first = factories.an_organization(hub, email=email)
    second = factories.an_organization(hub).organization_id
    invite(hub, second, NewMember(Person(email, "Ada"), "staff", None))
    tokens = [
        sign_in.login(hub, email, PASSWORD, organization_id).refresh_token
        for organization_id in (first.organization_id, second)
    ]
    with pytest.raises(Refused) as refused:
        accounts.change_password(hub, SYSTEM, first.account_id, "not the old one", "the new password")
    assert code(refused) == ("wrong_password", "current_password")

    accounts.change_password(hub, SYSTEM, first.account_id, PASSWORD, "the new password")
    for token in tokens:
        with pytest.raises(NotSignedIn):
            sign_in.refresh(hub, token)
    with pytest.raises(NotSignedIn):
        sign_in.login(hub, email, PASSWORD)
    assert sign_in.login(hub, email, "the new password")


def test_what_becomes_of_sign_ins_is_in_the_log_with_where_they_came_from(hub: Database) -> None:
    email = factories.an_email()
    admin = factories.an_organization(hub, email=email)
    here = Actor("system", request_id="r1", address="192.0.2.7")
    with pytest.raises(NotSignedIn):
        sign_in.login(hub, email, "not the password", asking=here)
    first = sign_in.login(hub, email, PASSWORD, asking=here)
    sign_in.refresh(hub, first.refresh_token, here)
    with pytest.raises(NotSignedIn):
        sign_in.refresh(hub, first.refresh_token, here)
    sign_in.logout(hub, sign_in.login(hub, email, PASSWORD, asking=here).refresh_token, here)
    with hub.unit_of_work(admin.organization_id) as session:
        rows = session.scalars(select(Change).where(Change.entity == "sign_in").order_by(Change.id)).all()
    assert [(row.action, row.after, row.actor_kind) for row in rows] == [
        ("failed", {"code": "wrong_password"}, "system"),
        ("signed_in", {"by": "password"}, "member"),
        ("reused", None, "system"),
        ("signed_in", {"by": "password"}, "member"),
        ("signed_out", None, "system"),
    ]
    assert {(row.entity_id, row.address, row.request_id) for row in rows} == {(admin.id, "192.0.2.7", "r1")}

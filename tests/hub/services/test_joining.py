"""Whoever has an invitation's link makes no member of an account whose password they do not know."""

from __future__ import annotations

from datetime import timedelta
from time import thread_time

import pytest

from hub.database import Database
from hub.errors import NotSignedIn, Refused, TooManyTries
from hub.models.organizations import Member
from hub.queries import accounts as query
from hub.services import accounts, invitations, lockout, passwords, sign_in
from hub.services.lockout import Try
from tests import factories
from tests.conftest import FrozenClock
from tests.factories import PASSWORD
from tests.hub.services.entering import invited, secret

OTHER = "another password of tests"


@pytest.fixture
def admin(hub: Database) -> Member:
    return factories.an_organization(hub, name="Casa Azul")


@pytest.fixture
def email(hub: Database) -> str:
    """Of somebody who has an account elsewhere."""
    email = factories.an_email()
    factories.an_organization(hub, email=email)
    return email


def joined(hub: Database, admin: Member, email: str) -> bool:
    with hub.unit_of_work(admin.organization_id) as session:
        known = accounts.find(session, email)
        return known is not None and query.member_of_account(session, known.account_id) is not None


@pytest.mark.parametrize("password", [None, OTHER])
def test_an_account_does_not_join_without_its_password_and_the_invitation_stays_good(
    hub: Database, admin: Member, email: str, password: str | None
) -> None:
    token = secret(invited(hub, admin, email).link)
    invitations.accept(hub, token, None, password)
    assert not joined(hub, admin, email)
    invitations.accept(hub, token, None, PASSWORD)
    assert joined(hub, admin, email)
    with pytest.raises(Refused):
        invitations.accept(hub, token, None, PASSWORD)


def test_guesses_are_counted_as_at_the_login_and_answered_as_ever(
    hub: Database, admin: Member, email: str, clock: FrozenClock
) -> None:
    token = secret(invited(hub, admin, email).link)
    for _ in range(5):
        invitations.accept(hub, token, None, OTHER)
    with pytest.raises(TooManyTries):
        sign_in.login(hub, email, PASSWORD)
    invitations.accept(hub, token, None, PASSWORD)
    assert not joined(hub, admin, email), "unheard"
    clock.advance(timedelta(minutes=1))
    invitations.accept(hub, token, None, PASSWORD)
    assert joined(hub, admin, email)


def test_who_failed_at_an_address_without_an_account_may_still_make_one(hub: Database, admin: Member) -> None:
    email = factories.an_email()
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            sign_in.login(hub, email, OTHER)
    invitations.accept(hub, secret(invited(hub, admin, email).link), None, OTHER)
    assert joined(hub, admin, email)


def test_a_disabled_account_joins_nowhere(hub: Database, admin: Member) -> None:
    email = factories.an_email()
    home = factories.an_organization(hub, email=email)
    with hub.unit_of_work(home.organization_id) as session:
        query.account(session, home.account_id).disabled_at = home.created_at
    invitations.accept(hub, secret(invited(hub, admin, email).link), None, PASSWORD)
    assert not joined(hub, admin, email)


def test_a_password_that_changed_at_that_moment_lets_nobody_join(
    hub: Database, admin: Member, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    proves, token = passwords.proves, secret(invited(hub, admin, email).link)

    def meanwhile(given: str, kept: str | None) -> bool:
        right = proves(given, kept)
        with hub.unit_of_work(None) as session:
            known = accounts.find(session, email)
            assert known is not None
            here = query.memberships(session, known.account_id)[0].organization_id
        with hub.unit_of_work(here) as session:
            accounts.renew_password(session, known.account_id, passwords.hashed(OTHER))
        return right

    monkeypatch.setattr(passwords, "proves", meanwhile)
    invitations.accept(hub, token, None, PASSWORD)
    assert not joined(hub, admin, email)


def test_a_password_that_is_too_short_is_refused_alike(hub: Database, admin: Member, email: str) -> None:
    said = []
    for address in (email, factories.an_email()):
        with pytest.raises(Refused) as refused:
            invitations.accept(hub, secret(invited(hub, admin, address).link), None, "short")
        said.append(refused.value.reasons)
    assert said[0] == said[1]


@pytest.mark.parametrize("password", [None, OTHER, PASSWORD])
@pytest.mark.parametrize("locked", [False, True])
def test_each_way_takes_one_hashing(
    hub: Database,
    admin: Member,
    email: str,
    password: str | None,
    locked: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[str] = []
    proves, hashed = passwords.proves, passwords.hashed

    def proving(given: str, kept: str | None) -> bool:
        done.append("proves")
        return proves(given, kept)

    def hashing(new: str) -> str:
        done.append("hashed")
        return hashed(new)

    monkeypatch.setattr(passwords, "proves", proving)
    monkeypatch.setattr(passwords, "hashed", hashing)
    for address in (email, factories.an_email()):
        for _ in range(5 if locked else 0):
            lockout.begin(hub, Try.of(hub.vault, address, None))
        token = secret(invited(hub, admin, address).link)
        done.clear()
        invitations.accept(hub, token, None, password)
        assert len(done) == 1, address


def test_a_wrong_password_takes_as_long_as_a_new_account(hub: Database, admin: Member) -> None:
    def took(address: str) -> float:
        token = secret(invited(hub, admin, address).link)
        begun = thread_time()  # of this thread alone: other processes cannot disturb it
        invitations.accept(hub, token, None, OTHER)
        return thread_time() - begun

    known = [factories.an_email() for _ in range(5)]
    for address in known:
        factories.an_organization(hub, email=address)
    there = sorted(took(address) for address in known)[2]
    new = sorted(took(factories.an_email()) for _ in range(5))[2]
    assert 0.4 < there / new < 2.5

"""A forgotten password is replaced once by who reads the mail."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.database import Actor, Database
from hub.errors import NotSignedIn, Refused, TooManyTries
from hub.ids import new_id
from hub.models.access import PasswordReset
from hub.models.organizations import Member
from hub.models.privacy import Mail
from hub.models.records import Change
from hub.queries import accounts as query
from hub.queries import ways_in
from hub.services import organizations, passwords, resets, sign_in
from hub.services.accounts import Person
from hub.services.organizations import NewMember
from tests import factories
from tests.concurrency.together import Meeting, together
from tests.conftest import FrozenClock
from tests.factories import PASSWORD
from tests.hub.services.entering import BASE_URL, letters, token_for

NEW = "the new password of tests"


@pytest.fixture
def email() -> str:
    return factories.an_email()


@pytest.fixture
def ada(hub: Database, email: str) -> Member:
    """Admin of the one organization, staff of another."""
    admin = factories.an_organization(hub, email=email)
    there = factories.an_organization(hub).organization_id
    hub.transact(
        there, lambda session: organizations.add(session, NewMember(Person(email, "A"), "staff", None))
    )
    return admin


def asked(hub: Database, ada: Member, email: str) -> str:
    resets.ask(hub, email, BASE_URL)
    return token_for(hub, ada.organization_id, email)


def worthless(hub: Database, token: str) -> bool:
    with pytest.raises(Refused) as refused:
        resets.confirm(hub, token, NEW)
    return (refused.value.reasons[0].code, refused.value.reasons[0].field) == ("invalid_token", "token")


def test_a_reset_replaces_the_password_and_ends_every_sign_in_everywhere(
    hub: Database, ada: Member, email: str
) -> None:
    with hub.unit_of_work(None) as session:
        organizations_ = [one.organization_id for one in query.memberships(session, ada.account_id)]
    tokens = [sign_in.login(hub, email, PASSWORD, one).refresh_token for one in organizations_]
    assert len(tokens) == 2
    resets.confirm(hub, asked(hub, ada, email), NEW)
    for token in tokens:
        with pytest.raises(NotSignedIn):
            sign_in.refresh(hub, token)
    with pytest.raises(NotSignedIn):
        sign_in.login(hub, email, PASSWORD)
    assert sign_in.login(hub, email, NEW)


def test_a_link_is_good_once_for_an_hour(hub: Database, ada: Member, email: str, clock: FrozenClock) -> None:
    token = asked(hub, ada, email)
    clock.advance(timedelta(hours=1) - timedelta(seconds=1))
    resets.confirm(hub, token, NEW)
    assert worthless(hub, token)
    late = asked(hub, ada, email)
    clock.advance(timedelta(hours=1))
    assert worthless(hub, late)
    assert worthless(hub, "nothing that we ever gave")


def test_one_reset_ends_all_other_links(hub: Database, ada: Member, email: str) -> None:
    first, second = asked(hub, ada, email), asked(hub, ada, email)
    assert first != second
    resets.confirm(hub, second, NEW)
    assert worthless(hub, first)


def test_a_password_that_cannot_be_leaves_the_link_good(hub: Database, ada: Member, email: str) -> None:
    token = asked(hub, ada, email)
    with pytest.raises(Refused) as refused:
        resets.confirm(hub, token, "short")
    assert refused.value.reasons[0].field == "password"
    resets.confirm(hub, token, NEW)


def test_of_two_who_confirm_at_once_one_wins(hub: Database, ada: Member, email: str) -> None:
    token = asked(hub, ada, email)
    chosen = [f"the new password {n}" for n in range(2)]
    answers = together([partial(resets.confirm, hub, token, one) for one in chosen])
    assert sorted(type(answer).__name__ for answer in answers) == ["NoneType", "Refused"]
    winner = chosen[answers.index(None)]
    assert sign_in.login(hub, email, winner)


def test_without_the_lock_two_who_confirm_at_once_both_win(
    hub: Database, ada: Member, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: it shows what the lock is for."""
    token, both_have_read = asked(hub, ada, email), Meeting(2)

    def unlocked(session: Session, token_hash: bytes) -> PasswordReset | None:
        row = session.scalar(select(PasswordReset).where(PasswordReset.token_hash == token_hash))
        both_have_read.wait()
        return row

    monkeypatch.setattr(ways_in, "reset_of", unlocked)
    assert together([partial(resets.confirm, hub, token, NEW)] * 2) == [None, None]


def test_who_signs_in_with_the_old_password_at_this_moment_is_not_in_afterwards(
    hub: Database, ada: Member, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = asked(hub, ada, email)
    proves = passwords.proves

    def proves_and_is_overtaken(given: str, kept: str | None) -> bool:
        proved = proves(given, kept)
        resets.confirm(hub, token, NEW)
        return proved

    monkeypatch.setattr(passwords, "proves", proves_and_is_overtaken)
    with pytest.raises(NotSignedIn):
        sign_in.login(hub, email, PASSWORD)


@pytest.mark.parametrize("who", ["unknown", "no address", "disabled", "dismissed"])
def test_nothing_is_kept_for_who_cannot_sign_in(hub: Database, email: str, who: str) -> None:
    admin = factories.an_organization(hub)
    here = admin.organization_id
    if who in ("disabled", "dismissed"):
        with hub.unit_of_work(here) as session:
            member = factories.a_member(session, email=email)
            if who == "disabled":
                query.account(session, member.account_id).disabled_at = admin.created_at
            else:
                organizations.deactivate(session, member.id)
    resets.ask(hub, "nobody" if who == "no address" else email, BASE_URL)
    with hub.unit_of_work(here) as session:
        assert session.scalar(select(func.count()).select_from(Mail)) == 0


def test_a_reset_lets_in_who_was_locked_out(hub: Database, ada: Member, email: str) -> None:
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            sign_in.login(hub, email, "not the password")
    with pytest.raises(TooManyTries):
        sign_in.login(hub, email, PASSWORD)
    resets.confirm(hub, asked(hub, ada, email), NEW)
    assert sign_in.login(hub, email, NEW)


def test_the_letter_names_the_link_and_the_log_names_nobody(hub: Database, ada: Member, email: str) -> None:
    address = "192.0.2.7"
    resets.ask(hub, email, BASE_URL, Actor("system", address=address))
    token = token_for(hub, ada.organization_id, email)
    resets.confirm(hub, token, NEW)
    assert f"{BASE_URL}/password-reset/{token}" in letters(hub, ada.organization_id, email)[0].text
    with hub.unit_of_work(ada.organization_id) as session:
        rows = session.scalars(select(Change).where(Change.entity == "account").order_by(Change.id)).all()
        assert ways_in.reset_of(session, new_id().bytes) is None
    assert [(row.action, row.after, row.address) for row in rows] == [
        ("reset_asked", None, address),
        ("reset", {"fields": ["password"]}, None),
    ]

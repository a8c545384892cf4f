"""Guests register themselves, and are guests once they have proved their address."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select

from hub.database import Database
from hub.errors import NotFound, NotSignedIn, Refused, TooManyTries
from hub.models.organizations import Account, Member
from hub.models.privacy import Consent
from hub.queries import accounts as query
from hub.services import accounts, organizations, registrations, sign_in
from hub.services.accounts import Person
from hub.services.registrations import Agreed
from tests import factories
from tests.concurrency.together import together
from tests.conftest import FrozenClock
from tests.factories import PASSWORD
from tests.hub.services.entering import BASE_URL, token_for

GUESTS = "a password of a guest"
AGREED = Agreed("account", "2026-11")


@pytest.fixture
def admin(hub: Database) -> Member:
    return factories.an_organization(hub)


@pytest.fixture
def slug(hub: Database, admin: Member) -> str:
    with hub.unit_of_work(admin.organization_id) as session:
        return factories.a_property(session).slug


@pytest.fixture
def email() -> str:
    return factories.an_email()


def register(hub: Database, slug: str, email: str) -> None:
    registrations.register(hub, slug, Person(email, "Grace"), GUESTS, AGREED, BASE_URL)


def test_a_guest_is_one_once_the_address_is_proved(
    hub: Database, admin: Member, slug: str, email: str
) -> None:
    register(hub, slug, email)
    with pytest.raises(NotSignedIn):
        sign_in.login(hub, email, GUESTS)
    registrations.confirm(hub, token_for(hub, admin.organization_id, email), GUESTS)
    signed_in = sign_in.login(hub, email, GUESTS)
    assert (signed_in.organization_id, signed_in.role) == (admin.organization_id, "guest")


def test_what_they_agreed_to_is_kept_with_the_time_at_which_they_did(
    hub: Database, admin: Member, slug: str, email: str, clock: FrozenClock
) -> None:
    register(hub, slug, email)
    agreed_at = clock.instant
    clock.advance(timedelta(hours=3))
    registrations.confirm(hub, token_for(hub, admin.organization_id, email), GUESTS)
    with hub.unit_of_work(admin.organization_id) as session:
        consent = session.scalars(select(Consent)).one()
        known = accounts.find(session, email)
    assert known is not None
    assert consent.account_id == known.account_id
    assert (consent.purpose, consent.text_version, consent.given_at) == ("account", "2026-11", agreed_at)


def test_who_has_an_account_keeps_its_password_and_becomes_a_guest_too(
    hub: Database, admin: Member, slug: str, email: str
) -> None:
    factories.an_organization(hub, email=email)
    register(hub, slug, email)
    registrations.confirm(hub, token_for(hub, admin.organization_id, email), GUESTS)
    with pytest.raises(NotSignedIn):
        sign_in.login(hub, email, GUESTS)
    assert sign_in.login(hub, email, PASSWORD, admin.organization_id).role == "guest"


@pytest.mark.parametrize("dismissed", [False, True])
def test_a_member_stays_what_they_were(
    hub: Database, admin: Member, slug: str, email: str, dismissed: bool
) -> None:
    here = admin.organization_id
    with hub.unit_of_work(here) as session:
        member = factories.a_member(session, "manager", email=email)
        if dismissed:
            organizations.deactivate(session, member.id)
    register(hub, slug, email)
    registrations.confirm(hub, token_for(hub, here, email), GUESTS)
    with hub.unit_of_work(here) as session:
        found = query.member(session, member.id)
        assert (found.role, found.deactivated_at is not None) == ("manager", dismissed)


def test_a_link_is_good_once_for_a_day(
    hub: Database, admin: Member, slug: str, email: str, clock: FrozenClock
) -> None:
    slow = factories.an_email()
    for one in (slow, email):
        register(hub, slug, one)
    late, token = (token_for(hub, admin.organization_id, one) for one in (slow, email))
    clock.advance(timedelta(days=1) - timedelta(seconds=1))
    registrations.confirm(hub, token, GUESTS)
    clock.advance(timedelta(seconds=1))
    for worthless in (token, late, "nothing that we ever gave"):
        with pytest.raises(Refused) as refused:
            registrations.confirm(hub, worthless, GUESTS)
        assert refused.value.reasons[0].code == "invalid_token"


def test_of_five_who_open_the_link_at_once_one_makes_the_account(
    hub: Database, admin: Member, slug: str, email: str
) -> None:
    register(hub, slug, email)
    token = token_for(hub, admin.organization_id, email)
    answers = together([lambda: registrations.confirm(hub, token, GUESTS)] * 5)
    assert answers.count(None) == 1
    with hub.unit_of_work(admin.organization_id) as session:
        assert len(session.scalars(select(Account)).all()) == 2


def test_two_links_of_one_person_make_one_account(
    hub: Database, admin: Member, slug: str, email: str
) -> None:
    tokens = []
    for _ in range(2):
        register(hub, slug, email)
        tokens.append(token_for(hub, admin.organization_id, email))
    assert len(set(tokens)) == 2
    answers = together([partial(registrations.confirm, hub, token, GUESTS) for token in tokens])
    assert answers == [None, None]
    assert sign_in.login(hub, email, GUESTS).role == "guest"


def test_who_registered_another_persons_address_gets_nothing_when_the_owner_opens_the_link(
    hub: Database, admin: Member, slug: str, email: str
) -> None:
    register(hub, slug, email)
    token = token_for(hub, admin.organization_id, email)
    with pytest.raises(Refused) as refused:
        registrations.confirm(hub, token, "the owner's own password")
    assert (refused.value.reasons[0].code, refused.value.reasons[0].field) == ("wrong_password", "password")
    with pytest.raises(NotSignedIn):
        sign_in.login(hub, email, GUESTS)
    with hub.unit_of_work(admin.organization_id) as session:
        assert accounts.find(session, email) is None

    registrations.confirm(hub, token, GUESTS)
    assert sign_in.login(hub, email, GUESTS).role == "guest", "the link stayed good for who registered"


def test_the_password_of_a_registration_is_guessed_no_more_often_than_at_the_login(
    hub: Database, admin: Member, slug: str, email: str, clock: FrozenClock
) -> None:
    register(hub, slug, email)
    token = token_for(hub, admin.organization_id, email)
    for _ in range(5):
        with pytest.raises(Refused):
            registrations.confirm(hub, token, "a guess of a stranger")
    with pytest.raises(TooManyTries):
        registrations.confirm(hub, token, GUESTS)
    clock.advance(timedelta(minutes=1))
    registrations.confirm(hub, token, GUESTS)


def test_a_house_that_there_is_not_has_no_guests(hub: Database, email: str) -> None:
    with pytest.raises(NotFound):
        register(hub, "no-such-house", email)

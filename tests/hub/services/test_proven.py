"""An account whose address nobody has proved leads only to where it was made."""

from __future__ import annotations

import pytest

from hub.database import Actor, Database
from hub.errors import NotSignedIn, Refused
from hub.models.organizations import Member
from hub.queries import accounts as query
from hub.services import accounts, invitations, organizations, privacy, resets, sign_in
from tests import factories
from tests.factories import PASSWORD
from tests.hub.services.entering import BASE_URL, invited, secret, token_for

OTHER = "another password of tests"


@pytest.fixture
def admin(hub: Database) -> Member:
    return factories.an_organization(hub, name="Casa Azul")


@pytest.fixture
def email() -> str:
    return factories.an_email()


def test_whoever_made_an_account_in_anothers_name_gets_into_no_other_organization(
    hub: Database, admin: Member, email: str
) -> None:
    """An admin sees the link, and so could choose the password: it opens nothing that others share."""
    thief = factories.an_organization(hub)
    invitations.accept(hub, secret(invited(hub, thief, email).link), "Victim", OTHER)
    invitations.accept(hub, secret(invited(hub, admin, email, "admin").link), "Victim", OTHER)
    with pytest.raises(Refused):
        sign_in.login(hub, email, OTHER, admin.organization_id)
    assert sign_in.login(hub, email, OTHER).organization_id == thief.organization_id

    with hub.unit_of_work(thief.organization_id) as session:
        known = accounts.find(session, email)
        assert known is not None
        theirs = query.member_of_account(session, known.account_id)
        assert theirs is not None
        organizations.deactivate(session, theirs.id)
    with pytest.raises(NotSignedIn):
        sign_in.login(hub, email, OTHER)


def test_who_proves_the_address_takes_the_account_over_and_gets_in_everywhere(
    hub: Database, admin: Member, email: str
) -> None:
    thief = factories.an_organization(hub)
    invitations.accept(hub, secret(invited(hub, thief, email).link), "Victim", OTHER)
    invitations.accept(hub, secret(invited(hub, admin, email).link), None, OTHER)
    stolen = sign_in.login(hub, email, OTHER).refresh_token
    resets.ask(hub, email, BASE_URL)
    resets.confirm(hub, token_for(hub, thief.organization_id, email), PASSWORD)
    with pytest.raises(NotSignedIn):
        sign_in.refresh(hub, stolen)
    with pytest.raises(NotSignedIn):
        sign_in.login(hub, email, OTHER)
    assert sign_in.login(hub, email, PASSWORD, admin.organization_id).role == "staff"


def test_whoever_runs_the_hub_vouches_for_whom_they_add(hub: Database, admin: Member, email: str) -> None:
    home = factories.an_organization(hub, email=email)
    invitations.accept(hub, secret(invited(hub, admin, email, "manager").link), None, PASSWORD)
    assert sign_in.login(hub, email, PASSWORD).organization_id == home.organization_id
    assert sign_in.login(hub, email, PASSWORD, admin.organization_id).role == "manager"


def test_who_is_signed_in_reads_no_link_that_only_the_mail_has(
    hub: Database, admin: Member, email: str
) -> None:
    """Else a stolen sign-in, or an account made in another's name, would prove itself."""
    home = factories.an_organization(hub, email=email)
    resets.ask(hub, email, BASE_URL)
    token = token_for(hub, home.organization_id, email)
    told = str(privacy.export_account(hub, home.account_id, Actor("member", home.id)))
    assert "A new password" in told
    assert f"{BASE_URL}/password-reset/..." in told
    assert token not in told

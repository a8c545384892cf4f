"""Commands about people and the mails that are kept for them."""

from __future__ import annotations

from uuid import UUID

import pytest

from hub.errors import NotSignedIn, TooManyTries
from hub.ids import new_id
from hub.services import mails, resets, sign_in
from sync.runtime import Runtime
from tests import factories
from tests.factories import PASSWORD
from tests.workers.conftest import Run


@pytest.fixture
def email() -> str:
    return factories.an_email()


@pytest.fixture
def house(runtime: Runtime) -> UUID:
    return factories.an_organization(runtime.database, name="Casa Azul").organization_id


@pytest.fixture
def member(runtime: Runtime, house: UUID, email: str) -> UUID:
    with runtime.database.unit_of_work(house) as session:
        return factories.a_member(session, email=email).id


def test_kept_mails_are_listed_newest_first_and_one_is_shown_whole(
    runtime: Runtime, house: UUID, hub: Run, member: UUID, email: str
) -> None:
    assert hub("mail").out == "There are no mails.\n"
    with runtime.database.unit_of_work(house) as session:
        mails.keep(session, "invitation", email, "Join us", "An older letter")
    resets.ask(runtime.database, email, "https://hub.example.com")
    listed = hub("mail", "--json").json
    assert [row["kind"] for row in listed] == ["password_reset", "invitation"]
    assert email in hub("mail").out
    assert len(hub("mail", "--limit", "1", "--json").json) == 1

    shown = hub("mail", listed[0]["id"]).out
    assert shown.startswith(f"To: {email}\nSubject: A new password\n\n")
    assert "https://hub.example.com/password-reset/" in shown
    assert hub("mail", listed[1]["id"], "--json").json["text"] == "An older letter"


def test_a_mail_that_there_is_not_is_said_to_be_none(house: UUID, hub: Run) -> None:
    refused = hub("mail", str(new_id()))
    assert (refused.code, refused.err) == (1, "hub: there is no such mail\n")


def test_a_letter_does_not_command_the_terminal(runtime: Runtime, house: UUID, hub: Run) -> None:
    with runtime.database.unit_of_work(house) as session:
        kept = mails.keep(session, "invitation", "a@example.com", "\x1b[2J", "\x1b]0;owned\x07 hello")
    assert "\x1b" not in hub("mail", str(kept)).out


def test_people_are_listed_with_their_roles(hub: Run, member: UUID, email: str) -> None:
    listed = hub("user", "list", "--json").json
    assert {"member_id": str(member), "role": "staff", "email": email, "name": "Sam Staff"} in listed
    assert email in hub("user", "list").out


def test_who_is_locked_out_is_let_try_again(runtime: Runtime, hub: Run, member: UUID, email: str) -> None:
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            sign_in.login(runtime.database, email, "not the password")
    with pytest.raises(TooManyTries):
        sign_in.login(runtime.database, email, PASSWORD)
    assert hub("user", "unlock", email.upper()).out == f"{email} may try again.\n"
    assert sign_in.login(runtime.database, email, PASSWORD).member_id == member


@pytest.mark.parametrize("role", ["staff", "super_admin"])
def test_whoever_runs_the_hub_takes_what_they_gave(
    runtime: Runtime, house: UUID, hub: Run, email: str, role: str
) -> None:
    given = "long enough for us\n"
    assert hub("user", "add", email, "--role", role, "--password-stdin", given=given).code == 0
    assert sign_in.login(runtime.database, email, given.strip()).role == role
    assert hub("user", "deactivate", email).code == 0
    with pytest.raises(NotSignedIn):
        sign_in.login(runtime.database, email, given.strip())
    refused = hub("user", "deactivate", factories.an_email())
    assert (refused.code, "is no member" in refused.err) == (1, True)

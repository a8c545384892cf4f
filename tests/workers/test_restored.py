"""What a restore does not bring back, and keys files that follow a rotation."""

from __future__ import annotations

import contextlib
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from hub import clock
from hub.errors import HubError
from hub.queries import callers
from hub.services import (
    api_keys,
    backups,
    invitations,
    organizations,
    privacy,
    registrations,
    resets,
    sign_in,
)
from hub.services.accounts import Person
from hub.services.api_keys import NewKey
from hub.services.organizations import NewMember
from hub.services.registrations import Agreed
from hub.vault import Vault
from sync.runtime import Runtime
from tests import factories, servers
from tests.hub.services.entering import BASE_URL, invited, letters, secret
from tests.hub.services.sealing import ACTOR, NEW_KEY, a_house, book, rotate
from tests.workers.test_backing import a_runtime, back_up
from workers import backing, restoring
from workers.commands import keys as commands

GUESTS = "a password of a guest"
AGREED = Agreed("account", "2026-11")


@pytest.fixture
def hub(empty_database: servers.Database, tmp_path: Path) -> Iterator[Runtime]:
    runtime = a_runtime(empty_database, tmp_path / "backups")
    yield runtime
    runtime.close()


@pytest.fixture
def elsewhere(own_database: servers.Database, tmp_path: Path) -> Iterator[Runtime]:
    runtime = a_runtime(own_database, tmp_path / "other-backups")
    yield runtime
    runtime.close()


def test_no_way_in_is_revived(hub: Runtime, elsewhere: Runtime) -> None:
    email, guest, asked = (factories.an_email() for _ in range(3))
    admin = factories.an_organization(hub.database, email=email)
    here = admin.organization_id
    with hub.database.unit_of_work(here) as session:
        slug = factories.a_property(session).slug
        key = api_keys.create(session, NewKey("Tablet", ("read",)), admin.id)
    signed_in = sign_in.login(hub.database, email, factories.PASSWORD)
    link = invited(hub.database, admin, asked).link
    registrations.register(hub.database, slug, Person(guest, "Grace"), GUESTS, AGREED, BASE_URL)
    resets.ask(hub.database, email, BASE_URL)
    made = back_up(hub)

    restoring.restore(elsewhere.settings, elsewhere.database, made.database, made.keys)

    there = elsewhere.database
    with hub.database.unit_of_work(None) as session:
        assert callers.use_key(session, api_keys.hashed(key.secret), clock.now()), "the control"
    with there.unit_of_work(None) as session:
        assert callers.use_key(session, api_keys.hashed(key.secret), clock.now()) is None
    (reset,) = letters(hub.database, here, email)
    (letter,) = letters(hub.database, here, guest)
    for enter in (
        lambda database: invitations.accept(database, secret(link), "Sam", factories.PASSWORD),
        lambda database: registrations.confirm(database, secret(letter.text), GUESTS),
        lambda database: sign_in.refresh(database, signed_in.refresh_token),
        lambda database: resets.confirm(database, secret(reset.text), "quite another password"),
    ):
        with pytest.raises(HubError):
            enter(there)
        enter(hub.database)  # the control
    assert sign_in.login(there, email, factories.PASSWORD).organization_id == here


def test_what_was_written_to_somebody_forgotten_since_is_forgotten_again_everywhere(
    hub: Runtime, elsewhere: Runtime
) -> None:
    """Although no key opens the account's address any more, and it is of one organization alone."""
    email = factories.an_email()
    admin, stranger = factories.an_organization(hub.database), factories.an_organization(hub.database)
    with hub.database.unit_of_work(admin.organization_id) as session:
        member = organizations.add(session, NewMember(Person(email, "Ada"), "staff", factories.PASSWORD))
    invited(hub.database, stranger, email)
    made = back_up(hub)
    privacy.erase_account(hub.database, member.account_id, ACTOR)
    backing.back_up_if_due(hub)

    done = restoring.restore(elsewhere.settings, elsewhere.database, made.database, made.keys)

    assert done.erased == 1
    assert letters(elsewhere.database, stranger.organization_id, email) == []
    with elsewhere.database.unit_of_work(stranger.organization_id) as session:
        assert session.scalar(text("SELECT count(*) FROM invitations")) == 0


def test_after_a_rotation_the_new_hub_key_alone_opens_the_keys(
    hub: Runtime, empty_database: servers.Database, tmp_path: Path
) -> None:
    house = a_house(hub.database)
    book(hub.database, house, 1, "Wilhelmina")
    made = back_up(hub)
    folder = made.keys.parent
    both = a_runtime(empty_database, folder, f"{NEW_KEY},{factories.FERNET_KEY}")
    assert not backups.keys_are_old(hub.database, hub.settings, folder)
    assert backups.keys_are_old(both.database, both.settings, folder), "another hub key is the first"
    backing.back_up_if_due(both)
    assert not backups.keys_are_old(both.database, both.settings, folder)
    rotate(both.database)
    assert backups.keys_are_old(both.database, both.settings, folder), "there are other data keys"
    backing.back_up_if_due(both)
    assert not backups.keys_are_old(both.database, both.settings, folder)
    both.close()
    only_new(hub, made.keys)


def test_the_command_writes_the_keys_anew(
    hub: Runtime, empty_database: servers.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    book(hub.database, a_house(hub.database), 1, "Wilhelmina")
    made = back_up(hub)
    both = a_runtime(empty_database, made.keys.parent, f"{NEW_KEY},{factories.FERNET_KEY}")
    monkeypatch.setattr(commands, "opened", lambda: contextlib.nullcontext(both))
    commands.rotate(json=True)
    assert not backups.keys_are_old(both.database, both.settings, made.keys.parent)
    both.close()
    only_new(hub, made.keys)


def only_new(hub: Runtime, file: Path) -> None:
    """The file, and every key in it that a hub key seals."""
    told = backups.read_keys(file, hub.settings.model_copy(update={"encryption_keys": SecretStr(NEW_KEY)}))
    vault = Vault((NEW_KEY,), factories.SIGNING_KEY)
    sealed = [row["sealed"] for name in ("organization_keys", "account_keys") for row in told[name]]
    assert len(sealed) >= 3
    for one in sealed:
        assert vault.open(b64decode(one))

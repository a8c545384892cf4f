"""hub keys rotate, hub backup, hub restore, hub privacy."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.database import Database
from hub.vault import Vault
from sync.runtime import Runtime
from tests import factories, servers
from tests.hub.services.sealing import NEW_KEY, House, a_house, book, names, opened
from tests.workers.conftest import Run

NAME = "Wilhelmina Vandersloot"


@pytest.fixture
def house(runtime: Runtime) -> House:
    made = a_house(runtime.database)
    for day in range(1, 4):
        book(runtime.database, made, day, f"{NAME} {day}", cancelled=True)
    return made


def test_a_rotation_says_how_much_it_sealed_anew(
    hub: Run, house: House, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_ENCRYPTION_KEYS", f"{NEW_KEY},{factories.FERNET_KEY}")
    assert hub("keys", "rotate", "--batch", "2", "--json").json == {"organizations": 1, "values": 6}
    only_new = Vault((NEW_KEY,), factories.SIGNING_KEY)
    database = Database(runtime.settings.database_url or "", only_new)
    assert opened(database, house.organization_id)["guests"] == 3
    database.dispose()


def test_a_rotation_tells_people_in_words(hub: Run, house: House) -> None:
    done = hub("keys", "rotate")
    assert done.code == 0
    assert "Sealed 6 values of 1 organizations anew" in done.out
    assert "old hub key is still needed for backups" in done.out.splitlines()[-1]


def test_a_person_is_exported_and_forgotten_by_address(hub: Run, house: House, runtime: Runtime) -> None:
    told = hub("privacy", "export", "guest-1@example.com").json
    assert told["guests"][0]["name"] == f"{NAME} 1"
    assert not hub("privacy", "erase", "guest-1@example.com", "--json").json["again"]
    assert hub("privacy", "export", "guest-1@example.com").code == 1
    assert names(runtime.database, house.organization_id) == {f"{NAME} 2", f"{NAME} 3"}


def test_whose_stay_is_not_over_is_forgotten_by_force_alone(hub: Run, house: House, runtime: Runtime) -> None:
    guest_id = str(book(runtime.database, house, 9, "Somebody Who Comes"))
    refused = hub("privacy", "erase", guest_id)
    assert refused.code == 1
    assert "is not over" in refused.err
    assert hub("privacy", "erase", guest_id, "--force").code == 0
    assert "Had been forgotten" in hub("privacy", "erase", guest_id).out


def test_an_account_is_exported_by_address(hub: Run, runtime: Runtime) -> None:
    email = factories.an_email()
    factories.an_organization(runtime.database, email=email)
    assert hub("privacy", "export", email, "--account").json["account"]["name"] == "Ada Admin"
    assert "at least one admin" in hub("privacy", "erase", email, "--account").err
    assert hub("privacy", "export", "nobody@example.com", "--account").code == 1


def test_a_backup_is_restored_into_an_empty_hub(
    hub: Run,
    house: House,
    own_database: servers.Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = hub("backup", "--to", str(tmp_path / "kept"), "--json").json
    assert hub("restore", made["database"], "--keys", made["keys"]).code == 1, "this hub is not empty"
    monkeypatch.setenv("HUB_DATABASE_URL", own_database.app_url)
    monkeypatch.setenv("HUB_OWNER_DATABASE_URL", own_database.owner_url)
    done = hub("restore", made["database"], "--keys", made["keys"])
    assert (done.code, done.err) == (0, "")
    assert "People sign in again; API keys" in done.out
    assert len(hub("privacy", "export", "guest-2@example.com").json["guests"]) == 1


def test_a_backup_needs_a_place(hub: Run) -> None:
    done = hub("backup")
    assert done.code == 1
    assert "HUB_BACKUP_DIR" in done.err


def test_an_erasure_reaches_the_keys_of_the_backups_at_once(
    hub: Run, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_BACKUP_DIR", str(tmp_path / "kept"))
    made = hub("backup", "--json").json
    before = Path(made["keys"]).read_bytes()
    hub("privacy", "erase", "guest-1@example.com")
    assert Path(made["keys"]).read_bytes() != before

"""Backups: written without their keys, restored into an empty hub, and whoever was forgotten stays so."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, text

from connectors.transport import Network
from hub import sealed_files
from hub.config import Settings
from hub.database import Database
from hub.embedded import clients
from hub.errors import Conflict, Misconfigured
from hub.models.bookings import Booking, Guest
from hub.models.privacy import Erasure
from hub.services import accounts, backups, bookings, guests, organizations, privacy
from hub.services.accounts import Person
from hub.services.organizations import NewMember
from hub.vault import Vault
from sync.runtime import Runtime
from tests import factories, servers
from tests.conftest import FrozenClock
from tests.hub.services.sealing import ACTOR, NEW_KEY, a_house, book, names, opened, rotate
from workers import backing, restoring

NAME = "Wilhelmina Vandersloot"


def a_runtime(database: servers.Database, folder: Path, keys: str = factories.FERNET_KEY) -> Runtime:
    settings = Settings(
        database_url=database.app_url,
        owner_database_url=database.owner_url,
        secret_key=factories.SIGNING_KEY.decode(),
        encryption_keys=keys,
        backup_dir=folder,
    )
    vault = Vault(settings.vault_keys(), factories.SIGNING_KEY)
    return Runtime(settings, Database(database.app_url, vault), Network())


@pytest.fixture
def hub(empty_database: servers.Database, tmp_path: Path) -> Iterator[Runtime]:
    """With a folder for backups."""
    runtime = a_runtime(empty_database, tmp_path / "backups")
    yield runtime
    runtime.close()


@pytest.fixture
def elsewhere(own_database: servers.Database, tmp_path: Path) -> Iterator[Runtime]:
    """An empty hub with the same keys in its settings."""
    runtime = a_runtime(own_database, tmp_path / "other-backups")
    yield runtime
    runtime.close()


def back_up(runtime: Runtime) -> backups.Made:
    folder = runtime.settings.backup_dir
    assert folder is not None
    return backups.make(runtime.database, runtime.settings, backing.owner_url(runtime.settings), folder)


def test_who_was_forgotten_is_unreadable_in_an_older_backup_and_all_else_is_there(
    hub: Runtime, elsewhere: Runtime, clock: FrozenClock
) -> None:
    house = a_house(hub.database)
    here = house.organization_id
    guest_id = book(hub.database, house, 1, NAME, cancelled=True)
    for day in range(2, 12):
        book(hub.database, house, day, f"Guest {day}", cancelled=day % 2 == 0)
    email = factories.an_email()
    with hub.database.unit_of_work(here) as session:
        member = organizations.add(session, NewMember(Person(email, NAME), "staff", factories.PASSWORD))
    older = back_up(hub)
    clock.advance(timedelta(hours=1))
    with hub.database.unit_of_work(here) as session:
        privacy.erase(session, guest_id)
    privacy.erase_account(hub.database, member.account_id, ACTOR)
    before = opened_but_for_the_forgotten(hub.database, here)
    backing.back_up_if_due(hub)  # as beat does within a minute: the keys alone

    done = restoring.restore(elsewhere.settings, elsewhere.database, older.database, older.keys)

    assert done.erased == 2
    assert names(elsewhere.database, here) == {f"Guest {day}" for day in range(2, 12)}
    assert opened_but_for_the_forgotten(elsewhere.database, here) == before
    with elsewhere.database.unit_of_work(here) as session:
        guest = session.get_one(Guest, (here, guest_id))
        assert guests.read(session, guest) is None
        assert len(session.scalars(select(Booking)).all()) == 11
        assert len(session.scalars(select(Erasure)).all()) == 2
        assert accounts.find(session, email) is None
    assert book(elsewhere.database, house, 50, "Somebody New")


def opened_but_for_the_forgotten(database: Database, organization_id: UUID) -> list[tuple[object, ...]]:
    """Bookings with who they are of and why they were cancelled."""
    told: list[tuple[object, ...]] = []
    with database.unit_of_work(organization_id) as session:
        for booking in session.scalars(select(Booking).order_by(Booking.id)):
            guest = session.get_one(Guest, (organization_id, booking.guest_id))
            told.append(
                (booking.reference, guests.read(session, guest), bookings.cancel_reason(session, booking))
            )
    return told


def test_even_the_rows_of_an_older_backup_do_not_open_with_the_newest_keys(
    hub: Runtime, elsewhere: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the erasures being carried out again: the key is what is missing."""
    house = a_house(hub.database)
    guest_id = book(hub.database, house, 1, NAME, cancelled=True)
    kept = book(hub.database, house, 2, "Somebody Else")
    older = back_up(hub)
    with hub.database.unit_of_work(house.organization_id) as session:
        privacy.erase(session, guest_id)
    backing.back_up_if_due(hub)
    monkeypatch.setattr(restoring, "_forget_again", lambda *_: 0)
    restoring.restore(elsewhere.settings, elsewhere.database, older.database, older.keys)
    with elsewhere.database.unit_of_work(house.organization_id) as session:
        rows = {row.id: row for row in session.scalars(select(Guest))}
        assert rows[guest_id].sealed, "the backup is older than the erasure"
        assert guests.read(session, rows[guest_id]) is None
        other = guests.read(session, rows[kept])
        assert other is not None
        assert other.name == "Somebody Else"


def test_with_the_keys_of_before_the_erasure_they_would_be_read(hub: Runtime, elsewhere: Runtime) -> None:
    """The control: what the newest keys keep from being read is in the backup."""
    house = a_house(hub.database)
    guest_id = book(hub.database, house, 1, NAME, cancelled=True)
    made = back_up(hub)
    kept = made.keys.with_name("older-keys.enc")
    kept.write_bytes(made.keys.read_bytes())
    with hub.database.unit_of_work(house.organization_id) as session:
        privacy.erase(session, guest_id)
    restoring.restore(elsewhere.settings, elsewhere.database, made.database, kept)
    assert names(elsewhere.database, house.organization_id) == {NAME}


def test_a_backup_of_before_a_rotation_opens_with_the_keys_of_after_it(
    hub: Runtime, elsewhere: Runtime, empty_database: servers.Database, tmp_path: Path
) -> None:
    house = a_house(hub.database)
    for day in range(5):
        book(hub.database, house, day, f"Guest {day}", cancelled=True)
    before = opened(hub.database, house.organization_id)
    older = back_up(hub)
    both = a_runtime(empty_database, tmp_path / "backups", f"{NEW_KEY},{factories.FERNET_KEY}")
    rotate(both.database)
    newest = back_up(both)
    both.close()

    restoring.restore(
        elsewhere.settings.model_copy(update={"encryption_keys": both.settings.encryption_keys}),
        elsewhere.database,
        older.database,
        newest.keys,
    )
    again = Database(
        elsewhere.settings.database_url or "", Vault((NEW_KEY, factories.FERNET_KEY), factories.SIGNING_KEY)
    )
    found = opened(again, house.organization_id)
    again.dispose()
    assert {name: n for name, n in found.items() if n} == {name: n for name, n in before.items() if n}


def test_no_key_and_no_person_is_in_the_file(hub: Runtime, elsewhere: Runtime) -> None:
    house = a_house(hub.database)
    book(hub.database, house, 1, NAME)
    made = back_up(hub)
    raw = made.database.read_bytes()
    assert NAME.encode() not in raw
    assert b"PGDMP" not in raw, "the file is encrypted as a whole"
    with made.database.open("rb") as file:
        plain = b"".join(sealed_files.open_(file, backups.secrets(hub.settings)))
    assert plain.startswith(b"PGDMP")
    script = subprocess.run(
        [clients.program("pg_restore"), "--file=-"], input=plain, capture_output=True, check=True
    ).stdout.decode()
    assert NAME not in script
    assert "COPY public.guests " in script
    for table in backups.WITHOUT:
        copied = script.partition(f"COPY public.{table} ")[2].partition("\\.")[0]
        assert copied.count("\n") <= 1, f"{table} has rows in the backup"


def test_nothing_is_restored_into_a_hub_that_is_not_empty(hub: Runtime) -> None:
    house = a_house(hub.database)
    book(hub.database, house, 1, NAME)
    made = back_up(hub)
    with pytest.raises(Conflict) as refused:
        restoring.restore(hub.settings, hub.database, made.database, made.keys)
    assert refused.value.reasons[0].code == "not_empty"
    assert names(hub.database, house.organization_id) == {NAME}


def test_a_backup_that_was_cut_short_or_changed_is_refused_before_anything_is_done(
    hub: Runtime, elsewhere: Runtime
) -> None:
    a_house(hub.database)
    made = back_up(hub)
    whole = made.database.read_bytes()
    for damaged in (whole[:-20], whole[:-1] + bytes([whole[-1] ^ 1]), whole[:40], b"", whole + whole[24:]):
        made.database.write_bytes(damaged)
        with pytest.raises(Misconfigured):
            restoring.restore(elsewhere.settings, elsewhere.database, made.database, made.keys)
    made.database.write_bytes(whole)
    restoring.restore(elsewhere.settings, elsewhere.database, made.database, made.keys)


def test_another_key_opens_nothing(hub: Runtime) -> None:
    a_house(hub.database)
    made = back_up(hub)
    with made.keys.open("rb") as file, pytest.raises(Misconfigured):
        list(sealed_files.open_(file, [NEW_KEY]))


def test_old_backups_go_and_the_newest_stays(hub: Runtime, clock: FrozenClock) -> None:
    a_house(hub.database)
    first = back_up(hub)
    clock.advance(timedelta(days=20))
    second = back_up(hub)
    assert first.database.exists()
    clock.advance(timedelta(days=11))
    assert back_up(hub).removed == (first.database.name,)
    assert not first.database.exists()
    assert second.database.exists()


def test_backups_are_written_when_they_are_due(hub: Runtime, clock: FrozenClock) -> None:
    a_house(hub.database)
    folder = hub.settings.backup_dir
    assert folder is not None

    def made() -> int:
        backing.back_up_if_due(hub)
        return len(list(folder.glob("db-*")))

    assert (made(), made()) == (1, 1)
    clock.advance(timedelta(hours=25))
    assert made() == 2


def test_an_erasure_is_seen_by_who_looks_at_the_keys(hub: Runtime) -> None:
    house = a_house(hub.database)
    guest_id = book(hub.database, house, 1, NAME, cancelled=True)
    made = back_up(hub)
    assert str(guest_id) in str(backups.read_keys(made.keys, hub.settings)["guest_keys"])
    assert not backups.keys_are_old(hub.database, hub.settings, made.keys.parent)
    with hub.database.unit_of_work(house.organization_id) as session:
        privacy.erase(session, guest_id)
    assert backups.keys_are_old(hub.database, hub.settings, made.keys.parent)
    backing.back_up_if_due(hub)
    assert not backups.keys_are_old(hub.database, hub.settings, made.keys.parent)
    told = backups.read_keys(made.keys, hub.settings)
    assert str(guest_id) not in str(told["guest_keys"])
    assert [row["guest_id"] for row in told["erasures"]] == [str(guest_id)]


def test_a_file_of_many_chunks_is_opened_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed_files, "CHUNK", 10)
    for size in (0, 1, 9, 10, 11, 20, 95):
        plain = bytes(range(size))
        file = io.BytesIO()
        sealed_files.seal([plain[:3], plain[3:]], "secret", file)
        file.seek(0)
        pieces = list(sealed_files.open_(file, ["other", "secret"]))
        assert b"".join(pieces) == plain
        assert len(pieces) == max(1, -(-size // 10))


def test_a_hub_that_cannot_be_dumped_leaves_no_half_a_backup(hub: Runtime) -> None:
    a_house(hub.database)
    folder = hub.settings.backup_dir
    assert folder is not None
    as_nobody = hub.settings.database_url or ""  # the application's login does not see all rows
    with pytest.raises(Misconfigured, match="pg_dump failed"):
        backups.make(hub.database, hub.settings, as_nobody, folder)
    assert [file.name for file in folder.iterdir()] == [".lock"]


def test_the_restored_hub_has_its_walls(hub: Runtime, elsewhere: Runtime) -> None:
    house = a_house(hub.database)
    made = back_up(hub)
    restoring.restore(elsewhere.settings, elsewhere.database, made.database, made.keys)
    with elsewhere.database.unit_of_work(None) as session:
        assert session.scalar(text("SELECT count(*) FROM units")) == 0
    with elsewhere.database.unit_of_work(house.organization_id) as session:
        assert session.scalar(text("SELECT count(*) FROM units")) == 1

"""A backup that fails: nothing of it is left behind, and what was there stays whole."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

import psycopg
import pytest

from hub import sealed_files
from hub.services import backups
from tests import servers
from tests.conftest import FrozenClock
from tests.workers.conftest import Run


@pytest.fixture
def kept(tmp_path: Path, own_database: servers.Database, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for the backups of a database that a test may do anything to."""
    monkeypatch.setenv("HUB_DATABASE_URL", own_database.app_url)
    monkeypatch.setenv("HUB_OWNER_DATABASE_URL", own_database.owner_url)
    monkeypatch.setenv("HUB_BACKUP_DIR", str(tmp_path / "kept"))
    return tmp_path / "kept"


def without_schema(database: servers.Database) -> None:
    url = database.owner_url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
        connection.execute("GRANT USAGE ON SCHEMA public TO public")


def files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name != ".lock"}


def test_of_a_database_without_a_schema_there_is_no_dump_without_its_keys(
    hub: Run, kept: Path, own_database: servers.Database
) -> None:
    without_schema(own_database)

    done = hub("backup")

    assert (done.code, done.out) == (1, "")
    assert "run `hub migrate`; there is no new backup" in done.err
    assert files(kept) == {}


def test_the_backup_of_before_stays_as_it_was(
    hub: Run, kept: Path, own_database: servers.Database, clock: FrozenClock
) -> None:
    assert hub("backup").code == 0
    before = files(kept)
    without_schema(own_database)
    clock.advance(timedelta(hours=1))

    assert hub("backup").code == 1

    assert files(kept) == before
    assert sorted(before)[1:] == [backups.KEYS, backups.STATE]


def test_on_a_full_disk_one_sentence_says_so(hub: Run, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(pieces: Iterable[bytes], _secret: str, into: BinaryIO) -> None:
        into.write(next(iter(pieces)))
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(sealed_files, "seal", full)

    done = hub("backup")

    said = "hub: nothing more could be written: No space left on device; there is no new backup\n"
    assert (done.code, done.out, done.err) == (1, "", said)
    assert files(kept) == {}

"""
Backups: the database without its keys, and the keys apart.

A backup of the database is kept for HUB_BACKUP_DAYS; of the keys there is only ever the newest file. So who
was forgotten since is unreadable in every backup: it holds no key, and the newest keys have none of them.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import subprocess
import tempfile
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import text

from hub import clock, sealed_files
from hub.config import Settings
from hub.database import Database
from hub.embedded import clients
from hub.errors import Misconfigured
from hub.queries import backups as query

KEYS = "keys.enc"
STATE = "keys.state"
"""A keyed hash of what the keys file depends on, so that it is seen when something of it changed"""
STAMP = "%Y%m%dT%H%M%SZ"
WITHOUT = ("organization_keys", "guest_keys", "account_keys", "idempotency_keys")
"""Tables whose rows are in no backup: keys, and answers to requests of the last days, which name people"""


@dataclass(frozen=True, slots=True)
class Made:
    """What a backup wrote, and took away."""

    database: Path
    keys: Path
    bytes: int
    removed: tuple[str, ...]


def secrets(settings: Settings) -> tuple[str, ...]:
    """The first seals; HUB_BACKUP_KEY if there is one, else the hub's keys, which all open."""
    own = settings.backup_key.get_secret_value() if settings.backup_key else ""
    return (*((own,) if own else ()), *settings.vault_keys())


def make(database: Database, settings: Settings, owner_url: str, folder: Path) -> Made:
    """Write a backup into the folder, or nothing at all, and take away those that are too old."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = folder / f"db-{clock.now():{STAMP}}.dump.enc"
    with _locked(folder):
        try:
            with _replacing(made) as file:
                sealed_files.seal(_dump(owner_url), secrets(settings)[0], file)
                keys = _write_keys(database, settings, folder)
        except Exception as error:
            error.add_note("there is no new backup")
            raise
        removed = _prune(folder, settings.backup_days)
    return Made(made, keys, made.stat().st_size, removed)


def write_keys(database: Database, settings: Settings, folder: Path) -> Path:
    """The keys of now, in the place of those of before."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _locked(folder):
        return _write_keys(database, settings, folder)


def keys_are_old(database: Database, settings: Settings, folder: Path) -> bool:
    """Whether since the keys were written somebody was forgotten, or hub keys or data keys changed."""
    try:
        known = (folder / STATE).read_text(encoding="ascii")
    except (FileNotFoundError, ValueError):
        return (folder / KEYS).exists()
    with database.unit_of_work(None) as session:
        erasures = query.count_erasures(session)
        organizations = session.scalars(text("SELECT all_organizations()")).all()
    data_keys: list[dict[str, Any]] = []
    for organization_id in organizations:
        with database.unit_of_work(organization_id) as session:
            data_keys += query.rows(session, "organization_keys")
    return _state(database, settings, erasures, data_keys) != known


def due(settings: Settings, folder: Path) -> bool:
    if settings.backup_every_hours == 0:
        return False
    newest = max((at for at, _ in _made(folder)), default=None)
    return newest is None or clock.now() - newest >= timedelta(hours=settings.backup_every_hours)


def read_keys(file: Path, settings: Settings) -> dict[str, Any]:
    """What `write_keys` wrote."""
    with file.open("rb") as sealed:
        found: dict[str, Any] = json.loads(b"".join(sealed_files.open_(sealed, secrets(settings))))
    return found


def _write_keys(database: Database, settings: Settings, folder: Path) -> Path:
    told = _keys(database)
    content = json.dumps(told, default=_as_text).encode()
    with _replacing(folder / KEYS) as file:
        sealed_files.seal([content], secrets(settings)[0], file)
    state = _state(database, settings, len(told["erasures"]), told["organization_keys"])
    with _replacing(folder / STATE) as file:
        file.write(state.encode())
    return folder / KEYS


def _state(database: Database, settings: Settings, erasures: int, data_keys: list[dict[str, Any]]) -> str:
    """
    Differs where another key seals the file or the keys in it, and where there are other data keys.

    Which of those are retired counts too: that is how a rotation ends.
    """
    numbers = sorted(
        (str(row["organization_id"]), row["number"], row["retired_at"] is not None) for row in data_keys
    )
    said = [secrets(settings)[0], settings.vault_keys()[0], erasures, numbers]
    return database.vault.blind_index("keys of a backup", json.dumps(said)).hex()


def _keys(database: Database) -> dict[str, list[dict[str, Any]]]:
    """All keys of all organizations, and who was forgotten: those are read first, and have no key here."""
    told: dict[str, list[dict[str, Any]]] = {name: [] for name in ("erasures", *query.KEYS)}
    with database.unit_of_work(None) as session:
        organizations = session.scalars(text("SELECT all_organizations()")).all()
    accounts = set()
    for organization_id in organizations:
        with database.unit_of_work(organization_id) as session:
            for name in told:
                rows = query.rows(session, name)
                if name == "account_keys":
                    rows = [row for row in rows if row["account_id"] not in accounts]
                    accounts |= {row["account_id"] for row in rows}
                told[name] += rows
    gone = {row["guest_id"] for row in told["erasures"] if row["guest_id"]}
    told["guest_keys"] = [row for row in told["guest_keys"] if row["id"] not in gone]
    return told


def _dump(owner_url: str) -> Iterator[bytes]:
    options = [f"--exclude-table-data=public.{table}" for table in WITHOUT]
    command = [str(clients.program("pg_dump")), "--format=custom", "--no-owner", *options]
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(  # noqa: S603 -- our own command
            command, env=clients.environment(owner_url), stdout=subprocess.PIPE, stderr=said
        ) as dump,
    ):
        assert dump.stdout is not None
        while piece := dump.stdout.read(sealed_files.CHUNK):
            yield piece
        if dump.wait() != 0:
            raise Misconfigured(f"pg_dump failed: {clients.last_words(said)}")


def _made(folder: Path) -> Iterator[tuple[datetime, Path]]:
    for file in folder.glob("db-*.dump.enc"):
        with contextlib.suppress(ValueError):
            stamp = file.name.removeprefix("db-").removesuffix(".dump.enc")
            yield datetime.strptime(stamp, STAMP).replace(tzinfo=UTC), file


def _prune(folder: Path, days: int) -> tuple[str, ...]:
    """All but the newest that are older than so many days."""
    *older, _ = sorted(_made(folder))
    before = clock.now() - timedelta(days=days)
    removed: Sequence[Path] = [file for at, file in older if at < before]
    for file in removed:
        file.unlink()
    return tuple(file.name for file in removed)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One at a time: whoever writes the keys last has read them last."""
    handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """The whole file, or none: never a part of it, and never a time without it."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _as_text(value: object) -> str:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    return value.isoformat() if isinstance(value, datetime) else str(value)

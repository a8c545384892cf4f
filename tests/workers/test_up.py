"""`hub up`, whole: from an empty folder to a hub that serves, through every kind of death, and to its end."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import socket
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import or_, select, update

from hub import clock
from hub.config import Settings
from hub.embedded import redis_url as embedded_redis_url
from hub.embedded.places import find
from hub.models.links import Link
from sync.runtime import Runtime
from tests.running import TO_START, TO_STOP, Running, a_free_port, until
from tests.servers import Database
from workers import choosing

pytestmark = [pytest.mark.timeout(300), pytest.mark.long]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    running: list[Running] = []

    def begin(port: int, *options: str, **settings: str) -> Running:
        running.append(Running(tmp_path / "hub", port, *options, **settings))
        return running[-1]

    yield begin
    for one in running:
        one.end(signal.SIGTERM)


def test_from_nothing_through_every_death_to_a_clean_end(
    tmp_path: Path, start: Callable[..., Running]
) -> None:
    port = a_free_port()
    first = start(port)
    shown = first.line("First admin: ")
    email, password = re.findall(r"First admin: (\S+)  password: (\S+)", shown)[0]
    assert first.line("Channel Hub is ready") == (
        f"Channel Hub is ready: http://127.0.0.1:{port}  (docs: /docs, admin: {email})"
    )
    token = login(port, email, password)
    assert [row["name"] for row in get(port, "properties", token)["items"]] == ["Casa Demo", "Harbour Hostel"]
    assert password not in (tmp_path / "hub" / "hub.env").read_text()

    forget_all_messages(tmp_path)
    pulled_again(tmp_path)

    kill(first, "worker", "puller", "beat", "web", "feeds")
    os.kill(postmaster(tmp_path), signal.SIGKILL)
    until(lambda: any("postgres" in line for line in first.said), TO_START)
    until(lambda: is_ready(port), TO_START)
    assert login(port, email, password)

    first.process.kill()
    first.process.wait()
    second = start(port)
    second.line("Channel Hub is ready")
    assert not any(line.startswith("First admin") for line in second.said)
    assert [row["name"] for row in get(port, "properties", login(port, email, password))["items"]] == [
        "Casa Demo",
        "Harbour Hostel",
    ]

    pulled_again(tmp_path)

    assert processes_of(tmp_path)
    assert second.end(signal.SIGINT) == 0
    until(lambda: not processes_of(tmp_path), TO_STOP)
    assert not is_ready(port)


def test_servers_that_are_given_are_used_and_none_is_started(
    tmp_path: Path, start: Callable[..., Running], own_database: Database, redis_url: str
) -> None:
    port = a_free_port()
    running = start(
        port,
        "--no-demo",
        HUB_DATABASE_URL=own_database.app_url,
        HUB_OWNER_DATABASE_URL=own_database.owner_url,
        HUB_REDIS_URL=redis_url,
        HUB_ADMIN_EMAIL="ada@example.com",
        HUB_ADMIN_PASSWORD="a password of the tests",
    )
    running.line("Channel Hub is ready")
    assert not (tmp_path / "hub" / "servers").exists()
    assert "password" not in "".join(running.said)
    token = login(port, "ada@example.com", "a password of the tests")
    assert get(port, "properties", token)["items"] == []
    assert running.end(signal.SIGTERM) == 0
    until(lambda: not processes_of(tmp_path), TO_STOP)


def test_a_port_in_use_is_said_before_anything_starts(tmp_path: Path, start: Callable[..., Running]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        running = start(port)
        assert running.process.wait(TO_START) == 1
    assert running.line("hub: ").startswith(f"hub: port {port} cannot be used")
    assert not (tmp_path / "hub" / "servers").exists()


def kill(running: Running, *parts: str) -> None:
    """Kill them, and wait for those that take their places."""
    before = {part: running.pid(part) for part in parts}
    for pid in before.values():
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
    until(lambda: all(running.pid(part) not in (None, pid) for part, pid in before.items()), TO_START)


def ask(port: int, method: str, path: str, body: Any = None, token: str = "") -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    with contextlib.closing(connection):
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def is_ready(port: int) -> bool:
    try:
        return ask(port, "GET", "/readyz")[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def login(port: int, email: str, password: str) -> str:
    status, body = ask(port, "POST", "/api/v1/auth/login", {"email": email, "password": password})
    assert status == 200, body
    return str(body["access_token"])


def get(port: int, path: str, token: str) -> Any:
    status, body = ask(port, "GET", f"/api/v1/{path}", token=token)
    assert status == 200, body
    return body


def forget_all_messages(tmp_path: Path) -> None:
    with redis.Redis.from_url(embedded_redis_url(tmp_path / "hub")) as client:
        client.flushall()


def pulled_again(tmp_path: Path) -> None:
    """Make every link due, and wait until a worker has pulled it."""
    runtime = Runtime.open(Settings(data_dir=tmp_path / "hub"))
    try:
        organization_id = choosing.first(runtime.database)

        def verified() -> list[datetime | None]:
            with runtime.database.unit_of_work(organization_id) as session:
                return list(session.scalars(select(Link.verified_at)))

        now = clock.now()

        def again() -> bool:
            """Who was being pulled at that moment sets its own time when that is done."""
            with runtime.database.unit_of_work(organization_id) as session:
                earlier = or_(Link.verified_at.is_(None), Link.verified_at <= now)
                session.execute(update(Link).where(earlier, Link.next_pull_at > now).values(next_pull_at=now))
            return all(at is not None and at > now for at in verified())

        until(again, TO_START)
    finally:
        runtime.close()


def postmaster(tmp_path: Path) -> int:
    data = find(tmp_path / "hub").servers / "postgres" / "data"
    return int((data / "postmaster.pid").read_text().splitlines()[0])


def processes_of(tmp_path: Path) -> list[str]:
    """Command lines of all that was started for this data dir and lives."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            if str(tmp_path).encode() in told and process.name != str(os.getpid()):
                found.append(told.decode(errors="replace"))
    return found

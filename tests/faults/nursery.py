"""
Passes in processes of their own, each forked from one that has loaded and prepared all there is.

`with Nursery() as nursery: nursery.warm(task); nursery.run(task)`. A forked process counts the boundaries
that it crosses: each commit, before and after; each request, before it leaves and when its answer stands
unread. At the one that it is told it kills itself with SIGKILL, and nothing is left of it but what it
wrote to others.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from types import TracebackType
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from connectors.applications import Application
from connectors.google_calendar import transport
from connectors.transport import Network
from hub.config import Settings
from hub.database import Database
from sync import pull as pulling
from sync import relay
from sync.runtime import Runtime
from tests import factories
from tests.fakes.google_account import CLIENT_ID, CLIENT_SECRET
from tests.faults import unrecorded

PASSES = 8
_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Nobody here speaks TLS, and to load whom it trusts takes longer than a pass"""


@dataclass(frozen=True, slots=True)
class Task:
    """`dies_at`: the boundary, counted from 1; 0: none. `passes`: at most so many, until nothing is new."""

    database_url: str
    google_root: str
    organization_id: str
    link_id: str
    dies_at: int = 0
    passes: int = 1
    relays: bool = True
    """Whether it hears first what has happened here"""
    sends_first: bool = False
    """Writes are sent before they are put down: what the hub never does"""
    stays: bool = False
    """It is done by the nursery's own process, whose children know then how statements are made"""


@dataclass(frozen=True, slots=True)
class Life:
    """`crossed`: the boundaries, in order; of a killed one the last is where it died. `ended`: its passes."""

    killed: bool
    crossed: list[str]
    ended: list[str]


class Nursery:
    def __enter__(self) -> Nursery:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=30)

    def warm(self, task: Task) -> None:
        """Do it without a child: its first time takes ten times as long."""
        self.run(replace(task, stays=True))

    def run(self, task: Task) -> Life:
        """What became of a new process that does this."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(task)) + "\n")
        self._process.stdin.flush()
        said = json.loads(self._process.stdout.readline())
        assert said["ended_by"] in (0, signal.SIGKILL), said
        assert (said["ended_by"] == signal.SIGKILL) == (len(said["crossed"]) == task.dies_at > 0), said
        return Life(bool(said["ended_by"]), said["crossed"], said["ended"])


# In the nursery's process


def serve() -> None:
    for line in sys.stdin:
        task = Task(**json.loads(line))
        said = _stay(task) if task.stays else _life(task)
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


def _stay(task: Task) -> Mapping[str, Any]:
    ended: list[str] = []
    _work(task, lambda _word, said: ended.append(said))
    _runtime(task.database_url, task.google_root).database.dispose()
    gc.collect()
    gc.freeze()  # what children would count anew they would have to copy
    return {"ended_by": 0, "crossed": [], "ended": ended}


@cache
def _runtime(database_url: str, google_root: str) -> Runtime:
    """Forked processes inherit it, without any connection."""
    settings = Settings(
        base_url="https://hub.example.com",
        secret_key=factories.SIGNING_KEY.decode(),
        encryption_keys=factories.FERNET_KEY,
    )
    application = Application(google_root, CLIENT_ID, CLIENT_SECRET)
    network = Network(["127.0.0.1"], applications={"google_calendar": application})
    return Runtime(settings, Database(database_url, factories.a_vault()), network)


def _life(task: Task) -> Mapping[str, Any]:
    """Fork, and hear to its end what the child says."""
    hears, tells = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(hears)
        status = 1
        try:
            _live(task, lambda word, said: os.write(tells, f"{word} {said}\n".encode()))
            status = 0
        finally:
            os._exit(status)
    os.close(tells)
    with os.fdopen(hears) as told:
        lines = [line.strip().partition(" ") for line in told]
    _, how = os.waitpid(child, 0)
    ended_by = os.WTERMSIG(how) if os.WIFSIGNALED(how) else -os.WEXITSTATUS(how)
    said = {word: [text for kind, _, text in lines if kind == word] for word in ("crossed", "ended")}
    return {"ended_by": ended_by, **said}


# In the forked one


def _live(task: Task, tell: Callable[[str, str], object]) -> None:
    _watch_boundaries(task.dies_at, tell)
    client = httpx.Client(trust_env=False, verify=_TLS)
    transport._client = lambda: client
    if task.sends_first:
        unrecorded.sends_first()
    _work(task, tell)


def _work(task: Task, tell: Callable[[str, str], object]) -> None:
    runtime = _runtime(task.database_url, task.google_root)
    for _ in range(task.passes):
        if task.relays:
            relay.relay(runtime)
        outcome = pulling.pull(runtime, UUID(task.organization_id), UUID(task.link_id))
        tell("ended", f"{outcome.state} {outcome.error or ''}")
        if outcome.state == "unchanged":
            return


def _watch_boundaries(dies_at: int, tell: Callable[[str, str], object]) -> None:
    crossed, working = 0, threading.get_ident()

    def cross(what: str) -> None:
        nonlocal crossed
        if threading.get_ident() != working:  # who renews the lease does no step of the work
            return
        crossed += 1
        tell("crossed", what)
        if crossed == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(sender: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        name = (
            f"{request.method} {request.url.path.rpartition('/calendars/')[2].partition('/')[2] or 'token'}"
        )
        cross(f"before {name}")
        try:
            return handle(sender, request)
        finally:
            cross(f"after {name}, whatever came of it")

    handle = httpx.HTTPTransport.handle_request
    httpx.HTTPTransport.handle_request = around  # type: ignore[assignment,method-assign]
    event.listen(Engine, "commit", lambda _connection: cross("before a commit"))
    event.listen(Session, "after_commit", lambda _session: cross("after a commit"))


if __name__ == "__main__":
    serve()

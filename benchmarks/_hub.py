"""A hub of one's own for a benchmark: durable database, real web process, nothing shared."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psutil

import migrations
from hub.config import Settings
from hub.embedded import Postgres, database_url, ensure_generated
from hub.embedded.postgres import Login
from hub.services import organizations
from hub.services.accounts import Person
from hub.services.organizations import NewMember
from hub.services.tokens import Claims, issue_access
from sync.runtime import Runtime
from workers import programs

OURS = "api.serve:door"


@dataclass(frozen=True, slots=True)
class BenchHub:
    data_dir: Path
    runtime: Runtime

    @property
    def owner_url(self) -> str:
        """For the bare SQL that the hub is compared with: without row-level security."""
        return self._url("owner")

    @property
    def superuser_url(self) -> str:
        return self._url("superuser")

    def _url(self, role: Login) -> str:
        return database_url(self.data_dir, role).replace("postgresql+psycopg://", "postgresql://")

    def organization(self) -> Claims:
        """A new organization, as its admin."""
        email = f"bench-{time.time_ns()}@example.com"
        admin = NewMember(Person(email, "Bench"), "admin", "a password for benchmarks")
        member = organizations.create(self.runtime.database, "Bench", admin)
        return Claims(member.organization_id, member.id, "admin")

    def bearer(self, claims: Claims) -> dict[str, str]:
        token = issue_access(self.runtime.database.vault.token_key, claims, datetime.now(UTC))
        return {"Authorization": f"Bearer {token}"}

    @contextmanager
    def web(self, app: str = OURS) -> Iterator[tuple[str, psutil.Process]]:
        """(address, process) of the web as `hub up` starts it, or of another factory of an application."""
        port = free_port()
        command = [app if part == OURS else part for part in programs.web("127.0.0.1", port).command]
        command += ["--log-level", "warning"]
        environment = {**os.environ, "HUB_DATA_DIR": str(self.data_dir), "HUB_RATE_CALLER": "1000000000"}
        with (self.data_dir / "web.log").open("ab") as log:
            process = subprocess.Popen(command, env=environment, stderr=log)
        try:
            base = f"http://127.0.0.1:{port}"
            until_answering(base, process)
            yield base, psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(20)


@contextmanager
def hub() -> Iterator[BenchHub]:
    """A migrated hub whose database keeps its promises (fsync and synchronous_commit on)."""
    data_dir = Path(tempfile.mkdtemp(prefix="hub-bench-")) / "d"
    data_dir.parent.chmod(0o755)
    os.environ["HUB_DATA_DIR"] = str(data_dir)
    ensure_generated(data_dir)
    try:
        with Postgres(data_dir):
            migrations.upgrade(database_url(data_dir, "owner"))
            runtime = Runtime.open(Settings(data_dir=data_dir))
            yield BenchHub(data_dir, runtime)
            runtime.close()
    finally:
        shutil.rmtree(data_dir.parent, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def until_answering(base: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"the server ended with {process.returncode}")
        try:
            httpx.get(base + "/livez", timeout=1)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("the server did not answer within 30 s")

"""
`hub up`: the whole hub on this machine, from nothing to one line that says it is ready.

Servers, schema, first admin and demo come first, then the programs that serve. Whatever dies is started
again; stopping stops all of it; what a killed `hub up` left behind is ended by the next one.
"""

from __future__ import annotations

import http.client
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from connectors import webhooks_out
from hub.config import Settings
from hub.embedded import Postgres, Valkey, ensure_generated
from hub.errors import Misconfigured
from sync.runtime import Runtime
from workers import beginnings, choosing, demo, programs, schema
from workers.children import Child, claim
from workers.logs import Logs
from workers.programs import Program
from workers.remembered import remember
from workers.supervisor import Hurry, Server, Supervisor

HOST = "127.0.0.1"
ANSWER_WITHIN = 2.0


@dataclass(frozen=True, slots=True)
class Wish:
    port: int = 8000
    demo: bool = True
    verbose: bool = False


def up(data_dir: Path, wish: Wish, say: Callable[[str], None], warn: Callable[[str], None]) -> None:
    """
    Runs until asked to stop. `say` gets what a person must read, `warn` what goes wrong meanwhile.

    Misconfigured and supervisor.GaveUp say why it could not go on; everything is stopped by then.
    """
    data_dir = data_dir.resolve()
    ensure_generated(data_dir)
    with claim(data_dir):
        for program in _programs(Settings(data_dir=data_dir), wish.port):
            Child(program, data_dir, {}).end_left_over()
        free_port(wish.port)
        _remember_address(data_dir, wish.port)
        _remember_webhook_secret(data_dir)
        run = _Run(Settings(data_dir=data_dir), wish, say, warn, Supervisor(warn))
        with run.supervisor.listening():
            run.attend()


def free_port(port: int) -> None:
    """Misconfigured where something listens there already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise Misconfigured(
                f"port {port} cannot be used ({error.strerror}); stop what uses it, "
                f"or choose another: hub up --port {port + 1}"
            ) from None


def _programs(settings: Settings, port: int) -> tuple[Program, ...]:
    """In the order in which they start; the demo's channels only where there is a demo."""
    feeds_port = urlsplit(settings.demo_feeds_url or "").port
    feeds = (programs.feeds(feeds_port, settings.data_dir / "demo-feeds.json"),) if feeds_port else ()
    serving = (programs.worker(settings), programs.puller(settings), programs.beat())
    return (*feeds, *serving, programs.web(HOST, port))


def _remember_address(data_dir: Path, port: int) -> None:
    """So that every command speaks of the same address; never over one that somebody chose."""
    present = Settings(data_dir=data_dir)
    if "base_url" not in present.model_fields_set or present.base_url.startswith(f"http://{HOST}:"):
        remember(data_dir, base_url=f"http://{HOST}:{port}")


def _remember_webhook_secret(data_dir: Path) -> None:
    """What alerts are signed with; never over one that somebody chose."""
    if Settings(data_dir=data_dir).monitoring_webhook_secret is None:
        remember(data_dir, monitoring_webhook_secret=webhooks_out.new_secret())


@dataclass(slots=True)
class _Run:
    settings: Settings
    wish: Wish
    say: Callable[[str], None]
    warn: Callable[[str], None]
    supervisor: Supervisor
    logs: Logs = field(init=False)

    def __post_init__(self) -> None:
        self.logs = Logs(self.warn if self.wish.verbose else None)

    def attend(self) -> None:
        try:
            for step in (self._servers, self._contents, self._serve):
                if not self.supervisor.asked_to_stop:
                    step()
        except Hurry:
            self.supervisor.hurried = True
        finally:
            self.supervisor.stop()
            self.logs.look()

    def _servers(self) -> None:
        if self.settings.embedded_redis:
            self.supervisor.start(Server("valkey", Valkey(self.settings.data_dir)))
        if self.settings.embedded_database:
            self.supervisor.start(Server("postgres", Postgres(self.settings.data_dir)))

    def _contents(self) -> None:
        """Schema, first admin, and on the first run the demo."""
        schema.migrate(self.settings)
        runtime = Runtime.open(self.settings)
        try:
            admin = beginnings.first_admin(runtime)
            if admin is not None:
                remember(self.settings.data_dir, admin_email=admin.email)
            if admin is not None and admin.generated_password:
                self.say(
                    f"First admin: {admin.email}  password: {admin.generated_password}  (shown only now)"
                )
            if self.wish.demo and (admin is not None or self.settings.demo_feeds_url):
                demo.seed(runtime, choosing.first(runtime.database))
        finally:
            runtime.close()
            self.settings = Settings(data_dir=self.settings.data_dir)

    def _serve(self) -> None:
        for program in _programs(self.settings, self.wish.port):
            child = Child(program, self.settings.data_dir, self._environment())
            self.logs.follow(child.log)
            self.supervisor.start(child)
        if self.supervisor.run(self._ready):
            admin = f", admin: {self.settings.admin_email}" if self.settings.admin_email else ""
            self.say(f"Channel Hub is ready: http://{HOST}:{self.wish.port}  (docs: /docs{admin})")
            self.supervisor.run(self._look)

    def _environment(self) -> dict[str, str]:
        own = {
            "HUB_DATA_DIR": str(self.settings.data_dir),
            "HUB_ALLOWED_PRIVATE_HOSTS": ",".join(demo.allowed_hosts(self.settings)),
            "PYTHONUNBUFFERED": "1",
        }
        return {**os.environ, **own}

    def _look(self) -> bool:
        self.logs.look()
        return False

    def _ready(self) -> bool:
        self.logs.look()
        connection = http.client.HTTPConnection(HOST, self.wish.port, timeout=ANSWER_WITHIN)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

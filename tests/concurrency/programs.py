"""A hub's real programs as processes of a test: web, worker and beat on a database of the test's own."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from hub.config import Settings
from sync.runtime import Runtime
from tests import factories
from tests.concurrency.forking import Forked
from tests.concurrency.together import until
from workers import programs
from workers.children import Child

HOST = "127.0.0.1"


def settings_for(database_url: str, data_dir: Path, **more: Any) -> Settings:
    """The settings that `environment_of` gives to processes, for what runs inside of the test."""
    usual: dict[str, Any] = {
        "database_url": database_url,
        "redis_url": "unix:///there/is/none",
        "data_dir": data_dir,
        "secret_key": factories.SIGNING_KEY.decode(),
        "encryption_keys": factories.FERNET_KEY,
        "allowed_private_hosts": HOST,
        "rate_caller": 0,  # many clients ask as one member
    }
    return Settings(**(usual | more))


def environment_of(settings: Settings) -> dict[str, str]:
    """The same settings as processes read them."""
    said = settings.model_dump(exclude_none=True, exclude_defaults=True)
    ours = {f"HUB_{name.upper()}": _text(value) for name, value in said.items()}
    return {name: value for name, value in os.environ.items() if not name.startswith("HUB_")} | ours


def _text(value: object) -> str:
    secret = getattr(value, "get_secret_value", None)
    return str(secret()) if secret else str(value)


@contextmanager
def runtime_of(settings: Settings) -> Iterator[Runtime]:
    opened = Runtime.open(settings)
    try:
        yield opened
    finally:
        opened.close()


class Web:
    """The HTTP door in a process of its own."""

    def __init__(self, settings: Settings) -> None:
        self._kept = contextlib.ExitStack()
        self.port = self._kept.enter_context(kept_port())
        self.base_url = f"http://{HOST}:{self.port}"
        self._child = child(programs.web(HOST, self.port), settings)

    def start(self) -> None:
        self._child.start()
        until(self._answers, within=30, what="the web answers")

    def kill(self) -> None:
        """kill -9 of the whole group."""
        self._child.kill()

    def stop(self) -> None:
        self._child.stop()
        self._kept.close()

    def log_end(self) -> str:
        return self._child.log_end(60)

    def __enter__(self) -> Web:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _answers(self) -> bool:
        assert self._child.alive(), self.log_end()
        with contextlib.closing(http.client.HTTPConnection(HOST, self.port, timeout=5)) as connection:
            try:
                connection.request("GET", "/livez")
                return connection.getresponse().status == 200
            except (OSError, http.client.HTTPException):
                return False


def child(program: programs.Program, settings: Settings) -> Child:
    return Forked(program, settings.data_dir, environment_of(settings))


@contextmanager
def kept_port() -> Iterator[int]:
    """A free port, which Linux gives to nobody else meanwhile, even while no program listens there."""
    with socket.socket() as found:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((HOST, 0))
        port = int(found.getsockname()[1])
        if sys.platform != "linux":
            found.close()
        yield port


def client(web: Web, token: str) -> httpx.Client:
    """Who bears this token."""
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.Client(base_url=web.base_url, headers=headers, timeout=60, verify=_TLS)


_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Nobody here speaks TLS; the context that httpx makes for each client takes longer than a booking."""

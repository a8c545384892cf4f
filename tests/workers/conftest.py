"""The command line, run in this process against a database and a Redis of the tests."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hub.config import Settings
from sync.runtime import Runtime
from tests import factories
from tests.fakes.feed_server import FeedServer
from tests.servers import Database
from workers import commands


@dataclass(frozen=True, slots=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Done]


@pytest.fixture
def environment(
    empty_database: Database,
    redis_url: str,
    broker_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, str]:
    """The settings of one hub with nobody in it, also set in this process."""
    tmp_path.chmod(0o700)
    own = {
        "HUB_DATA_DIR": str(tmp_path),
        "HUB_DATABASE_URL": empty_database.app_url,
        "HUB_OWNER_DATABASE_URL": empty_database.owner_url,
        "HUB_REDIS_URL": redis_url,
        "HUB_BROKER_URL": broker_url,
        "HUB_SECRET_KEY": factories.SIGNING_KEY.decode(),
        "HUB_ENCRYPTION_KEYS": factories.FERNET_KEY,
        "HUB_ALLOWED_PRIVATE_HOSTS": "127.0.0.1",
    }
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    return own


@pytest.fixture
def runtime(environment: dict[str, str]) -> Iterator[Runtime]:
    opened = Runtime.open(Settings())
    yield opened
    opened.close()


@pytest.fixture
def remote() -> Iterator[FeedServer]:
    """A channel on loopback."""
    with FeedServer() as served:
        yield served


@pytest.fixture
def hub(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Run:
    """`hub("link", "list")`, as the entry point runs it."""

    def run(*arguments: str, given: str = "") -> Done:
        monkeypatch.setattr(sys, "stdin", io.StringIO(given))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            commands.main(arguments)
        out, err = capsys.readouterr()
        return Done(int(ended.value.code or 0), out, err)

    return run

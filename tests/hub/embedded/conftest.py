"""Servers that the tests of one file share, where they do not stop them, and files to begin with."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.embedded import Postgres, Valkey


@pytest.fixture(scope="module")
def postgres(new_data_dir: Callable[[], Path]) -> Iterator[Postgres]:
    """Started where the environment has settings of ours and of PostgreSQL's clients."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGPORT", "6543")
        patch.setenv("HUB_SECRET_KEY", "hush")
        server = Postgres(new_data_dir(), durable=False)
        server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def postgres_dir(postgres: Postgres) -> Path:
    return postgres.data_dir


@pytest.fixture(scope="session")
def _stopped(new_data_dir: Callable[[], Path]) -> Path:
    data_dir = new_data_dir()
    with Postgres(data_dir, durable=False):
        pass
    return data_dir


@pytest.fixture
def used_data_dir(_stopped: Path, data_dir: Path) -> Path:
    """Of a hub whose servers ran before: a copy, which takes less time than a first start."""
    subprocess.run(["cp", "-Rp", _stopped, data_dir], check=True)  # with its owners
    return data_dir


@pytest.fixture(scope="module")
def valkey_dir(new_data_dir: Callable[[], Path]) -> Iterator[Path]:
    data_dir = new_data_dir()
    with Valkey(data_dir):
        yield data_dir

"""Servers that the tests of one file share, where they do not stop them."""

from __future__ import annotations

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


@pytest.fixture(scope="module")
def valkey_dir(new_data_dir: Callable[[], Path]) -> Iterator[Path]:
    data_dir = new_data_dir()
    with Valkey(data_dir):
        yield data_dir

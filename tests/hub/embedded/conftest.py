"""Servers that the tests of one file share, where they do not stop them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.embedded import Postgres, Valkey


@pytest.fixture(scope="module")
def postgres_dir(new_data_dir: Callable[[], Path]) -> Iterator[Path]:
    data_dir = new_data_dir()
    with Postgres(data_dir, durable=False):
        yield data_dir


@pytest.fixture(scope="module")
def valkey_dir(new_data_dir: Callable[[], Path]) -> Iterator[Path]:
    data_dir = new_data_dir()
    with Valkey(data_dir):
        yield data_dir

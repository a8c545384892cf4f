"""What is broken on purpose belongs to one test alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.embedded import Valkey


@pytest.fixture
def valkey_dir(new_data_dir: Callable[[], Path]) -> Iterator[Path]:
    """A Valkey that nobody else notices being emptied."""
    folder = new_data_dir()
    with Valkey(folder):
        yield folder

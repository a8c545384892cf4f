"""What the races share: a hub on a database of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.database import Database
from sync.runtime import Runtime
from tests import servers
from tests.concurrency import place, programs
from tests.concurrency.services import Desk


@pytest.fixture
def runtime(own_database: servers.Database, tmp_path: Path) -> Iterator[Runtime]:
    with programs.runtime_of(programs.settings_for(own_database.app_url, tmp_path)) as opened:
        yield opened


@pytest.fixture
def hub(runtime: Runtime) -> Database:
    return runtime.database


@pytest.fixture
def desk(hub: Database) -> Desk:
    return Desk(hub, place.build(hub))

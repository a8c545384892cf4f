"""The hub on a real database, as the application's role sees it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.database import Database
from tests import factories, servers


@pytest.fixture(scope="session")
def hub(database: servers.Database) -> Iterator[Database]:
    """Shared by the tests of this worker: make an organization of your own."""
    opened = Database(database.app_url, factories.a_vault(), pool_size=12)
    yield opened
    opened.dispose()

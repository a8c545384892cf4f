"""A transaction of a new organization, in a June in which July is still to be sold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from hub.database import Database
from hub.vault import Vault
from tests import factories, servers
from tests.conftest import FrozenClock
from tests.hub.services.sealing import Process


@pytest.fixture
def in_june(clock: FrozenClock) -> None:
    """Of the year in which `selling.JULY` is."""
    clock.at(datetime(2030, 6, 1, tzinfo=UTC))


@pytest.fixture
def session(hub: Database) -> Iterator[Session]:
    """Rolled back where the test leaves it by an error."""
    with hub.unit_of_work(factories.an_organization(hub).organization_id) as session:
        yield session


@pytest.fixture
def alone(empty_database: servers.Database) -> Iterator[Database]:
    """A hub in whose database nobody else is."""
    database = Database(empty_database.app_url, factories.a_vault(), pool_size=12)
    yield database
    database.dispose()


@pytest.fixture
def process(alone: Database, empty_database: servers.Database) -> Iterator[Process]:
    """Another process of the same hub, with these keys in its settings."""
    with ExitStack() as stack:

        def started(*hub_keys: str) -> Database:
            vault = Vault(hub_keys, factories.SIGNING_KEY)
            database = Database(empty_database.app_url, vault, pool_size=12)
            stack.callback(database.dispose)
            return database

        yield started

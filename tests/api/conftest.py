"""The HTTP door on a real database, and organizations that ask at it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from api.app import Door, create
from connectors.transport import Network
from hub.config import Settings
from hub.database import Database
from sync.runtime import Runtime
from tests import factories
from tests.api.houses import House
from tests.fakes.feed_server import FeedServer
from tests.servers import Database as Address
from tests.servers import Servers

CHANNELS = ("127.0.0.1",)
"""Where the channels of tests are, although it is private"""


@pytest.fixture(scope="session")
def runtime(servers: Servers, database: Address) -> Iterator[Runtime]:
    settings = Settings(
        database_url=database.app_url,
        redis_url=servers.redis_url(0),
        base_url="https://hub.example.com",
        secret_key=factories.SIGNING_KEY.decode(),
        encryption_keys=factories.FERNET_KEY,
        # All tests come from one address, and in one minute.
        rate_auth_address=0,
        rate_auth_account=0,
        rate_public=0,
        rate_caller=0,
    )
    opened = Runtime(settings, Database(database.app_url, factories.a_vault()), Network(CHANNELS))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def door(runtime: Runtime) -> Door:
    return create(runtime=runtime)


@pytest.fixture(scope="session")
def client(door: Door) -> Iterator[TestClient]:
    with TestClient(door, base_url="https://hub.example.com") as client:
        yield client


@pytest.fixture
def house(client: TestClient, runtime: Runtime) -> House:
    """An organization with a property of three rooms; asks as its admin."""
    return House.build(client, runtime)


@pytest.fixture
def neighbours(client: TestClient, runtime: Runtime) -> House:
    """Another organization."""
    return House.build(client, runtime)


@pytest.fixture
def channel() -> Iterator[FeedServer]:
    """A remote on loopback."""
    with FeedServer() as served:
        yield served

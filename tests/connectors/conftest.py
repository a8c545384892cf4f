"""A remote on loopback, and a network that may call it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.transport import Network
from tests.fakes.feed_server import FeedServer


@pytest.fixture
def remote() -> Iterator[FeedServer]:
    with FeedServer() as server:
        yield server


@pytest.fixture
def network(remote: FeedServer) -> Network:
    return Network([remote.host])

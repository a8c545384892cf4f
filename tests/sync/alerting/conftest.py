"""A hub of a test's own, whose alerts go to a receiver on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import servers
from tests.conftest import FrozenClock
from tests.fakes.feed_server import FeedServer
from tests.fakes.webhook_receiver import WebhookReceiver
from tests.sync.alerting.watched import Watched


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as served:
        yield served


@pytest.fixture
def watched(
    empty_database: servers.Database, receiver: WebhookReceiver, channel: FeedServer, clock: FrozenClock
) -> Iterator[Watched]:
    """One organization with a link, and nothing the matter with it."""
    made = Watched.build(empty_database, receiver, channel, clock)
    yield made
    made.runtime.close()

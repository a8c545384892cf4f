"""A property whose first room is in a calendar of both directions and in feeds of other channels."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync.runtime import Runtime
from tests.fakes.feed_server import FeedServer
from tests.sync.channels import CHANNELS, Synced, synced
from tests.sync.conftest import channel, importer, reaching, runtime
from tests.sync.importing import Importer

__all__ = ["both", "channel", "importer", "reaching", "runtime"]


@pytest.fixture(params=CHANNELS)
def both(request: pytest.FixtureRequest, reaching: Runtime) -> Iterator[Synced]:
    """By each channel that is synced event by event."""
    with CHANNELS[request.param]() as there:
        yield synced(reaching, there)


@pytest.fixture
def feeds(both: Synced, reaching: Runtime, channel: FeedServer) -> Importer:
    """Feeds of other channels of the same property."""
    return Importer(reaching, channel, both.organization_id, both.property_id, both.unit_type_id, both.units)

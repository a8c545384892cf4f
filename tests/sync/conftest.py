"""The traffic with the outside on a real database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest

from connectors.transport import Network
from hub.ids import new_id
from hub.services.bookings import Booked
from sync.runtime import Runtime
from tests import servers
from tests.conftest import FrozenClock
from tests.connectors.remotes import leading_to
from tests.fakes.feed_server import FeedServer
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.sync.both_sides import BothSides, wired
from tests.sync.calendars import MADRID, day, nights
from tests.sync.exporting import Place, another_process
from tests.sync.importing import Importer, a_runtime
from tests.sync.standoffs import a_stay


@pytest.fixture(scope="session")
def runtime(database: servers.Database) -> Iterator[Runtime]:
    opened = another_process(database)
    yield opened
    opened.close()


@pytest.fixture
def place(runtime: Runtime) -> Place:
    """An organization with a property of two rooms."""
    return Place.build(runtime)


@pytest.fixture
def channel() -> Iterator[FeedServer]:
    """A remote on loopback."""
    with FeedServer() as served:
        yield served


@pytest.fixture(scope="session")
def reaching(database: servers.Database) -> Iterator[Runtime]:
    """May call loopback."""
    opened = a_runtime(database, Network(["127.0.0.1"]))
    yield opened
    opened.close()


@pytest.fixture
def importer(reaching: Runtime, channel: FeedServer) -> Importer:
    """An organization with a property of two rooms, and the channel that it imports from."""
    return Importer.build(reaching, channel)


@pytest.fixture
def importer_alone(empty_database: servers.Database, channel: FeedServer) -> Iterator[Importer]:
    """The same, alone in its hub: for what goes through every organization."""
    opened = a_runtime(empty_database, Network(["127.0.0.1"]))
    yield Importer.build(opened, channel)
    opened.close()


@pytest.fixture
def both(reaching: Runtime, clock: FrozenClock) -> Iterator[BothSides]:
    """A property whose first room is shown in a Google calendar, while the clock stands still."""
    google = GoogleCalendar()
    with wired(google):
        yield BothSides.build(reaching, google)
    assert google.violations == []


@pytest.fixture
def named(reaching: Runtime) -> Runtime:
    """Every name leads to this machine."""
    return replace(reaching, network=Network(["127.0.0.1"], resolve=leading_to("127.0.0.1")))


@pytest.fixture
def host() -> str:
    """Of this test alone: what is remembered of hosts is everybody's."""
    return f"{new_id().hex[-12:]}.example"


@pytest.fixture
def morning(clock: FrozenClock) -> FrozenClock:
    """A day on which no clock changes within the next weeks, at ten."""
    clock.at(datetime(2026, 6, 1, 10, tzinfo=MADRID))
    return clock


@pytest.fixture
def booked(importer: Importer) -> Booked:
    """A stay in Room 1 that a channel sold too."""
    made = importer.book(a_stay(), importer.units[0])
    importer.says(nights("a", day(20), day(23)))
    importer.pull(importer.link(name="Seaside Rentals"))
    return made

"""What is over is forgotten after its own time, in however many steps that takes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from connectors.transport import Network
from hub.domain.periods import Nights
from sync import sweeps
from sync.relay import relay
from tests import servers
from tests.conftest import FrozenClock
from tests.fakes.feed_server import FeedServer
from tests.sync.calendars import day, nights
from tests.sync.importing import Importer, a_runtime


@pytest.fixture
def importer(empty_database: servers.Database, channel: FeedServer) -> Iterator[Importer]:
    """Alone in its hub: a sweep goes through every organization, and those of other tests are many."""
    runtime = a_runtime(empty_database, Network(["127.0.0.1"]))
    yield Importer.build(runtime, channel)
    runtime.close()


def test_finished_facts_are_forgotten_a_week_later(
    importer: Importer, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeps, "BATCH", 1)
    for ahead in (20, 30, 40):
        importer.book(Nights(day(ahead), day(ahead + 1)), importer.units[0])
    relay(importer.runtime)
    facts = "SELECT count(*) FROM outbox WHERE state = 'done'"
    done = importer.run_sql(facts).scalar_one()
    assert done >= 3

    sweeps.sweep(importer.runtime)
    assert importer.run_sql(facts).scalar_one() == done

    clock.advance(timedelta(days=8))
    sweeps.sweep(importer.runtime)
    assert importer.run_sql(facts).scalar_one() == 0


def test_a_conflict_about_what_is_over_closes_itself(importer: Importer, clock: FrozenClock) -> None:
    importer.book(Nights(day(20), day(22)), importer.units[0])
    importer.says(nights("stay", day(21), day(23)))
    importer.pull(importer.link())
    assert len(importer.conflicts()) == 1

    sweeps.sweep(importer.runtime)
    assert len(importer.conflicts()) == 1

    clock.advance(timedelta(days=30))
    sweeps.sweep(importer.runtime)
    (closed,) = importer.conflicts("closed")
    assert closed.resolution == "it is over"

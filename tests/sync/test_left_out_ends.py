"""How an event of a feed that a person left out comes to its end: nothing is freed by it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

import migrations
from connectors.transport import Network
from hub.domain.periods import Nights
from hub.errors import Conflict
from hub.models.external import ExternalEvent
from hub.models.records import Change, SyncRun
from sync import ignoring
from tests import servers
from tests.conftest import FrozenClock
from tests.fakes.feed_server import Answer, FeedServer
from tests.sync.calendars import at, calendar, day, nights
from tests.sync.importing import Importer, a_runtime


@pytest.fixture
def link(importer: Importer, clock: FrozenClock) -> UUID:
    """With a closure that is left out, and a stay that is not."""
    clock.at(at(0, 12))
    importer.says(nights("a", day(20), day(23), "Not available"), nights("b", day(30), day(33)))
    made = importer.link()
    importer.pull(made)
    told = left_out(importer, made).id
    importer.do(lambda session: ignoring.ignore(session, made, told))
    return made


def left_out(importer: Importer, link: UUID) -> ExternalEvent:
    """The first of them."""
    return min(importer.events(link), key=lambda one: one.starts_at)


def test_what_is_not_told_any_more_is_no_change_and_the_log_says_that_the_word_ended(
    importer: Importer, link: UUID, clock: FrozenClock
) -> None:
    """It took nothing: nothing is freed by it."""
    told = left_out(importer, link).id
    clock.advance(timedelta(hours=1))
    importer.says(nights("b", day(30), day(33)))

    outcome = importer.pull(link)

    assert (outcome.state, outcome.headline, outcome.summary) == ("unchanged", "nothing changed", ())
    assert not any(outcome.counts.values())
    entries = importer.do(
        lambda session: session.query(Change).filter(Change.entity_id == told).order_by(Change.id).all()
    )
    assert [entry.action for entry in entries] == ["added", "ignored", "lapsed"]
    assert (entries[-1].before or {})["span"] == f"{day(20)} to {day(23)}"
    run = importer.do(lambda session: session.query(SyncRun).filter(SyncRun.id == entries[-1].run_id).one())
    assert (run.changed, run.headline) == (False, "nothing changed")


def test_what_is_over_is_listed_no_longer(importer: Importer, link: UUID, clock: FrozenClock) -> None:
    def listed() -> list[str]:
        return [one.first for one in importer.do(lambda session: ignoring.page(session, link))]

    assert listed() == [day(20).isoformat()]

    clock.advance(timedelta(days=24))

    assert left_out(importer, link).standing == "ignored"
    assert listed() == []


def test_who_goes_back_to_a_version_that_does_not_know_of_it_has_its_nights_taken_again(
    own_database: servers.Database, channel: FeedServer, clock: FrozenClock
) -> None:
    """With the next reading, though the channel would say that nothing has changed since."""
    clock.at(at(0, 12))
    runtime = a_runtime(own_database, Network(["127.0.0.1"]))
    importer = Importer.build(runtime, channel)
    told = calendar(nights("a", day(20), day(23), "Not available"), nights("b", day(30), day(33)))
    importer.answers(Answer(body=told, etag='"1"'))
    link = importer.link()
    importer.pull(link)
    event_id = left_out(importer, link).id
    importer.do(lambda session: ignoring.ignore(session, link, event_id))
    runtime.close()

    migrations.downgrade(own_database.owner_url, "0027")
    importer.pull(link)

    with pytest.raises(Conflict):
        importer.book(Nights(day(20), day(23)), importer.units[0])
    assert len(importer.blocks(link)) == 2
    runtime.close()

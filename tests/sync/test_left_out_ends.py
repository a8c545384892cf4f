"""How an event of a feed that a person left out comes to its end: nothing is freed by it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from hub.models.external import ExternalEvent
from hub.models.records import Change, SyncRun
from sync import ignoring
from tests.conftest import FrozenClock
from tests.sync.calendars import at, day, nights
from tests.sync.importing import Importer


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

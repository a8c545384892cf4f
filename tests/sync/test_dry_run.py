"""A dry run shows what a pull of a feed would do, and does nothing."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from connectors.errors import Unavailable
from hub.database import SYSTEM
from hub.domain.periods import Nights
from sync import dry_run
from sync.dry_run import DryRun, rehearse
from sync.planning.headline import NOTHING
from sync.runtime import Runtime
from tests import servers
from tests.conftest import FrozenClock
from tests.fakes.feed_server import Answer, FeedServer
from tests.sync.calendars import day, nights
from tests.sync.everything import digests
from tests.sync.importing import FEED, Importer
from tests.sync.rehearsed import MANY, done_by, promised, untouched


def of_feed(importer: Importer, link: Any) -> DryRun:
    return rehearse(importer.runtime, importer.organization_id, link)


def test_the_plan_of_a_feed_is_what_its_pull_does_then(
    importer: Importer, database: servers.Database
) -> None:
    importer.says(nights("a", day(20), day(23)), nights("b", day(30), day(32)))
    link = importer.link()
    importer.pull(link)
    importer.says(nights("a", day(21), day(24)), nights("c", day(50), day(52)), nights("d", day(60), day(61)))

    with untouched(database):
        found = of_feed(importer, link).plan

    assert found.changed
    assert found.headline.startswith("+2 ")
    assert "~1 moved from " in found.headline
    assert promised(found) == done_by(importer.pull(link))


def test_without_the_end_that_undoes_it_rows_would_change(
    importer: Importer, database: servers.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test before."""
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()
    transact = importer.runtime.database.transact

    def keeping(organization_id: Any, work: Any, actor: Any = SYSTEM) -> Any:
        def kept(session: Session) -> Any:
            with suppress(dry_run._Undone):
                return work(session)
            return dry_run._Undone

        if (found := transact(organization_id, kept, actor)) is dry_run._Undone:
            raise dry_run._Undone
        return found

    before = digests(database)
    monkeypatch.setattr(importer.runtime.database, "transact", keeping)
    of_feed(importer, link)

    after = digests(database)
    assert {"links", "external_events", "external_blocks"} <= {t for t in after if after[t] != before[t]}


def test_a_plan_that_changes_nothing_says_so(importer: Importer, database: servers.Database) -> None:
    importer.answers(Answer(body=b"", status=500))
    link = importer.link()
    with pytest.raises(Unavailable), untouched(database):
        of_feed(importer, link)
    importer.says(nights("a", day(20), day(23)))
    importer.pull(link)

    with untouched(database):
        found = of_feed(importer, link)

    assert (found.plan.changed, found.plan.headline, found.plan.summary) == (False, NOTHING, ())
    assert promised(found.plan) == done_by(importer.pull(link))


def test_a_plan_says_what_the_guard_would_hold(
    importer: Importer, database: servers.Database, clock: FrozenClock
) -> None:
    importer.says(*(nights(f"e{n}", day(20 + 3 * n), day(22 + 3 * n)) for n in range(6)))
    link = importer.link()
    importer.pull(link)
    clock.advance(timedelta(hours=1))
    importer.says()

    with untouched(database):
        found = of_feed(importer, link).plan

    assert found.guard is not None
    assert "the calendar is empty" in found.guard
    assert len(importer.events(link)) == 6
    assert promised(found) == done_by(importer.pull(link))
    assert importer.state(link).guard is not None


def test_a_link_whose_pull_is_under_way_can_be_rehearsed(importer: Importer) -> None:
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()
    importer.run_sql("UPDATE links SET lease_until = now() + interval '1 minute', fence = fence + 1")
    fence = importer.state(link).fence

    assert of_feed(importer, link).plan.changed

    assert importer.state(link).fence == fence


spans = st.tuples(st.integers(3, 40), st.integers(1, 4))
calendars = st.dictionaries(st.sampled_from("abcdef"), spans, max_size=6)


@MANY
@given(said=st.lists(st.tuples(calendars, st.integers(0, 40)), min_size=2, max_size=4))
def test_law_what_is_said_of_a_feed_is_what_applying_does_and_nothing_is_written(
    reaching: Runtime, database: servers.Database, said: list[tuple[dict[str, tuple[int, int]], int]]
) -> None:
    """Over what comes, moves and goes, with the guard and the readings that agree; minutes pass between."""
    with FeedServer() as channel, pytest.MonkeyPatch.context() as patch:
        clock = FrozenClock(patch)
        importer = Importer.build(reaching, channel)
        link = importer.link(unit_type_id=importer.unit_type_id)
        importer.book(Nights(day(10), day(12)), importer.units[0])
        for events, minutes in said:
            importer.says(
                *(nights(uid, day(first), day(first + length)) for uid, (first, length) in events.items())
            )
            with untouched(database):
                found = of_feed(importer, link).plan
            assert promised(found) == done_by(importer.pull(link))
            clock.advance(timedelta(minutes=minutes))


def test_a_feed_that_does_not_answer_is_told_as_that(importer: Importer) -> None:
    link = importer.link()
    importer.channel.answer(FEED, Answer(status=503))

    with pytest.raises(Unavailable):
        of_feed(importer, link)

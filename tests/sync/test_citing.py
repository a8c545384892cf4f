"""Every row that a sync writes cites its run, and the run is there: whatever came of it, crashes included."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from connectors.contract import AllDay
from hub import clock as hub_clock
from hub.domain.periods import Nights
from sync import citing, guarding, push
from sync.runtime import Runtime
from tests.conftest import FrozenClock
from tests.sync.calendars import day, nights
from tests.sync.channels import CHANNELS, Synced, synced
from tests.sync.importing import Importer

TODAY = hub_clock.now().date()
STAY = Nights(TODAY + timedelta(days=30), TODAY + timedelta(days=33))

_UNCITED = text("""
    SELECT 'event' FROM external_events e WHERE e.run_id IS NULL
       OR NOT EXISTS (SELECT FROM sync_runs r WHERE r.id = e.run_id AND r.link_id = e.link_id)
    UNION ALL
    SELECT 'block' FROM external_blocks b WHERE b.run_id IS NULL
       OR NOT EXISTS (SELECT FROM sync_runs r WHERE r.id = b.run_id AND r.link_id = b.link_id)
    UNION ALL
    SELECT 'op' FROM sync_ops o WHERE o.run_id IS NULL
       OR NOT EXISTS (SELECT FROM sync_runs r WHERE r.id = o.run_id AND r.link_id = o.link_id)
""")


def uncited(held: Any) -> list[str]:
    """Rows of one organization that cite no run, or one that is not there."""
    found: list[str] = held.do(lambda session: list(session.scalars(_UNCITED)))
    return found


def runs_of(importer: Importer, link: UUID) -> dict[str, UUID | None]:
    return {event.key: event.run_id for event in importer.events(link) if not event.remainder}


def test_what_came_and_what_moved_cite_the_pulls_that_brought_them(importer: Importer) -> None:
    importer.says(nights("a", day(20), day(23)), nights("b", day(30), day(32)))
    link = importer.link()
    first = importer.pull(link).run_id
    importer.says(nights("a", day(20), day(23)), nights("b", day(31), day(33)), nights("c", day(40), day(41)))

    second = importer.pull(link).run_id

    assert first != second
    assert runs_of(importer, link) == {
        "a@channel.example": first,
        "b@channel.example": second,
        "c@channel.example": second,
    }
    assert {block.run_id for block in importer.blocks(link)} == {first, second}
    assert uncited(importer) == []


def test_a_pull_whose_news_nobody_needs_to_hear_leaves_its_run_all_the_same(importer: Importer) -> None:
    importer.says(nights("over", day(-9), day(-6)))
    link = importer.link()

    outcome = importer.pull(link)

    assert outcome.state == "unchanged"
    (run,) = importer.runs(link)
    assert (run.id, run.changed, run.headline) == (outcome.run_id, False, "nothing changed")
    assert len(importer.events(link)) == 1
    assert uncited(importer) == []


def test_other_words_leave_no_run_and_the_row_keeps_the_one_it_has(importer: Importer) -> None:
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()
    first = importer.pull(link).run_id
    importer.says(nights("a", day(20), day(23), "Reserved, paid"))

    assert importer.pull(link).run_id is None

    assert runs_of(importer, link) == {"a@channel.example": first}


def test_what_is_missing_cites_the_reading_that_missed_it_and_counting_on_is_no_news(
    importer: Importer, clock: FrozenClock
) -> None:
    importer.says(nights("a", day(20), day(23)), nights("b", day(30), day(32)))
    link = importer.link()
    importer.pull(link)
    importer.says(nights("a", day(20), day(23)))
    clock.advance(timedelta(hours=1))

    missed = importer.pull(link).run_id

    assert missed is not None
    assert runs_of(importer, link)["b@channel.example"] == missed
    importer.pull_until_agreed(link, clock)
    assert uncited(importer) == []


def test_what_a_person_frees_leaves_the_run_that_brought_the_rest(
    importer: Importer, clock: FrozenClock
) -> None:
    importer.says(*(nights(f"e{n}", day(20 + 3 * n), day(22 + 3 * n)) for n in range(6)))
    link = importer.link()
    importer.pull(link)
    clock.advance(timedelta(hours=1))
    importer.says(nights("e0", day(20), day(22)))
    importer.pull(link)

    importer.do(lambda session: guarding.decide(session, link, guarding.Action.RELEASE, None))

    assert len(importer.events(link)) == 1
    assert uncited(importer) == []


def test_without_the_runs_that_cited_rows_leave_some_would_cite_nothing(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the tests before."""
    monkeypatch.setattr(citing, "cites", lambda _session: False)
    importer.says(nights("over", day(-9), day(-6)))

    importer.pull(importer.link())

    assert set(uncited(importer)) == {"event", "block"}


@pytest.fixture(params=CHANNELS)
def both(request: pytest.FixtureRequest, reaching: Runtime) -> Iterator[Synced]:
    with CHANNELS[request.param]() as there:
        yield synced(reaching, there)


def test_writes_there_and_events_of_others_cite_the_pass(both: Synced) -> None:
    booked = both.book(STAY)
    both.there.person.add(AllDay(TODAY + timedelta(days=50), TODAY + timedelta(days=52)), "Painters")
    both.rest()
    both.move(booked, Nights(STAY.arrival + timedelta(days=1), STAY.departure))
    both.rest()

    assert uncited(both) == []
    assert [op.kind for op in both.ops()] == ["create", "update"]
    assert len({op.run_id for op in both.ops()}) == 2
    (event,) = both.events()
    assert event.run_id == both.ops()[0].run_id
    assert {run.headline for run in both.runs()} == {"+1 event, wrote 1 event there", "changed 1 event there"}
    assert all(run.changed and run.state == "done" for run in both.runs())


def test_a_pass_that_is_killed_leaves_its_run_which_the_next_one_ends(
    both: Synced, monkeypatch: pytest.MonkeyPatch
) -> None:
    both.book(STAY)
    monkeypatch.setattr(push, "_send", _killed)
    with pytest.raises(KeyboardInterrupt):
        both.sync()
    assert [run.state for run in both.runs()] == ["running"]
    assert uncited(both) == []

    monkeypatch.undo()
    both.do(lambda session: session.execute(text("UPDATE links SET lease_until = 'epoch'")))
    both.rest()

    assert uncited(both) == []
    assert {run.state for run in both.runs()} == {"done"}
    assert len(both.there.shown()) == 1


def _killed(*_: Any) -> None:
    raise KeyboardInterrupt

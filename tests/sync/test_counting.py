"""What a run of many links counts: everything once, whoever was lost over it or had to wait."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any, NoReturn

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from connectors.calendars import CalendarEvent, Draft, Missed
from connectors.errors import Rejected
from hub import clock as hub_clock
from hub.domain.periods import Nights
from hub.models.records import SyncRun
from hub.queries import parents
from hub.queries import payloads as payloads_query
from hub.queries.selected import Criteria
from sync import bulk, counting, linking, passes, push, undoing
from sync.calendars import LinkedCalendar
from sync.selecting import Mode
from tests.conftest import FrozenClock
from tests.sync.both_sides import BothSides

TODAY = hub_clock.now().date()
LAPSED = "UPDATE links SET lease_until = clock_timestamp() - interval '1 second' WHERE lease_until > 'epoch'"
"""What the lost one held is waited for by the clock of the database, which a test cannot move"""
COUNTED = {"added": 3, "created": 1}
SAID = ("+3 events, wrote 1 event there", "+3 stays, wrote 1 event there")
"""Of what was lost with its worker nobody knows any more that all were stays"""


class Lost(BaseException):
    """A worker that is no more: nothing of ours answers this."""


def lost(*_: object, **__: object) -> NoReturn:
    raise Lost


@pytest.fixture
def run(both: BothSides) -> bulk.Shown:
    """Of every link, newly asked for: three stays are to be brought here, and one is to be written there."""
    for number in range(3):
        first = TODAY + timedelta(days=40 + 3 * number)
        both.person.creates(f"Stay {number}", first, first + timedelta(days=2), both.calendar)
    both.book(Nights(TODAY + timedelta(days=90), TODAY + timedelta(days=92)))
    asked = both.do(lambda session: bulk.ask(session, Criteria(everything=True), Mode.PULL).id)
    return both.do(lambda session: bulk.one(session, asked))


def now(both: BothSides, run: bulk.Shown) -> tuple[bulk.Shown, SyncRun]:
    """The run, and its only child."""

    def work(session: Session) -> tuple[bulk.Shown, SyncRun]:
        (child,) = parents.children(session, run.run.id, limit=10)
        return bulk.one(session, run.run.id), child

    return both.do(work)


def counted(both: BothSides, run: bulk.Shown) -> dict[str, int]:
    shown, child = now(both, run)
    assert child.state == "done"
    assert child.changed
    assert child.headline in SAID
    assert shown.counts == child.counts
    return {name: number for name, number in shown.counts.items() if number}


def is_lost(both: BothSides, monkeypatch: pytest.MonkeyPatch, of: Any, name: str) -> None:
    """Whoever syncs comes to that and is no more; nobody keeps the lease."""
    with monkeypatch.context() as patch:
        patch.setattr(of, name, lost)
        with pytest.raises(Lost):
            both.sync()
    both.do(partial(Session.execute, statement=text(LAPSED)))


def test_an_undisturbed_sync_is_counted(both: BothSides, run: bulk.Shown) -> None:
    """The twin of those below."""
    both.sync()

    assert counted(both, run) == COUNTED


def test_what_was_done_before_a_worker_was_lost_is_counted_once(
    both: BothSides, run: bulk.Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_lost(both, monkeypatch, passes._Pass, "_end")
    assert now(both, run)[1].state == "running"

    both.sync()

    assert counted(both, run) == COUNTED


def test_what_is_not_written_with_its_step_is_lost_with_its_worker(
    both: BothSides, run: bulk.Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proves that nothing else keeps what was done."""
    with monkeypatch.context() as patch:
        patch.setattr(counting, "did", lambda *_: None)
        is_lost(both, monkeypatch, passes._Pass, "_end")

    both.sync()

    assert now(both, run)[1].state == "done"
    assert now(both, run)[0].counts == {}


def test_what_was_brought_before_a_worker_was_lost_is_counted_once(
    both: BothSides, run: bulk.Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_lost(both, monkeypatch, passes._Pass, "_write")

    both.sync()

    assert counted(both, run) == COUNTED


def test_a_write_whose_worker_was_lost_before_it_heard_of_it_is_counted_once(
    both: BothSides, run: bulk.Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_lost(both, monkeypatch, push, "_done")
    assert len(both.google.effects()) == 1

    both.sync()

    assert len(both.google.effects()) == 1
    assert counted(both, run) == COUNTED


def test_a_write_that_was_lost_with_its_worker_is_counted_when_it_is_done(
    both: BothSides, run: bulk.Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_lost(both, monkeypatch, push, "_send")
    assert both.google.effects() == []

    both.sync()

    assert counted(both, run) == COUNTED


def test_a_write_that_could_not_be_put_down_as_done_is_counted_once(
    both: BothSides, run: bulk.Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is there, and nobody knows: the next sync finds out, and counts it."""

    def away(*_: object) -> NoReturn:
        raise OSError("the database was away")

    with monkeypatch.context() as patch:
        patch.setattr(push, "_written", away)
        assert both.sync().error
    assert len(both.google.effects()) == 1
    assert "created" not in now(both, run)[1].counts

    assert both.sync().counts == {"created": 1}
    assert len(both.google.effects()) == 1


def test_a_write_that_arrived_late_and_was_sent_again_is_counted_once(
    both: BothSides, run: bulk.Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was looked for in vain, and arrives just before it is sent once more: its id is taken by itself."""
    both.google.faults.keep_late(operation="events.insert")
    assert both.sync().error
    really = LinkedCalendar.create

    def late(*given: Any) -> CalendarEvent | Missed:
        both.google.release_late()
        return really(*given)

    with monkeypatch.context() as patch:
        patch.setattr(LinkedCalendar, "create", late)
        assert both.sync().counts == {"created": 1}

    assert len(both.google.effects()) == 1
    assert both.sync().counts == {}


def test_an_id_that_somebody_else_took_is_no_write_of_ours(
    both: BothSides, run: bulk.Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = LinkedCalendar.create
    taken: list[str] = []

    def beaten(calendar: LinkedCalendar, event_id: str, draft: Draft) -> CalendarEvent | Missed:
        if not taken:
            taken.append(event_id)
            return Missed.EXISTS
        return really(calendar, event_id, draft)

    with monkeypatch.context() as patch:
        patch.setattr(LinkedCalendar, "create", beaten)
        assert both.sync().counts["created"] == 1

    assert len(both.google.effects()) == 1


def test_what_the_channel_refused_before_a_worker_was_lost_is_told(
    both: BothSides, run: bulk.Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not asked again, so nobody else would tell."""

    def refuses(*_: object) -> NoReturn:
        raise Rejected("no such colour", code="invalid")

    with monkeypatch.context() as patch:
        patch.setattr(LinkedCalendar, "create", refuses)
        is_lost(both, monkeypatch, passes._Pass, "_end")

    both.sync()

    child = now(both, run)[1]
    assert {name: number for name, number in child.counts.items() if number} == {"added": 3, "refused": 1}
    assert "1 event refused by the channel" in child.summary


@pytest.mark.parametrize("paused", [False, True])
def test_what_was_done_before_it_was_cancelled_is_told_and_can_be_undone(
    both: BothSides, run: bulk.Shown, monkeypatch: pytest.MonkeyPatch, *, paused: bool
) -> None:
    """Waiting for a quota, or at work on a link that somebody pauses: nobody else comes to tell it."""
    if paused:
        really = push.settle

        def settle(*given: Any) -> None:
            both.do(lambda session: linking.pause(session, both.link().id))
            really(*given)

        monkeypatch.setattr(push, "settle", settle)
        both.sync()
    else:
        both.google.faults.out_of_quota(operation="events.insert")
        both.sync()
        both.do(lambda session: bulk.cancel(session, run.run.id))

    shown, child = now(both, run)

    assert (child.state, child.changed, child.headline) == ("cancelled", True, "+3 events")
    assert shown.counts["added"] == 3
    assert shown.progress is not None
    assert shown.progress.tally.changed == 1
    undone = both.do(lambda session: undoing.undo(session, child.id))
    assert undone.headline == "3 events ignored"


def test_a_sync_that_had_brought_something_before_a_quota_waits_and_is_counted_once(
    both: BothSides, run: bulk.Shown, clock: FrozenClock
) -> None:
    both.google.faults.out_of_quota(operation="events.insert")

    both.sync()

    _, child = now(both, run)
    assert (child.state, child.error, child.counts["added"]) == ("queued", None, 3)
    read = both.do(lambda session: len(payloads_query.of_run(session, child.id)))
    assert read > 0, "what it read is kept"

    until = both.link().rests_until
    assert until is not None
    clock.advance(until - clock.instant + timedelta(seconds=1))
    both.sync()

    assert counted(both, run) == COUNTED

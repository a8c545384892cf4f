"""Undoing what came of a calendar that is synced both ways: here at once, and there with the next pass."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from connectors.contract import AllDay
from hub import clock as hub_clock
from hub.domain.lifecycle import Status
from hub.domain.periods import Nights
from hub.errors import Reason
from sync import undoing, undoing_steps
from sync.planning.undone import Step
from sync.runtime import Runtime
from sync.undoing import Undo
from tests.sync.channels import CHANNELS, Synced, synced

TODAY = hub_clock.now().date()
STAY = Nights(TODAY + timedelta(days=30), TODAY + timedelta(days=33))
LATER = AllDay(TODAY + timedelta(days=40), TODAY + timedelta(days=43))
THEIRS = AllDay(TODAY + timedelta(days=50), TODAY + timedelta(days=52))


@pytest.fixture(params=CHANNELS)
def both(request: pytest.FixtureRequest, reaching: Runtime) -> Iterator[Synced]:
    with CHANNELS[request.param]() as there:
        yield synced(reaching, there)


def undo(both: Synced) -> Undo:
    """The latest sync that changed anything here."""
    run = next(run for run in reversed(both.runs()) if run.changed)
    return both.do(lambda session: undoing.undo(session, run.id))


def undo_one(both: Synced, number: int) -> Undo:
    """Of the same sync one change alone, of those that are told."""
    run = next(run for run in reversed(both.runs()) if run.changed)
    change = both.do(lambda session: undoing.plan(session, run.id)).steps[number].step.change_id
    return both.do(lambda session: undoing.undo(session, run.id, only=[change]))


def undo_again(both: Synced, done: Undo) -> Undo:
    return both.do(lambda session: undoing.undo(session, done.run_id))


def shown(both: Synced) -> list[tuple[str, str]]:
    return [(start, end) for start, end, _ in both.there.shown()]


def said(span: AllDay | Nights) -> tuple[str, str]:
    first, after = (span.first, span.after) if isinstance(span, AllDay) else (span.arrival, span.departure)
    return first.isoformat(), after.isoformat()


def closed(both: Synced) -> list[tuple[object, object]]:
    return [(row.arrival, row.departure) for row in both.blackouts()]


def test_a_booking_that_staff_moved_there_goes_back_and_the_calendar_follows(both: Synced) -> None:
    booked = both.book(STAY)
    both.rest()
    both.there.person.shift(both.there.only(), LATER)
    both.sync()
    assert both.nights(booked) == [(LATER.first, LATER.after)]

    done = undo(both)

    assert done.headline == "1 booking moved back"
    assert both.nights(booked) == [(STAY.arrival, STAY.departure)]
    both.rest()
    assert shown(both) == [said(STAY)]
    assert not any(one.done for one in undo_again(both, done).steps)


def test_a_booking_that_moved_on_since_stays(both: Synced) -> None:
    booked = both.book(STAY)
    both.rest()
    both.there.person.shift(both.there.only(), LATER)
    both.sync()
    further = Nights(LATER.first + timedelta(days=10), LATER.after + timedelta(days=10))
    both.move(booked, further)

    done = undo(both)

    assert [one.left.code for one in done.steps if one.left] == ["changed_since"]
    assert both.nights(booked) == [(further.arrival, further.departure)]


def test_a_booking_whose_nights_were_sold_meanwhile_stays_and_nothing_is_sold_twice(both: Synced) -> None:
    booked = both.book(STAY)
    both.rest()
    both.there.person.shift(both.there.only(), LATER)
    both.sync()
    both.book(STAY, guest=None)
    run = next(run for run in reversed(both.runs()) if run.changed)
    planned = both.do(lambda session: undoing.plan(session, run.id))

    done = undo(both)

    (left,) = [one.left for one in done.steps if one.left]
    assert (left.code, done.headline) == ("taken", "1 left")
    assert planned == done
    assert both.nights(booked) == [(LATER.first, LATER.after)]


@pytest.mark.parametrize("by_channel", [False, True])
def test_a_dry_run_says_what_would_be_refused(both: Synced, *, by_channel: bool) -> None:
    """A blackout cannot go back over what was sold, nor a booking over what a channel took."""
    booked = both.book(STAY) if by_channel else both.close(STAY)
    both.rest()
    both.there.person.shift(both.there.only(), LATER)
    both.sync()
    run = next(run for run in reversed(both.runs()) if run.changed)
    if by_channel:
        both.there.person.add(AllDay(STAY.arrival, STAY.departure), "Painters")
        both.rest()
    else:
        both.book(STAY, guest=None)

    planned = both.do(lambda session: undoing.plan(session, run.id))

    assert booked
    assert [one.left.code for one in planned.steps if one.left] == ["sold_out"]
    assert planned == both.do(lambda session: undoing.undo(session, run.id))
    assert planned.headline == "1 left"


def test_what_others_deleted_there_is_held_again(both: Synced) -> None:
    event_id = both.there.person.add(THEIRS, "Painters")
    both.rest()
    both.there.person.delete(event_id)
    both.rest()
    assert both.blocks() == []

    done = undo(both)

    assert done.headline == "2 nights held again"
    assert closed(both) == [(THEIRS.first, THEIRS.after)]
    both.rest()
    assert shown(both) == [said(THEIRS)], "it is seen there, as ours"
    assert closed(both) == [(THEIRS.first, THEIRS.after)]


def test_what_others_added_there_is_ignored_at_once_and_stays_there(both: Synced) -> None:
    both.there.person.add(THEIRS, "Painters")
    both.rest()
    assert len(both.blocks()) == 1

    done = undo(both)

    assert (done.headline, both.blocks()) == ("1 event ignored", [])
    both.rest()
    assert (both.blocks(), shown(both)) == ([], [said(THEIRS)])


def test_what_others_moved_there_is_ignored_and_held_where_it_was(both: Synced) -> None:
    both.there.person.add(THEIRS, "Painters")
    both.rest()
    both.there.person.shift(both.there.only(), LATER)
    both.rest()

    done = undo(both)

    assert done.headline == "1 event ignored, 2 nights held again"
    assert (both.blocks(), closed(both)) == ([], [(THEIRS.first, THEIRS.after)])


def test_a_blackout_that_was_deleted_there_is_there_again(both: Synced) -> None:
    both.close(STAY)
    both.rest()
    both.there.person.delete(both.there.only())
    both.rest()
    assert both.blackouts() == []

    done = undo(both)

    assert done.headline == "1 blackout put back"
    assert [(row.arrival, row.departure, row.kind) for row in both.blackouts()] == [
        (STAY.arrival, STAY.departure, "maintenance")
    ]
    both.rest()
    assert shown(both) == [said(STAY)]
    again = undo_again(both, done)
    assert [one.left.code for one in again.steps if one.left] == ["taken"]


def test_a_blackout_that_was_moved_there_goes_back(both: Synced) -> None:
    both.close(STAY)
    both.rest()
    both.there.person.shift(both.there.only(), LATER)
    both.rest()

    done = undo(both)

    assert (done.headline, closed(both)) == ("1 blackout put back", [(STAY.arrival, STAY.departure)])
    both.rest()
    assert shown(both) == [said(STAY)]


def test_a_hold_that_was_deleted_there_stays_cancelled_and_says_what_to_do(both: Synced) -> None:
    both.book(STAY, status=Status.HELD)
    both.rest()
    both.there.person.delete(both.there.only())
    both.rest()

    done = undo(both)

    (left,) = [one.left for one in done.steps if one.left]
    assert (left.code, done.headline) == ("cancelled", "1 left")
    assert "book it anew" in left.message


def test_what_the_sync_wrote_there_is_told_once(both: Synced) -> None:
    both.book(STAY)
    both.there.person.add(THEIRS, "Painters")
    both.rest()

    done = undo(both)

    assert (
        done.note == "What this sync wrote in the channel's calendar follows what is here with the next sync."
    )
    assert done.headline == "1 event ignored"


def test_of_a_series_that_came_with_several_syncs_nothing_is_ignored(both: Synced) -> None:
    first = AllDay(TODAY + timedelta(days=30), TODAY + timedelta(days=31))
    series = both.there.person.add(first, "Cleaning", ["RRULE:FREQ=WEEKLY;COUNT=3"])
    both.rest()
    whole = len(both.blocks())
    both.there.person.shift_occurrence(series, first, AllDay(first.first, first.after + timedelta(days=1)))
    both.rest()

    done = undo(both)

    assert [one.left.code for one in done.steps if one.left] == ["of_series"]
    assert len(both.blocks()) == whole == 3


def test_a_series_that_came_is_ignored_once(both: Synced) -> None:
    first = AllDay(TODAY + timedelta(days=30), TODAY + timedelta(days=31))
    both.there.person.add(first, "Cleaning", ["RRULE:FREQ=WEEKLY;COUNT=3"])
    both.rest()

    done = undo(both)

    assert (done.headline, len(done.steps), both.blocks()) == ("1 event ignored", 3, [])
    assert {one.done for one in done.steps} == {True}


def test_one_change_of_a_series_undoes_all_that_the_sync_changed_of_it(both: Synced) -> None:
    first = AllDay(TODAY + timedelta(days=30), TODAY + timedelta(days=31))
    both.there.person.add(first, "Cleaning", ["RRULE:FREQ=WEEKLY;COUNT=3"])
    both.rest()
    whole = len(both.blocks())

    done = undo_one(both, 1)

    assert (whole, both.blocks()) == (3, [])
    assert len(done.steps) == 3
    assert {one.done for one in done.steps} == {True}


def test_what_comes_after_a_refused_step_still_belongs_to_its_series(
    both: Synced, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The series is ignored by then, and its events are gone with that."""
    series = AllDay(TODAY + timedelta(days=30), TODAY + timedelta(days=31))
    both.there.person.add(series, "Cleaning", ["RRULE:FREQ=WEEKLY;COUNT=3"])
    both.rest()
    really, tried = undoing_steps.refusal, []

    def refusal(session: Any, run: Any, link: Any, step: Step) -> Reason | None:
        tried.append(step)
        return Reason("no", "it cannot be") if len(tried) == 2 else really(session, run, link, step)

    monkeypatch.setattr(undoing_steps, "refusal", refusal)

    done = undo(both)

    assert [one.left.code if one.left else None for one in done.steps] == [None, "no", None]
    assert done.steps[2].step.does == "is ignored with its series"

"""One event that cannot be written or brought in keeps no other waiting, and no link busy for ever."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from hub import clock as hub_clock
from hub.domain.lifecycle import Status
from hub.domain.periods import Nights
from hub.models.links import Link
from sync import foreign, passes, relay, requests
from sync.foreign import Family
from sync.runtime import Runtime
from tests.conftest import FrozenClock
from tests.fakes.google_calendar import errors
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.sync.both_sides import BothSides, wired

TODAY = hub_clock.now().date()
NEVER = 1000


def day(after: int) -> date:
    return TODAY + timedelta(days=after)


def nights(start: int) -> Nights:
    return Nights(day(start), day(start + 3))


@pytest.fixture
def both(reaching: Runtime) -> Iterator[BothSides]:
    google = GoogleCalendar()
    with wired(google):
        made = BothSides.build(reaching, google)
        made.rest()
        yield made
    assert google.violations == []


def first_item(both: BothSides) -> str:
    """The id of the event that the first thing booked is to have."""
    relay.relay(both.runtime)
    return both.items()[0].remote_id


def begins(both: BothSides) -> list[str]:
    return sorted(start for start, _, _ in both.shown())


def taken(both: BothSides) -> list[date]:
    return [block.starts_at.date() for block in both.blocks()]


def at(both: BothSides, after: int) -> str:
    (found,) = [
        name for name, said in both.there().items() if said["start"]["date"] == day(after).isoformat()
    ]
    return found


def test_an_event_at_which_the_channel_always_fails_keeps_no_other_waiting(
    both: BothSides, clock: FrozenClock
) -> None:
    both.book(nights(30))
    bad, faults = first_item(both), both.google.faults
    faults.fail(500, times=NEVER, operation="events.insert", when=lambda asked: bad.encode() in asked.body)
    faults.fail(500, times=NEVER, operation="events.get", event=bad)

    both.book(nights(40))
    assert both.sync().state == "failed"
    assert begins(both) == [day(40).isoformat()]

    clock.advance(timedelta(hours=1))
    both.person.creates("Painters", day(60), calendar=both.calendar)
    both.book(nights(50))
    failed = both.sync()
    assert failed.state == "failed"
    assert failed.summary[0] == "1 event written"
    assert begins(both) == [day(after).isoformat() for after in (40, 50, 60)]
    assert taken(both) == [day(60)]

    faults.clear()
    both.rest()
    assert begins(both) == [day(after).isoformat() for after in (30, 40, 50, 60)]
    assert both.link().failures == 0


def test_a_channel_that_fails_at_every_event_is_not_asked_for_all_of_them(both: BothSides) -> None:
    for start in range(30, 70, 4):
        both.book(nights(start))
    both.google.faults.fail(500, times=NEVER, operation="events.insert")

    assert both.sync().state == "failed"
    assert len(both.ops()) == passes.STUMBLES


def test_an_event_of_others_at_which_we_fail_keeps_no_other_waiting(
    both: BothSides, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = both.person.creates("Bad", day(20), calendar=both.calendar)
    both.person.creates("Painters", day(60), calendar=both.calendar)
    both.book(nights(30))
    apply, before = foreign.apply, both.link().verified_at

    def failing(session: Any, link: Link, told: Sequence[Family], *more: Any) -> Any:
        if any(one.key == bad for one in told):
            raise KeyError(bad)
        return apply(session, link, told, *more)

    monkeypatch.setattr(foreign, "apply", failing)
    failed = both.sync()
    assert failed.error == "a defect of the hub (KeyError); what is held stays held"
    assert taken(both) == [day(60)]
    assert day(30).isoformat() in begins(both)
    assert both.link().verified_at == before

    monkeypatch.setattr(foreign, "apply", apply)
    both.rest()
    assert taken(both) == [day(20), day(60)]


def test_a_write_that_was_put_off_and_is_not_needed_any_more_is_closed(both: BothSides) -> None:
    booked = both.book(nights(30))
    both.google.faults.out_of_quota(operation="events.insert")
    both.sync()
    assert [op.state for op in both.ops()] == ["ready"]

    both.cancel(booked)
    both.do(lambda session: session.execute(update(Link).values(rests_until=None)))
    both.rest()
    assert [op.state for op in both.ops()] == ["settled"]


def test_a_calendar_is_not_verified_while_what_it_told_is_not_brought_in(
    both: BothSides, monkeypatch: pytest.MonkeyPatch, clock: FrozenClock
) -> None:
    before = both.link().verified_at
    clock.advance(timedelta(minutes=5))
    both.person.creates("Painters", day(10), calendar=both.calendar)

    with monkeypatch.context() as hurried:
        hurried.setattr(passes, "LONGEST", 0.0)
        both.sync()
    assert both.blocks() == []
    assert both.link().verified_at == before

    both.rest()
    assert taken(both) == [day(10)]
    assert both.link().verified_at == hub_clock.now()


def test_an_id_that_is_taken_by_an_event_that_nobody_remembers_is_left_alone(both: BothSides) -> None:
    both.book(nights(30))
    forgotten = first_item(both)
    both.google.faults.refuse(
        errors.duplicate(),
        times=None,
        operation="events.insert",
        when=lambda asked: forgotten.encode() in asked.body,
    )
    both.rest()
    assert begins(both) == [day(30).isoformat()]
    assert [(op.incarnation, op.state) for op in both.ops()] == [(0, "settled"), (1, "done")]


def test_a_long_list_meets_the_quota_again_and_again_without_waiting_longer_each_time(
    both: BothSides, clock: FrozenClock
) -> None:
    for start in range(30, 70, 4):
        both.book(nights(start))
    for _ in range(4):
        both.google.faults.out_of_quota(operation="events.insert").skip = 2
        assert both.sync().counts == {"created": 2}
        clock.advance(both.link().next_pull_at - hub_clock.now())
    assert both.link().failures == 1
    assert len(both.shown()) == 8


def test_who_asks_while_the_quota_runs_out_waits_too(both: BothSides) -> None:
    both.book(nights(30))
    both.google.faults.out_of_quota(operation="events.insert", when=lambda _: asks(both))
    both.sync()
    rests_until = both.link().rests_until
    assert rests_until is not None
    assert rests_until > hub_clock.now()


def asks(both: BothSides) -> bool:
    both.do(lambda session: requests.request(session, both.link_id))
    return True


def test_a_guarded_series_with_exceptions_keeps_nothing_of_ours_waiting(
    both: BothSides, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was looked at again and again until the pass had no time left."""
    monkeypatch.setattr(passes, "LONGEST", 20.0)
    for start in range(10, 25, 3):
        both.person.creates("Painters", day(start), calendar=both.calendar)
    series = both.person.creates_series("FREQ=WEEKLY;COUNT=5", calendar=both.calendar, start=day(60))
    both.person.moves_one(series, 1, day(69), calendar=both.calendar)
    both.rest()
    before = taken(both)

    both.person.deletes_everything(both.calendar)
    both.book(nights(200))
    began = time.monotonic()
    both.rest()
    assert time.monotonic() - began < 40
    assert begins(both) == [day(200).isoformat()]
    assert both.link().state == "guarded"
    assert taken(both) == before


def test_exceptions_of_a_series_that_is_not_there_come_and_go_each_by_itself(both: BothSides) -> None:
    """As one sees them who is invited to some occurrences alone."""
    series = both.person.creates_series("FREQ=WEEKLY;COUNT=5", calendar=both.calendar, start=day(60))
    for number in (1, 2):
        both.person.edits_one(series, number, both.calendar, summary="Come!")
    both.google.world.calendars[both.calendar].events[series].event["status"] = "cancelled"
    both.rest()
    assert taken(both) == [day(67), day(74)]

    gone, other = (item.remote_id for item in both.items())
    both.person.deletes(gone, both.calendar)
    both.rest()
    assert taken(both) == [day(74)]

    both.person.moves(other, day(100), day(101), both.calendar)
    both.rest()
    assert taken(both) == [day(100)]


def test_an_exception_of_our_event_that_somebody_made_recur_leaves_nothing_behind(both: BothSides) -> None:
    both.book(nights(30))
    both.rest()
    mirror = both.only()["id"]
    both.person.edits(mirror, both.calendar, recurrence=["RRULE:FREQ=WEEKLY;COUNT=4"])
    both.person.moves_one(mirror, 1, day(39), calendar=both.calendar)
    both.rest()
    assert begins(both) == [day(30).isoformat()]
    assert both.blocks() == []


def test_a_calendar_that_is_cleared_bit_by_bit_ends_no_hold(both: BothSides) -> None:
    """Stays that were put back meanwhile count: they had been deleted too."""
    held = both.book(nights(30), status=Status.HELD)
    stays = range(40, 60, 4)
    for start in stays:
        both.book(nights(start))
    both.rest()
    for start in (*stays, 30):
        both.person.deletes(at(both, start), both.calendar)
        both.rest()
    assert both.link().state == "guarded"
    assert both.booking(held).status == Status.HELD

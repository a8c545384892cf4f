"""Words of events that are over are forgotten after a while, and tombstones; the calendar hears nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from hub import clock as hub_clock
from hub.config import Settings
from hub.database import vault_of
from hub.domain.periods import Nights
from hub.models.external import ConflictRecord
from hub.models.sync import SyncItem
from hub.services import retention
from sync import sweeps
from tests import servers
from tests.conftest import FrozenClock
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.sync.both_sides import BothSides, a_network, wired
from tests.sync.importing import a_runtime

TODAY = hub_clock.now().date()
STAY = Nights(TODAY + timedelta(days=10), TODAY + timedelta(days=13))
DAYS = 90
"""The default of HUB_RETENTION_EVENT_TEXT_DAYS, and how long a tombstone stays"""


@pytest.fixture
def google() -> Iterator[GoogleCalendar]:
    double = GoogleCalendar()
    with wired(double):
        yield double
    assert double.violations == []


@pytest.fixture
def both(empty_database: servers.Database, google: GoogleCalendar) -> Iterator[BothSides]:
    """Alone in its hub: a sweep goes through every organization."""
    runtime = a_runtime(empty_database, a_network(google))
    yield BothSides.build(runtime, google, settings={"tells": "guest"})
    runtime.close()


def day(ahead: int) -> date:
    return TODAY + timedelta(days=ahead)


def sweep(both: BothSides) -> dict[str, int]:
    return {what: n for what, n in sweeps.sweep(both.runtime).items() if n}


def words(both: BothSides) -> list[str]:
    """What is kept of events in words."""

    def work(session: Session) -> list[str]:
        vault = vault_of(session)
        shadows = [vault.open(item.remote_sealed) for item in both.items() if item.remote_sealed]
        return sorted(shadow["summary"] for shadow in shadows if "summary" in shadow)

    return both.do(work)


def ours(both: BothSides) -> SyncItem:
    (found,) = [item for item in both.items() if item.local_kind == "booking_item"]
    return found


def theirs(both: BothSides) -> list[SyncItem]:
    return [item for item in both.items() if item.origin == "remote"]


def settled(both: BothSides, clock: FrozenClock) -> list[Any]:
    """Everything is compared again, as a day later: what was written there until then."""
    clock.advance(timedelta(days=1))
    both.rest()
    return both.google.effects()


def test_what_calendars_said_of_what_is_over_is_forgotten_and_nothing_is_written(
    both: BothSides, clock: FrozenClock
) -> None:
    both.book(STAY)
    both.person.creates("Painters, ask Ada", day(20), day(22), both.calendar)
    both.person.creates(
        "Free, but Ada's birthday", day(24), calendar=both.calendar, transparency="transparent"
    )
    both.rest()
    both.person.edits(next(iter(ours_there(both))), both.calendar, summary="VIP, Ada's friend")
    both.rest()
    assert len(words(both)) == 3
    before = len(both.google.effects())

    clock.advance(timedelta(days=13 + DAYS - 2))  # a day less: it may be tomorrow since TODAY was read
    assert "words" not in sweep(both)
    clock.advance(timedelta(days=3))
    assert sweep(both)["words"] == 1
    assert words(both) == ["Free, but Ada's birthday", "Painters, ask Ada"]
    assert (ours(both).text_sealed, ours(both).text_of) == (None, "")
    clock.advance(timedelta(days=11))
    assert sweep(both)["words"] == 2
    assert words(both) == []
    assert "words" not in sweep(both)

    assert len(settled(both, clock)) == before
    both.google.world.expire_sync_tokens(both.calendar)
    assert len(settled(both, clock)) == before
    assert "VIP, Ada's friend" in {one[2] for one in both.shown()}
    assert words(both) == []


def ours_there(both: BothSides) -> list[str]:
    return [name for name, event in both.there().items() if "extendedProperties" in event]


def test_our_words_are_said_again_only_where_they_change(both: BothSides, clock: FrozenClock) -> None:
    """The control: what a person wrote was agreed on as if it were ours, until we say something else."""
    both.book(STAY)
    both.rest()
    both.person.edits(both.only()["id"], both.calendar, summary="VIP")
    both.rest()
    clock.advance(timedelta(days=20 + DAYS))
    sweep(both)
    clock.advance(timedelta(days=1))
    both.do(lambda session: touch_all(session, both))
    both.rest()
    assert both.shown()[0][2] == "VIP"

    both.do(lambda session: say_otherwise(session, both))
    both.rest()
    assert both.shown()[0][2] != "VIP"


def touch_all(session: Session, both: BothSides) -> None:
    for item in session.query(SyncItem).filter(SyncItem.link_id == both.link_id):
        item.touched = True


def say_otherwise(session: Session, both: BothSides) -> None:
    """As if a name had changed meanwhile."""
    item = session.get_one(SyncItem, (both.organization_id, ours(both).id))
    item.base_local = {**(item.base_local or {}), "text": "other words"}
    item.touched = True


def test_words_of_a_series_stay_as_long_as_it_goes_on(both: BothSides, clock: FrozenClock) -> None:
    both.person.creates_series("FREQ=WEEKLY", "Yoga with Ada", both.calendar, start=day(3))
    both.person.creates_series("FREQ=WEEKLY;COUNT=3", "Choir with Ada", both.calendar, start=day(4))
    both.rest()
    assert words(both) == ["Choir with Ada", "Yoga with Ada"]

    clock.advance(timedelta(days=5 + DAYS))
    sweep(both)
    assert words(both) == ["Choir with Ada", "Yoga with Ada"]

    clock.advance(timedelta(days=15 + DAYS))
    sweep(both)
    assert words(both) == ["Yoga with Ada"]
    both.rest()
    assert "Yoga with Ada" in words(both)


def test_zero_days_keep_words_for_ever(both: BothSides, clock: FrozenClock) -> None:
    both.person.creates("Painters", day(1), day(2), both.calendar)
    both.rest()
    settings = both.runtime.settings.model_copy(update={"retention_event_text_days": 0})
    clock.advance(timedelta(days=5000))

    sweeps.sweep(replace(both.runtime, settings=settings))

    assert words(both) == ["Painters"]


def test_texts_of_conflicts_go_once_they_are_closed_and_over(both: BothSides, clock: FrozenClock) -> None:
    both.book(STAY)
    both.rest()
    both.person.deletes(both.only()["id"], both.calendar)
    both.rest()
    (conflict,) = both.conflicts()
    settings = Settings().model_copy(update={"retention_event_text_days": DAYS})
    clock.advance(timedelta(days=14 + DAYS))

    retention.carry_out(both.runtime.database, settings)
    assert both.conflicts()[0].sealed

    both.do(lambda session: close(session, conflict.id, both))
    retention.carry_out(both.runtime.database, settings)
    assert both.conflicts("closed")[0].sealed
    clock.advance(timedelta(days=DAYS + 1))
    assert retention.carry_out(both.runtime.database, settings)["conflict texts"] == 1
    (closed,) = both.conflicts("closed")
    assert (closed.sealed, closed.type) == (None, "MIRROR_DELETED")


def close(session: Session, conflict_id: Any, both: BothSides) -> None:
    row = session.get_one(ConflictRecord, (both.organization_id, conflict_id))
    row.state, row.closed_at = "closed", hub_clock.now()


# Tombstones


def test_a_tombstone_stays_ninety_days_and_then_goes_with_its_writes(
    both: BothSides, clock: FrozenClock
) -> None:
    booked = both.book(STAY)
    event = both.person.creates("Painters", day(20), day(22), both.calendar)
    both.rest()
    both.cancel(booked)
    both.person.deletes(event, both.calendar)
    both.rest()
    assert all(item.tombstoned_at for item in both.items())
    assert len(both.items()) == 2

    clock.advance(timedelta(days=DAYS - 1))
    assert not {"sync_items", "sync_ops"} & sweep(both).keys()
    assert len(both.ops()) == 2

    clock.advance(timedelta(days=2))
    swept = sweep(both)
    assert (swept["sync_ops"], swept["sync_items"]) == (2, 2)
    assert (both.items(), both.ops()) == ([], [])
    effects = len(both.google.effects())
    assert len(settled(both, clock)) == effects
    assert both.items() == []


def test_what_is_still_here_keeps_its_tombstone(both: BothSides, clock: FrozenClock) -> None:
    """A person took the event of a stay that is to come out of the calendar, and meant it."""
    far = Nights(day(300), day(303))
    both.book(far)
    both.rest()
    both.do(lambda session: hide(session, both))
    both.rest()
    assert both.there() == {}
    assert ours(both).tombstoned_at

    clock.advance(timedelta(days=DAYS + 10))
    assert "sync_items" not in sweep(both)
    both.rest()
    assert both.there() == {}

    clock.advance(timedelta(days=300 + DAYS))
    assert sweep(both)["sync_items"] == 1


def hide(session: Session, both: BothSides) -> None:
    item = session.get_one(SyncItem, (both.organization_id, ours(both).id))
    item.hidden = item.touched = True


def days_taken(both: BothSides) -> set[date]:
    return {block.starts_at.date() for block in both.blocks()}


def test_a_cancelled_occurrence_is_remembered_as_long_as_its_series(
    both: BothSides, clock: FrozenClock
) -> None:
    series = both.person.creates_series("FREQ=WEEKLY", "Yoga", both.calendar, start=day(3))
    both.rest()
    both.person.cancels_one(series, 30, both.calendar)
    both.rest()
    (cancelled,) = [item for item in theirs(both) if item.remote_state == "deleted"]
    assert cancelled.tombstoned_at
    missing = day(3) + timedelta(weeks=30)
    assert missing not in days_taken(both)
    assert {missing - timedelta(weeks=1), missing + timedelta(weeks=1)} <= days_taken(both)

    clock.advance(timedelta(days=DAYS + 1))
    assert "sync_items" not in sweep(both)
    both.do(lambda session: touch_all(session, both))
    both.rest()
    assert missing not in days_taken(both)

    both.person.deletes(series, both.calendar)
    both.rest()
    clock.advance(timedelta(days=DAYS + 1))
    sweep(both)
    assert series in {item.remote_id for item in theirs(both)}, "its past is kept"
    clock.advance(timedelta(days=400))
    sweep(both)
    assert theirs(both) == []

"""A move in a calendar and what happens here at the same moment: never both, and nothing is overwritten."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from hub import clock as hub_clock
from hub.database import StaleRead
from hub.domain.lifecycle import Status
from hub.domain.periods import Nights
from hub.errors import Conflict
from hub.queries import links as links_query
from hub.queries import locks
from hub.services import allocations, rebooking
from hub.services.bookings import Booked
from hub.services.rebooking import MoveRequest
from sync import accepting
from tests.concurrency.together import together, until
from tests.conftest import FrozenClock
from tests.sync.exporting import NOW, Place, july
from tests.sync.mirroring import Wall, advance, book
from tests.sync.moving import booking_of, codes, days, moves, releases

TEN = datetime(2026, 7, 3, 8, tzinfo=UTC)
PATIENCE = 20.0


@pytest.fixture(autouse=True)
def _on_the_first_of_june(clock: FrozenClock) -> None:
    clock.at(NOW)


def _stopped(
    monkeypatch: pytest.MonkeyPatch, room: Any, name: str
) -> tuple[threading.Event, threading.Event]:
    """Who comes by first stops there, within its transaction, until it is let go."""
    reached, go_on, original = threading.Event(), threading.Event(), getattr(room, name)

    def stopped(*args: Any, **more: Any) -> Any:
        if not reached.is_set():
            reached.set()
            assert go_on.wait(PATIENCE)
        return original(*args, **more)

    monkeypatch.setattr(room, name, stopped)
    return reached, go_on


def _waits(place: Place) -> bool:
    waiting = (
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    return bool(place.do(lambda session: session.execute(text(waiting)).scalar()))


def _race(
    place: Place,
    reached: threading.Event,
    go_on: threading.Event,
    first: Callable[[], Any],
    second: Callable[[], Any],
    *,
    is_waiting: bool = True,
) -> list[Any]:
    """`second` begins while `first` stands still, which goes on once `second` waits for it, or is done."""

    def after() -> Any:
        assert reached.wait(PATIENCE)
        try:
            return second()
        finally:
            go_on.set()

    def release() -> None:
        assert reached.wait(PATIENCE)
        if is_waiting:
            until(lambda: go_on.is_set() or _waits(place), within=PATIENCE, what="the second waits")
            go_on.set()

    return together([first, after, release])[:2]


def _taken(place: Place) -> int:
    """How many have the night of the 10th on the first unit."""
    statement = (
        "SELECT count(*) FROM booking_items i JOIN bookings b ON b.id = i.booking_id"
        " WHERE i.unit_id = :unit AND i.arrival <= '2026-07-10' AND i.departure > '2026-07-10'"
    )
    unit = {"unit": place.units[0]}
    return int(place.do(lambda session: session.execute(text(statement), unit).scalar()) or 0)


def test_a_move_and_a_booking_of_the_same_nights_are_not_both_had(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall = Wall.hang(place, unit_id=place.units[0])
    booked = book(place, (july(3, 7), place.units[0]))
    reached, go_on = _stopped(monkeypatch, allocations, "take")

    moved, refused = _race(
        place,
        reached,
        go_on,
        lambda: moves(wall, booked, days(9, 12)),
        lambda: book(place, (july(10, 14), place.units[0])),
    )

    assert moved == ()
    assert isinstance(refused, Conflict)
    assert _taken(place) == 1


def test_a_move_that_comes_second_is_refused(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    wall = Wall.hang(place, unit_id=place.units[0])
    booked = book(place, (july(3, 7), place.units[0]))
    reached, go_on = _stopped(monkeypatch, allocations, "take")

    made, reasons = _race(
        place,
        reached,
        go_on,
        lambda: book(place, (july(10, 14), place.units[0])),
        lambda: moves(wall, booked, days(9, 12)),
    )

    assert isinstance(made, Booked)
    assert codes(reasons)[0] == "sold_out"
    assert _taken(place) == 1


def test_without_the_lock_nothing_but_the_last_wall_would_stand(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the two tests before: both read free nights, and only the constraint stops one."""

    def unlocked(session: Session, unit_ids: Any) -> frozenset[UUID]:
        session.info[locks.LOCKED] = frozenset(unit_ids)
        return frozenset(unit_ids)

    monkeypatch.setattr(locks, "units", unlocked)
    wall = Wall.hang(place, unit_id=place.units[0])
    booked = book(place, (july(3, 7), place.units[0]))
    reached, go_on = _stopped(monkeypatch, allocations, "take")

    moved, made = _race(
        place,
        reached,
        go_on,
        lambda: moves(wall, booked, days(9, 12)),
        lambda: book(place, (july(10, 14), place.units[0])),
        is_waiting=False,
    )

    assert isinstance(made, Booked)
    assert "ex_allocations_unit_id_during" in str(moved), "with the lock there would be a reason in words"


def test_a_hold_that_is_confirmed_at_this_moment_is_not_cancelled(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall = Wall.hang(place)
    booked = book(place, (july(3, 7), place.units[0]), status=Status.HELD)
    reached, go_on = _stopped(monkeypatch, allocations, "keep")

    _, reasons = _race(
        place,
        reached,
        go_on,
        lambda: advance(place, booked, Status.CONFIRMED),
        lambda: releases(wall, "booking_item", booked.items[0].id),
    )

    assert codes(reasons) == ["changed"]
    assert booking_of(place, booked).status == Status.CONFIRMED


def test_what_was_moved_here_meanwhile_is_planned_again(place: Place) -> None:
    """The caller decided by the dates it had read: whoever changed them since must not be overwritten."""
    wall = Wall.hang(place)
    booked = book(place, (july(3, 7), place.units[0]))
    request = MoveRequest(booked.items[0].id, span=Nights(date(2026, 7, 20), date(2026, 7, 22)))
    place.do(lambda session: rebooking.move(session, booked.booking.id, [request]))

    def work(session: Session) -> Any:
        link, item = links_query.locked(session, wall.link_id), booked.items[0].id
        with pytest.raises(StaleRead):
            accepting.move(session, link, "booking_item", item, days(10, 12), hub_clock.now(), was=days(3, 7))

    place.do(work)
    assert moves(wall, booked, days(10, 12), was=days(20, 22)) == ()


def test_a_booking_that_changes_between_reading_and_locking_is_read_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall = Wall.hang(place)
    booked = book(place, (july(3, 7), place.units[0]))
    request = MoveRequest(booked.items[0].id, span=july(20, 22))
    tries: list[str] = []
    original = rebooking.move

    def meanwhile(session: Session, *args: Any, **more: Any) -> Any:
        tries.append("again" if tries else "first")
        if tries == ["first"]:
            with wall.place.runtime.database.unit_of_work(place.organization_id) as other:
                original(other, booked.booking.id, [request])
        return original(session, *args, **more)

    monkeypatch.setattr(rebooking, "move", meanwhile)
    assert moves(wall, booked, days(10, 12)) == ()
    assert tries == ["first", "again"]


@pytest.mark.parametrize("guarded", [True, False])
def test_what_is_moved_here_between_reading_and_locking_is_not_overwritten(
    place: Place, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """The control beside it: without the version, what was moved here is lost and nobody hears of it."""
    wall = Wall.hang(place)
    booked = book(place, (july(3, 7), place.units[0]))
    request = MoveRequest(booked.items[0].id, span=july(20, 22))
    been: list[str] = []
    original = rebooking.move

    def meanwhile(session: Session, *args: Any, version: int | None = None, **more: Any) -> Any:
        if not been:
            been.append("here")
            with place.runtime.database.unit_of_work(place.organization_id) as other:
                original(other, booked.booking.id, [request])
        return original(session, *args, version=version if guarded else None, **more)

    monkeypatch.setattr(rebooking, "move", meanwhile)

    def decide(session: Session) -> Any:
        link, item = links_query.locked(session, wall.link_id), booked.items[0].id
        (mirror,) = wall.shows(booked)
        if mirror.content.when != days(3, 7):
            return "planned again"
        now = hub_clock.now()
        return accepting.move(session, link, "booking_item", item, days(10, 12), now, was=days(3, 7))

    assert place.do(decide) == ("planned again" if guarded else ())
    assert wall.one(booked).content.when == (days(20, 22) if guarded else days(10, 12))

"""Negative controls: the load's requests in one moment, with the lock and the constraint, and without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from hub.database import sqlstate
from hub.domain.periods import Nights
from hub.errors import Conflict
from hub.services.asking import ItemRequest
from tests import servers
from tests.concurrency import audit, place
from tests.concurrency.services import (
    Desk,
    meet_after_writing,
    meet_before_locking,
    meet_before_writing,
    reading_before_locking,
    without_constraint,
    without_lock,
)
from tests.concurrency.together import Meeting, together, until

ROUNDS = 3
MOST_ROUNDS = 12
"""For damage that chance must bring about, and nearly always does in the first round"""
SOON = "50ms"
"""How long the server waits before it looks for a deadlock; its usual second passes again and again here"""
Widen = Callable[[pytest.MonkeyPatch, Meeting], None]


@pytest.fixture
def own_database(own_database: servers.Database) -> servers.Database:
    """Whoever meets others at the constraint without the lock waits in a circle, and is thrown out soon."""
    audit.execute(
        own_database.superuser_url, f"ALTER DATABASE {own_database.name} SET deadlock_timeout = '{SOON}'"
    )
    return own_database


def moments(
    desk: Desk, patch: pytest.MonkeyPatch, widen: Widen, patience: float = 5.0
) -> Iterator[list[Any]]:
    """
    In each moment one asks at once for a room, for any room, for the villa of which both are parts, and to
    move there from other nights: of these four only some can be had together. And two swap rooms while a
    third books the nights that one of them gets by it: of these two only one can be had.
    """
    room, other = desk.place.rooms[:2]
    for number in range(MOST_ROUNDS):
        start = 40 + 20 * number
        span, later, last, latest = (
            Nights(place.day(start + n), place.day(start + n + 2)) for n in (0, 6, 12, 14)
        )
        mover = desk.book_unit(other, last)()
        one, another = desk.book_unit(room, later)(), desk.book_unit(other, latest)()
        calls = [
            desk.book_unit(room, span),
            desk.book_any(span),
            desk.book_whole(span),
            desk.move(mover, room, span),
            desk.swap(one, another),
            desk.book_unit(other, later),
        ]
        with patch.context() as widened:
            widen(widened, Meeting(len(calls), patience))
            ended = together(calls)
        yield ended


def damage(ended: Iterator[list[Any]], done: Callable[[list[Any]], Any]) -> bool:
    """Whether what must not happen happens in one of the moments; those after it are not lived through."""
    return any(done(one) for one in ended)


def reached_the_wall(ended: list[Any]) -> list[IntegrityError]:
    return [error for error in ended if isinstance(error, IntegrityError) and sqlstate(error) == "23P01"]


@pytest.mark.parametrize("widen", [meet_before_locking, meet_before_writing])
def test_with_lock_and_constraint_each_of_them_is_sold_or_refused_with_its_cause(
    desk: Desk, own_database: servers.Database, monkeypatch: pytest.MonkeyPatch, widen: Widen
) -> None:
    """The twin of all that follows: the same requests, with the same wide windows."""
    ended = [one for all_of_it in islice(moments(desk, monkeypatch, widen, 0.3), ROUNDS) for one in all_of_it]

    refused = [error for error in ended if isinstance(error, Exception)]
    causes = [error.reasons[0].code for error in refused if isinstance(error, Conflict)]
    assert causes == ["sold_out"] * len(refused), refused
    done = len(ended) - len(refused)
    assert 2 * ROUNDS <= done <= 4 * ROUNDS, "the villa or up to three rooms, and the swap or the booking"
    assert audit.sold_twice(own_database.superuser_url) == []
    assert audit.deadlocks(own_database.superuser_url) == 0


def test_without_lock_and_constraint_a_night_is_sold_twice(
    desk: Desk, own_database: servers.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proves that reading, deciding and writing in one transaction is not enough: both see a free room."""
    without_constraint(own_database.superuser_url)
    without_lock(monkeypatch)

    ended = moments(desk, monkeypatch, meet_before_writing)

    assert damage(ended, lambda _: audit.sold_twice(own_database.superuser_url))


def test_without_the_lock_the_constraint_answers_guests_instead_of_us(
    desk: Desk, own_database: servers.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proves that the constraint alone keeps the nights, but answers 23P01 where a cause is due."""
    without_lock(monkeypatch)

    ended = moments(desk, monkeypatch, meet_before_writing)

    assert damage(ended, reached_the_wall)
    assert audit.sold_twice(own_database.superuser_url) == []


def test_without_the_lock_two_bookings_of_the_same_rooms_deadlock(
    desk: Desk, own_database: servers.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proves that the constraint alone stalls: each waits for the other's row until the server ends one."""
    without_lock(monkeypatch)
    span = Nights(place.day(40), place.day(42))
    there, back = desk.place.rooms[:2], desk.place.rooms[1::-1]
    calls = [desk.book(*(ItemRequest(span, unit_id=room) for room in rooms)) for rooms in (there, back)]
    meet_after_writing(monkeypatch, Meeting(2))

    together(calls)
    desk.database.dispose()  # what a connection has counted it tells by and by, and when it ends

    assert until(
        lambda: audit.deadlocks(own_database.superuser_url), within=10, what="the server counts a deadlock"
    )


@pytest.mark.parametrize("constraint", [True, False])
def test_reading_before_the_lock_believes_what_is_no_longer_so(
    desk: Desk, own_database: servers.Database, monkeypatch: pytest.MonkeyPatch, constraint: bool
) -> None:
    """Proves that the lock is worth nothing to who read before it: only the constraint is in the way then."""
    reading_before_locking(monkeypatch)
    if not constraint:
        without_constraint(own_database.superuser_url)

    ended = moments(desk, monkeypatch, meet_before_locking)

    if constraint:
        assert damage(ended, reached_the_wall)
        assert audit.sold_twice(own_database.superuser_url) == []
    else:
        assert damage(ended, lambda _: audit.sold_twice(own_database.superuser_url))

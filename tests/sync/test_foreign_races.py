"""A pass, another pass and a booking at one moment: whoever comes second sees the first."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.domain.periods import Nights
from hub.errors import Conflict
from hub.queries import links as links_query
from hub.queries import locks
from hub.services import allocations
from hub.services.bookings import Booked
from sync import conflicts
from sync.apply import Applied
from tests.concurrency.together import together, until
from tests.sync.calendars import day
from tests.sync.importing import Importer
from tests.sync.theirs import once, stay, synced, tells

PATIENCE = 20.0

_WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


@pytest.fixture
def link(importer: Importer) -> UUID:
    return synced(importer)


@contextmanager
def _standing_still(patch: pytest.MonkeyPatch, room: Any, name: str) -> Iterator[tuple[Any, Any]]:
    """Who does `room.name` first stops there with its transaction open: (it is there, let it go on)."""
    there, go_on, original = threading.Event(), threading.Event(), getattr(room, name)

    def stopped(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        if not there.is_set():
            there.set()
            assert go_on.wait(PATIENCE)
        return result

    with patch.context() as patched:
        patched.setattr(room, name, stopped)
        yield there, go_on


def _one_after_the_other(
    importer: Importer, first: Callable[[], Any], second: Callable[[], Any], there: Any, go_on: Any
) -> list[Any]:
    """The second begins once the first stands still, and must wait for it."""

    def begin() -> Any:
        assert there.wait(PATIENCE)
        return second()

    def release() -> None:
        assert there.wait(PATIENCE)
        try:
            waits = lambda: bool(importer.run_sql(_WAITING).scalar())  # noqa: E731
            until(waits, within=PATIENCE, what="the second waits for the first")
        finally:
            go_on.set()

    return together([first, begin, release])[:2]


def _told(importer: Importer, link: UUID) -> Callable[[], Applied]:
    return lambda: tells(importer, link, once("a", stay(day(20), day(23))))


def _book(importer: Importer) -> Callable[[], Booked]:
    return lambda: importer.book(Nights(day(21), day(25)), importer.units[0])


def _unlocked(session: Session, unit_ids: Any) -> frozenset[UUID]:
    session.info["locked_units"] = frozenset(unit_ids)
    return frozenset(unit_ids)


def test_what_is_told_during_a_booking_opens_the_conflict(
    importer: Importer, link: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _standing_still(monkeypatch, allocations, "take") as (there, go_on):
        booked, outcome = _one_after_the_other(importer, _book(importer), _told(importer, link), there, go_on)

    assert isinstance(booked, Booked)
    assert isinstance(outcome, Applied)
    (conflict,) = importer.conflicts()
    assert conflict.booking_id == booked.booking.id


def test_a_booking_during_what_is_told_is_refused(
    importer: Importer, link: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _standing_still(monkeypatch, conflicts, "reconcile") as (there, go_on):
        outcome, refused = _one_after_the_other(
            importer, _told(importer, link), _book(importer), there, go_on
        )

    assert isinstance(outcome, Applied)
    assert isinstance(refused, Conflict)
    assert importer.conflicts() == []


@pytest.mark.parametrize("booking_first", [True, False])
def test_without_the_locks_of_the_units_the_conflict_would_be_lost(
    importer: Importer, link: UUID, monkeypatch: pytest.MonkeyPatch, booking_first: bool
) -> None:
    """The control of the two tests before."""
    monkeypatch.setattr(locks, "units", _unlocked)
    room, name = (allocations, "take") if booking_first else (conflicts, "reconcile")
    calls: list[Callable[[], Any]] = [_book(importer), _told(importer, link)]
    first, other = calls if booking_first else reversed(calls)

    with _standing_still(monkeypatch, room, name) as (there, go_on):

        def second() -> Any:
            assert there.wait(PATIENCE)
            try:
                return other()
            finally:
                go_on.set()

        outcomes = together([first, second])

    assert not [one for one in outcomes if isinstance(one, Exception)]
    assert len(importer.blocks(link)) == 1
    assert importer.run_sql("SELECT count(*) FROM allocations").scalar() == 1
    assert importer.conflicts() == [], "with the locks there would be one, or no booking"


def test_two_passes_at_once_store_an_event_once(
    importer: Importer, link: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _standing_still(monkeypatch, conflicts, "reconcile") as (there, go_on):
        told = _told(importer, link)
        one, other = _one_after_the_other(importer, told, told, there, go_on)

    assert (one.counts["added"], other.counts) == (1, {})
    assert len(importer.blocks(link)) == 1


def test_without_the_lock_of_the_link_the_second_pass_would_fail(
    importer: Importer, link: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: it has read that there is no such event, and stores it again."""
    monkeypatch.setattr(links_query, "locked", links_query.one)

    with _standing_still(monkeypatch, conflicts, "reconcile") as (there, go_on):
        told = _told(importer, link)
        _, other = _one_after_the_other(importer, told, told, there, go_on)

    assert isinstance(other, IntegrityError)

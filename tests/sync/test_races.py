"""An import and a booking for the same nights: whoever comes second sees the first, whatever the order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from hub import database
from hub.domain.periods import Nights
from hub.errors import Conflict
from hub.queries import external, locks
from hub.services import allocations, outbox
from hub.services.bookings import Booked
from sync import conflicts
from sync.attempts import Outcome
from sync.relay import relay
from tests.concurrency.together import together, until
from tests.sync.calendars import day, nights
from tests.sync.importing import Importer

PATIENCE = 20.0


class _Pause:
    """Stops the first who comes by, until somebody lets it go on."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self._go_on = threading.Event()

    def here(self) -> None:
        if not self.reached.is_set():
            self.reached.set()
            assert self._go_on.wait(PATIENCE)

    def go_on(self) -> None:
        self._go_on.set()


def _any(*args: Any, **kwargs: Any) -> bool:
    return True


@contextmanager
def _stopping(
    patch: pytest.MonkeyPatch, room: Any, name: str, when: Callable[..., bool] = _any
) -> Iterator[_Pause]:
    """Who does `room.name` for the first time, if `when` agrees, stops there, its transaction open."""
    pause, original = _Pause(), getattr(room, name)

    def stopped(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        if when(*args, **kwargs):
            pause.here()
        return result

    with patch.context() as patched:
        patched.setattr(room, name, stopped)
        yield pause


def _waits_for_a_lock(importer: Importer) -> bool:
    waiting = importer.run_sql(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    return bool(waiting.scalar())


def _book(importer: Importer) -> Booked:
    return importer.book(Nights(day(21), day(25)), importer.units[0])


def _race(importer: Importer, link: UUID, first: _Pause, *, booking_first: bool) -> list[Any]:
    """Begin with one; when it stands still within its transaction, begin the other; then let it go on."""

    def second() -> Any:
        assert first.reached.wait(PATIENCE)
        return importer.pull(link) if booking_first else _book(importer)

    def release() -> None:
        assert first.reached.wait(PATIENCE)
        until(lambda: _waits_for_a_lock(importer), within=PATIENCE, what="the second waits for the unit")
        first.go_on()

    begin = (lambda: _book(importer)) if booking_first else (lambda: importer.pull(link))
    return together([begin, second, release])[:2]


def test_an_import_that_comes_during_a_booking_opens_the_conflict(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()

    with _stopping(monkeypatch, allocations, "take") as pause:
        booked, outcome = _race(importer, link, pause, booking_first=True)

    assert isinstance(booked, Booked)
    assert isinstance(outcome, Outcome)
    (conflict,) = importer.conflicts()
    assert conflict.booking_id == booked.booking.id


def test_a_booking_that_comes_during_an_import_is_refused(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()

    with _stopping(monkeypatch, conflicts, "reconcile") as pause:
        outcome, refused = _race(importer, link, pause, booking_first=False)

    assert isinstance(outcome, Outcome)
    assert isinstance(refused, Conflict)
    assert "Seaside" in str(refused)
    assert importer.conflicts() == []


@pytest.mark.parametrize("booking_first", [True, False])
def test_without_the_lock_the_conflict_would_be_lost(
    importer: Importer, monkeypatch: pytest.MonkeyPatch, booking_first: bool
) -> None:
    """The control of the two tests before: both are accepted, and neither has seen the other."""

    def unlocked(session: Session, unit_ids: Any) -> frozenset[UUID]:
        session.info["locked_units"] = frozenset(unit_ids)
        return frozenset(unit_ids)

    monkeypatch.setattr(locks, "units", unlocked)
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()
    room, name = (allocations, "take") if booking_first else (conflicts, "reconcile")

    with _stopping(monkeypatch, room, name) as pause:

        def second() -> Any:
            assert pause.reached.wait(PATIENCE)
            try:
                return importer.pull(link) if booking_first else _book(importer)
            finally:
                pause.go_on()

        first = (lambda: _book(importer)) if booking_first else (lambda: importer.pull(link))
        outcomes = together([first, second])

    assert not [one for one in outcomes if isinstance(one, Exception)]
    assert len(importer.blocks(link)) == 1
    assert importer.run_sql("SELECT count(*) FROM allocations").scalar() == 1
    assert importer.conflicts() == [], "with the lock there would be one, or no booking"


def test_a_pull_that_waits_for_units_is_not_in_the_way_of_who_has_them_and_opens_its_conflict(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pull has its link and wants the unit; the relay has the unit and writes of the link."""
    importer.book(Nights(day(21), day(25)), importer.units[0])
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()
    importer.pull(link)
    relay(importer.runtime)
    importer.run_sql("DELETE FROM conflicts")
    unit = importer.units[0]
    importer.do(lambda session: outbox.inventory_changed(session, [unit], "looked at", link))
    importer.says(nights("a", day(20), day(24)))
    lost: list[str | None] = []
    original = database.sqlstate

    def noted(error: Any) -> str | None:
        lost.append(original(error))
        return lost[-1]

    monkeypatch.setattr(database, "sqlstate", noted)

    def pull_meanwhile() -> Any:
        assert pause.reached.wait(PATIENCE)
        return importer.pull(link)

    def release() -> None:
        assert pause.reached.wait(PATIENCE)
        until(lambda: _waits_for_a_lock(importer), within=PATIENCE, what="the pull waits for the unit")
        pause.go_on()

    def ours(_: Session, units: frozenset[UUID]) -> bool:
        """The relay also hears facts of other organizations: nobody waits for their units."""
        return unit in units

    with _stopping(monkeypatch, external, "events_on", ours) as pause:
        outcomes = together([lambda: relay(importer.runtime), pull_meanwhile, release])

    assert not [one for one in outcomes if isinstance(one, Exception)]
    assert lost == [], "somebody was thrown out and had to begin again"
    assert len(importer.conflicts()) == 1

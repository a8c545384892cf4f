"""Two people undo the same sync at one moment: it is undone once, and the second is told so."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.domain.periods import Nights
from hub.errors import Conflict
from hub.models.records import Change
from hub.queries import links as links_query
from hub.queries import locks, mirrors
from hub.services.bookings import Booked
from sync.undoing import Undo
from tests.concurrency.together import Gate, inside
from tests.conftest import FrozenClock
from tests.sync.calendars import day, nights
from tests.sync.importing import Importer
from tests.sync.undone import closed, undo

_WAITING = text(
    "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN"
    " (SELECT pid FROM pg_stat_activity WHERE datname = current_database())"
)


@pytest.fixture
def freed(importer: Importer, clock: FrozenClock) -> UUID:
    """The sync that freed three nights."""
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()
    importer.pull(link)
    importer.says()
    run = importer.pull_until_agreed(link, clock).run_id
    assert run is not None
    return run


def second_within_the_first(importer: Importer, patch: pytest.MonkeyPatch, first: Any, second: Any) -> Any:
    """The first has done all but to end; then the second begins."""
    gate = Gate()
    patch.setattr(mirrors, "mark_dirty", gate.around(mirrors.mark_dirty))

    def waits() -> bool:
        return bool(importer.do(lambda session: session.execute(_WAITING).scalar()))

    return [done.exception() or done.result() for done in inside(gate, first, second, waits)]


def audits(importer: Importer) -> int:
    rows = importer.do(lambda session: session.scalars(select(Change).where(Change.action == "undone")).all())
    return len(rows)


def test_two_who_undo_the_same_sync_undo_it_once(
    importer: Importer, freed: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = second_within_the_first(
        importer, monkeypatch, lambda: undo(importer, freed), lambda: undo(importer, freed)
    )

    assert isinstance(first, Undo)
    assert isinstance(second, Undo)
    assert (first.headline, second.headline) == ("3 nights held again", "1 left")
    assert second.steps[0].left is not None
    assert second.steps[0].left.message == "taken already, by a blackout"
    assert (closed(importer), audits(importer)) == ([(day(20), day(23))], 1)


def test_who_books_the_nights_meanwhile_is_refused(
    importer: Importer, freed: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, sold = second_within_the_first(
        importer, monkeypatch, lambda: undo(importer, freed), lambda: sell(importer)
    )

    assert isinstance(sold, Conflict)
    assert closed(importer) == [(day(20), day(23))]


def sell(importer: Importer) -> Booked:
    return importer.book(Nights(day(20), day(23)), importer.units[0])


def test_without_the_locks_the_second_would_run_into_the_last_wall(
    importer: Importer, freed: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the two tests before: both see free nights, and only the constraint stops one."""

    def unlocked(session: Session, unit_ids: Any) -> frozenset[UUID]:
        session.info[locks.LOCKED] = frozenset(unit_ids)
        return frozenset(unit_ids)

    monkeypatch.setattr(locks, "units", unlocked)
    monkeypatch.setattr(links_query, "locked", links_query.one)

    first, second = second_within_the_first(
        importer, monkeypatch, lambda: undo(importer, freed), lambda: undo(importer, freed)
    )

    assert isinstance(first, Undo)
    saw_them_free = isinstance(second, IntegrityError | Conflict) or second.steps[0].step.possible
    assert saw_them_free

"""Two people at one conflict: one way out is taken, and the other person hears of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text

from hub.domain.lifecycle import Status
from hub.domain.periods import Nights
from hub.errors import Conflict
from hub.models.external import ConflictRecord
from hub.queries import bookings as bookings_query
from hub.queries import conflicts as query
from hub.services.bookings import Booked
from sync.case import Case
from sync.planning.stakes import Action
from sync.relay import relay
from tests.concurrency.together import Gate, inside, together
from tests.conftest import FrozenClock
from tests.sync.calendars import MADRID, day, nights
from tests.sync.importing import Importer
from tests.sync.standoffs import again, only, resolve, standing

_WAITING = text(
    "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN"
    " (SELECT pid FROM pg_stat_activity WHERE datname = current_database())"
)
WAYS = [Action.MOVE_BOOKING, Action.CANCEL_BOOKING, Action.SAME_STAY]
PAIRS = [(one, other) for one in WAYS for other in WAYS if one is not other]


@pytest.fixture(autouse=True)
def morning(clock: FrozenClock) -> FrozenClock:
    """A day on which no clock changes within the next weeks, at ten."""
    clock.at(datetime(2026, 6, 1, 10, tzinfo=MADRID))
    return clock


@pytest.fixture
def booked(importer: Importer) -> Booked:
    made = importer.book(Nights(day(21), day(25)), importer.units[0])
    importer.says(nights("a", day(21), day(24)))
    importer.pull(importer.link())
    return made


def taking(importer: Importer, conflict: ConflictRecord, action: Action) -> Callable[[], ConflictRecord]:
    said = {"unit_id": importer.units[1]} if action is Action.MOVE_BOOKING else {}
    return lambda: resolve(importer, conflict, action, seen=conflict.fingerprint, **said)


def one_within_the_other(
    importer: Importer, patch: pytest.MonkeyPatch, first: Callable[[], Any], second: Callable[[], Any]
) -> list[Any]:
    """The first has done all but to look whether the conflict is what it was; then the second begins."""
    gate = Gate()
    patch.setattr(query, "locked", gate.around(query.locked))

    def waits() -> bool:
        return bool(importer.do(lambda session: session.execute(_WAITING).scalar()))

    return [done.exception() or done.result() for done in inside(gate, first, second, waits)]


def found(importer: Importer, booked: Booked) -> tuple[bool, bool, bool]:
    """Whether it was moved, cancelled, or said to be the same."""
    (item,) = importer.do(lambda session: bookings_query.items(session, [booked.booking.id]))
    status = importer.do(lambda session: bookings_query.one(session, booked.booking.id)).status
    same = importer.run_sql("SELECT same_item_id FROM external_events").scalar()
    return item.unit_id == importer.units[1], status == Status.CANCELLED, same is not None


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_who_comes_second_hears_what_the_first_did(
    importer: Importer, booked: Booked, monkeypatch: pytest.MonkeyPatch, one: Action, other: Action
) -> None:
    conflict = only(importer)

    won, lost = one_within_the_other(
        importer, monkeypatch, taking(importer, conflict, one), taking(importer, conflict, other)
    )

    assert isinstance(won, ConflictRecord)
    assert isinstance(lost, Conflict)
    assert lost.reasons[0].message == f"this is settled already: {won.resolution}"
    assert found(importer, booked) == tuple(way is one for way in WAYS)
    relay(importer.runtime)
    assert standing(importer) == []


def test_at_one_moment_one_of_them_wins(importer: Importer, booked: Booked) -> None:
    conflict = only(importer)

    said = together([taking(importer, conflict, action) for action in WAYS])

    assert sum(isinstance(one, ConflictRecord) for one in said) == 1
    late = [one.reasons[0].code for one in said if isinstance(one, Conflict)]
    assert len(late) == 2
    assert set(late) <= {"closed", "moved_on"}, "a matter of the moment"
    assert sum(found(importer, booked)) == 1
    assert again(importer, conflict).state == "closed"


def test_without_looking_again_under_the_locks_both_would_have_their_way(
    importer: Importer, booked: Booked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the tests before."""

    def trusting(self: Case) -> None:
        self.row = query.locked(self.session, self.row.id)

    monkeypatch.setattr(Case, "confirm", trusting)
    conflict = only(importer)

    both = one_within_the_other(
        importer,
        monkeypatch,
        taking(importer, conflict, Action.SAME_STAY),
        taking(importer, conflict, Action.CANCEL_BOOKING),
    )

    assert all(isinstance(one, ConflictRecord) for one in both)
    assert found(importer, booked) == (False, True, True)


def test_an_event_that_moves_while_somebody_decides_is_looked_at_again(
    importer: Importer, booked: Booked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The channel freed the nights at this moment: nobody's booking is cancelled for that."""
    conflict = only(importer)
    importer.says(nights("a", day(28), day(29)))
    link = conflict.link_id
    original = Case.still_meets

    def then_it_moves(self: Case) -> bool:
        met = original(self)
        if self.session.info["attempt"] == 0:
            importer.pull(link)
        return met

    monkeypatch.setattr(Case, "still_meets", then_it_moves)

    with pytest.raises(Conflict, match="settled already: its cause is gone"):
        taking(importer, conflict, Action.CANCEL_BOOKING)()

    assert found(importer, booked) == (False, False, False)

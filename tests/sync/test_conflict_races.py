"""Two channels, or a channel and a blackout, for one room at once: whoever comes second sees the first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from hub.domain.periods import Nights
from hub.queries import locks, overlaps
from hub.services import allocations, blackouts
from hub.services.blackouts import BlackoutRequest
from sync import conflicts
from sync import relay as relaying
from sync.relay import relay
from tests.concurrency.together import together, until
from tests.sync.calendars import day, nights
from tests.sync.importing import DOMAIN, Importer
from tests.sync.refitting import add_whole
from tests.sync.test_races import PATIENCE, _stopping, _waits_for_a_lock

SEA, HILL = "/sea.ics", "/hill.ics"


def unlocked(session: Session, unit_ids: Any) -> frozenset[UUID]:
    """What the controls have in place of the lock."""
    session.info["locked_units"] = frozenset(unit_ids)
    return frozenset(unit_ids)


@pytest.fixture
def links(importer: Importer) -> tuple[UUID, UUID]:
    importer.says(nights("a", day(20), day(23)), feed=SEA)
    importer.says(nights("b", day(22), day(25)), feed=HILL)
    return importer.link(SEA, name="Seaside"), importer.link(HILL, name="Hilltop")


def closes(importer: Importer, unit: int = 0) -> UUID:
    request = BlackoutRequest(importer.units[unit], Nights(day(21), day(24)), "maintenance")
    return importer.do(lambda session: blackouts.add(session, request, DOMAIN).id)


def meet(
    importer: Importer,
    patch: pytest.MonkeyPatch,
    room: tuple[Any, str],
    first: Callable[[], Any],
    second: Callable[[], Any],
    *,
    waits: bool,
) -> None:
    """The second begins while the first stands still in its transaction; with the lock it waits there."""
    with _stopping(patch, *room) as pause:

        def then() -> Any:
            assert pause.reached.wait(PATIENCE)
            try:
                return second()
            finally:
                pause.go_on()

        def release() -> None:
            assert pause.reached.wait(PATIENCE)
            if waits:
                until(lambda: _waits_for_a_lock(importer), within=PATIENCE, what="the second waits")
                pause.go_on()

        outcomes = together([first, then, release])
    assert not [one for one in outcomes if isinstance(one, Exception)]


def test_two_channels_that_are_read_at_once(
    importer: Importer, links: tuple[UUID, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    sea, hill = links
    room = (conflicts, "reconcile")
    meet(importer, monkeypatch, room, lambda: importer.pull(sea), lambda: importer.pull(hill), waits=True)

    (conflict,) = importer.conflicts()
    assert conflict.other_event_id is not None


def test_without_the_lock_neither_sees_the_other(
    importer: Importer, links: tuple[UUID, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control."""
    monkeypatch.setattr(locks, "units", unlocked)
    sea, hill = links
    room = (conflicts, "reconcile")
    meet(importer, monkeypatch, room, lambda: importer.pull(sea), lambda: importer.pull(hill), waits=False)

    assert importer.blocks(sea)
    assert importer.blocks(hill)
    assert importer.conflicts() == []


@pytest.mark.parametrize("blackout_first", [True, False])
def test_a_blackout_that_is_made_while_a_channel_is_read(
    importer: Importer, links: tuple[UUID, UUID], monkeypatch: pytest.MonkeyPatch, blackout_first: bool
) -> None:
    both = (lambda: closes(importer), lambda: importer.pull(links[0]))
    first, second = both if blackout_first else reversed(both)
    room = (allocations, "take") if blackout_first else (conflicts, "reconcile")
    meet(importer, monkeypatch, room, first, second, waits=True)
    relay(importer.runtime)

    (conflict,) = importer.conflicts()
    assert conflict.blackout_id is not None


def closed_twice_over_a_villa(importer: Importer) -> None:
    _, whole = add_whole(importer, importer.units)
    importer.says(nights("a", day(20), day(25)))
    importer.pull(importer.link(unit_id=whole))
    for unit in range(2):
        closes(importer, unit)


def look_from_both(importer: Importer, patch: pytest.MonkeyPatch) -> None:
    """Each holds the lock of its own room, and sees the conflicts of both."""

    def look(unit: int) -> None:
        importer.do(lambda session: relaying._look_again(session, units=frozenset([importer.units[unit]])))

    room = (overlaps, "of_events")
    meet(importer, patch, room, lambda: look(0), lambda: look(1), waits=False)


def test_what_lies_on_two_rooms_is_looked_at_from_both_at_once(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed_twice_over_a_villa(importer)
    look_from_both(importer, monkeypatch)

    assert len(importer.conflicts()) == 2


def test_who_does_not_look_anew_fails(importer: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""
    monkeypatch.setattr(conflicts, "ONCE", "another constraint")
    closed_twice_over_a_villa(importer)

    with pytest.raises(AssertionError, match="IntegrityError"):
        look_from_both(importer, monkeypatch)

"""Two channels, or a channel and a blackout, for one room at once: whoever comes second sees the first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from hub.domain.periods import Nights
from hub.queries import locks
from hub.services import allocations, blackouts
from hub.services.blackouts import BlackoutRequest
from sync import conflicts
from sync.relay import relay
from tests.concurrency.together import together, until
from tests.sync.calendars import day, nights
from tests.sync.importing import DOMAIN, Importer
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


def closes(importer: Importer) -> UUID:
    request = BlackoutRequest(importer.units[0], Nights(day(21), day(24)), "maintenance")
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

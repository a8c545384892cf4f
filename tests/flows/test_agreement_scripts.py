"""What else the engine cannot do without: for each element one course of events that needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy.orm import Session

from connectors.calendars import Page
from connectors.google_calendar import transport
from hub.models.links import Link
from hub.queries import links as links_query
from sync import linking, listing, observing
from sync.calendars import LinkedCalendar
from sync.listing import Transact
from sync.planning.observing import Sight, sight
from sync.runtime import Runtime
from tests.conftest import FrozenClock
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.flows.agreement.boundaries import Boundaries, Crash, Once, Wire, Zombie, die
from tests.flows.agreement.world import World
from tests.flows.test_agreement import runtime

__all__ = ["runtime"]

MOST = 200
SOME = 3
"""At every so many boundaries: what the element is there for is lost at more than that in a row without it"""

some_or_all = pytest.mark.parametrize(
    "every", [pytest.param(SOME, id="some"), pytest.param(1, id="all", marks=pytest.mark.soak)]
)


@contextmanager
def a_world(runtime: Runtime) -> Iterator[World]:
    patch = pytest.MonkeyPatch()
    google, boundaries = GoogleCalendar(), Boundaries()
    with httpx.Client(transport=Wire(google, boundaries)) as client:
        patch.setattr(transport, "_client", lambda *_: client)
        try:
            yield World.begin(runtime, google, boundaries, FrozenClock(patch))
        finally:
            patch.undo()


def creates(world: World) -> str:
    """Somebody writes an event of their own."""
    world.creates(0)
    return world.foreign[-1]


def blocked(world: World) -> int:
    """How many events of others are counted."""
    return len(world.both.events())


def dies(world: World, number: int) -> bool:
    """A pass that crashes at that boundary; False where it ended before."""
    try:
        with world.boundaries.watched(Once(number, die)):
            world._pass()
    except Crash:
        world._lease_ends()
        return True
    return False


# The cursor is stored only with the changes that it covers


def hasty(
    transact: Transact, calendar: LinkedCalendar, cursor: Any, page: Page | None, _heard: object
) -> tuple[int, bool]:
    """Stores the cursor as soon as it is known."""
    pages = [page or calendar.changes(cursor, None)]
    while (token := pages[-1].next_page) is not None:
        pages.append(calendar.changes(cursor, token))

    def early(session: Session, link: Link) -> None:
        links_query.note(session, link.id, cursor=dict(pages[-1].cursor or {}))

    transact(early)
    news = sum(transact(listing._storing(transact, calendar, one, one is pages[0])) for one in pages)
    return news, pages[-1].full


def lost_in_a_crash(runtime: Runtime, every: int = SOME) -> Iterator[int]:
    """The boundaries at which a crash loses one of three new events that come in pages of one."""
    for number in range(0, MOST, every):
        with a_world(runtime) as world:
            world.sync()
            world.both.google.world.page_size = 1
            for _ in range(3):
                creates(world)
            died = dies(world, number)
            world.both.rest()
            if blocked(world) != 3:
                yield number
        if not died:
            return
    raise AssertionError("a pass without end")


@some_or_all
def test_a_cursor_never_covers_what_is_not_stored(runtime: Runtime, every: int) -> None:
    assert list(lost_in_a_crash(runtime, every)) == []


def test_stored_before_its_changes_it_would_lose_them(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "_list", hasty)

    assert any(True for _ in lost_in_a_crash(runtime))


# What a full listing did not name is looked for, after a crash too


def forgetful(patch: pytest.MonkeyPatch) -> None:
    """Looks for it in the very pass that listed everything, or never."""
    pull, sweep = listing.pull, listing.sweep
    full = [False]

    def pulling(*args: Any) -> tuple[int, bool]:
        full[0] = False
        news, full[0] = pull(*args)
        return news, full[0]

    patch.setattr(listing, "pull", pulling)
    patch.setattr(listing, "sweep", lambda *args: sweep(*args) if full[0] else True)


def kept_after_a_crash(runtime: Runtime, every: int = SOME) -> Iterator[int]:
    """The boundaries at which a crash leaves a night blocked whose event is gone; the cursor has run out."""
    for number in range(0, MOST, every):
        with a_world(runtime) as world:
            event = creates(world)
            world.both.rest()
            world.both.person.deletes(event, world.both.calendar)
            world.both.google.world.expire_sync_tokens(world.both.calendar)
            died = dies(world, number)
            world.both.rest()
            if blocked(world):
                yield number
        if not died:
            return
    raise AssertionError("a pass without end")


@some_or_all
def test_what_a_full_listing_leaves_out_is_looked_for_after_a_crash_too(runtime: Runtime, every: int) -> None:
    assert list(kept_after_a_crash(runtime, every)) == []


def test_forgotten_in_a_crash_it_would_stay_blocked(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    forgetful(monkeypatch)

    assert any(True for _ in kept_after_a_crash(runtime))


# Absence is believed when the event itself was asked for


def after_a_listing_without_it(runtime: Runtime) -> int:
    """What is counted after a full listing that was stale, and so without the newest event."""
    with a_world(runtime) as world:
        creates(world)
        world.both.rest()
        world.both.google.world.expire_sync_tokens(world.both.calendar)
        world.both.google.faults.stale(back=1, operation="events.list", skip=1)
        world.sync()
        return blocked(world)


def test_an_event_that_a_listing_leaves_out_is_asked_for(runtime: Runtime) -> None:
    assert after_a_listing_without_it(runtime) == 1


def test_believed_at_once_its_absence_would_free_the_night(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LinkedCalendar, "look", lambda *_: None)

    assert after_a_listing_without_it(runtime) == 0


# What is older than what was seen is no news


def moved_back(runtime: Runtime) -> bool:
    """Whether a listing that is behind takes a booking back to where it was."""
    with a_world(runtime) as world:
        world.book(0)
        world.sync()
        faults = world.both.google.faults
        faults.stale(back=1, operation="events.list")
        world.move(0)
        (wanted,) = world.both.nights(world.booked[0])
        world.sync()
        faults.stale(back=1, operation="events.list")
        world.sync()
        return world.both.nights(world.booked[0]) != [wanted]


def test_a_stale_listing_moves_nothing_back(runtime: Runtime) -> None:
    assert not moved_back(runtime)


def test_taken_for_news_an_older_version_would(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    def credulous(*args: Any, **told: Any) -> Sight:
        found = sight(*args, **told)
        return Sight.NEWS if found is Sight.OLDER else found

    monkeypatch.setattr(observing, "sight", credulous)

    assert moved_back(runtime)


# What is gone is remembered


def comes_back(runtime: Runtime, forget: Callable[[World], object]) -> bool:
    """Whether an event that is deleted is counted again because a listing is behind."""
    with a_world(runtime) as world:
        event = creates(world)
        world.both.rest()
        world.both.person.deletes(event, world.both.calendar)
        world.both.rest()
        assert blocked(world) == 0
        forget(world)
        world.both.google.world.expire_sync_tokens(world.both.calendar)
        world.both.google.faults.stale(back=1, operation="events.list", skip=1)
        world.sync()
        return blocked(world) > 0


def test_a_deleted_event_does_not_come_back(runtime: Runtime) -> None:
    assert not comes_back(runtime, lambda _world: None)


def test_without_its_tombstone_it_would(runtime: Runtime) -> None:
    forget = "DELETE FROM sync_items WHERE tombstoned_at IS NOT NULL"

    assert comes_back(runtime, lambda world: world.sql(forget))


# Who lost the lease writes nothing


def state_after_a_pause(runtime: Runtime) -> str:
    """Of a link that somebody pauses while a pass is held up, which goes on then."""
    with a_world(runtime) as world:
        world.book(0)
        both = world.both
        zombie = Zombie(world.boundaries, world._pull, 1, wire=True)
        both.do(lambda session: linking.pause(session, both.link_id))
        zombie.wake()
        return both.link().state


def test_a_pass_that_lost_its_lease_does_not_wake_a_link_that_was_paused(runtime: Runtime) -> None:
    assert state_after_a_pause(runtime) == "paused"


def test_unfenced_it_would(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links_query, "hold", lambda session, lease: links_query.one(session, lease.link_id))

    assert state_after_a_pause(runtime) == "active"

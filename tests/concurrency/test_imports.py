"""A booking and an import of the same nights, each inside of the other's wait, and at once."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from uuid import UUID

import pytest

from hub.domain.periods import Nights
from hub.errors import Conflict
from hub.queries import external
from hub.services import allocations
from hub.services.bookings import Booked
from sync import blocks
from sync.attempts import Outcome
from sync.linking import Scope
from sync.pull import pull
from sync.relay import relay
from sync.runtime import Runtime
from tests import servers
from tests.concurrency import audit, place
from tests.concurrency.services import Desk, pretend_to_lock
from tests.concurrency.together import Gate, inside, together
from tests.fakes.feed_server import FeedServer

SPAN = Nights(place.day(40), place.day(42))
SAME = place.calendar([("same", SPAN.arrival, SPAN.departure)])


@pytest.fixture
def remote() -> Iterator[FeedServer]:
    with FeedServer() as served:
        yield served


@pytest.fixture
def room_link(runtime: Runtime, desk: Desk, remote: FeedServer) -> UUID:
    """A channel that sold the same nights of the first room."""
    remote.answer("/room.ics", body=SAME)
    return place.link(runtime, desk.place, remote.url("/room.ics"), Scope(unit_id=desk.place.rooms[0]))


def test_an_import_that_comes_during_a_booking_opens_a_conflict(
    desk: Desk,
    runtime: Runtime,
    room_link: UUID,
    own_database: servers.Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate = Gate()
    monkeypatch.setattr(allocations, "take", gate.around(allocations.take))

    booked, pulled = inside(
        gate,
        desk.book_unit(desk.place.rooms[0], SPAN),
        lambda: pull(runtime, desk.place.organization_id, room_link),
        lambda: audit.waiting_for_units(own_database.superuser_url) == 1,
    )

    assert isinstance(booked.result(), Booked)
    assert pulled.result().counts["conflicts_opened"] == 1
    drained(runtime)
    assert audit.faults(own_database.superuser_url) == []


def test_a_booking_that_comes_during_an_import_is_refused_and_told_by_which_channel(
    desk: Desk,
    runtime: Runtime,
    room_link: UUID,
    own_database: servers.Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate = Gate()
    monkeypatch.setattr(external, "replace_blocks", gate.around(external.replace_blocks))

    pulled, booked = inside(
        gate,
        lambda: pull(runtime, desk.place.organization_id, room_link),
        desk.book_unit(desk.place.rooms[0], SPAN),
        lambda: audit.waiting_for_units(own_database.superuser_url) == 1,
    )

    assert pulled.result().counts["added"] == 1
    assert pulled.result().counts["conflicts_opened"] == 0
    refused = booked.exception()
    assert isinstance(refused, Conflict)
    assert "Channel room.ics" in str(refused)
    drained(runtime)
    assert audit.faults(own_database.superuser_url) == []


def test_an_import_without_the_lock_misses_the_booking_that_is_being_made(
    desk: Desk,
    runtime: Runtime,
    room_link: UUID,
    own_database: servers.Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Proves that the import needs the lock as the booking does: else neither sees the other."""
    gate = Gate()
    monkeypatch.setattr(blocks, "locks", SimpleNamespace(units=pretend_to_lock))
    monkeypatch.setattr(allocations, "take", gate.around(allocations.take))

    booked, pulled = inside(
        gate,
        desk.book_unit(desk.place.rooms[0], SPAN),
        lambda: pull(runtime, desk.place.organization_id, room_link),
        lambda: False,
    )

    assert isinstance(booked.result(), Booked)
    assert pulled.result().counts["conflicts_opened"] == 0
    assert any(
        "an overlap with a channel is no open conflict" in fault
        for fault in audit.faults(own_database.superuser_url)
    )


@pytest.mark.parametrize("scope", ["room", "type", "villa"])
def test_whoever_comes_first_a_block_and_a_booking_never_meet_unnoticed(
    desk: Desk, runtime: Runtime, own_database: servers.Database, remote: FeedServer, scope: str
) -> None:
    scopes = {
        "room": Scope(unit_id=desk.place.rooms[0]),
        "type": Scope(unit_type_id=desk.place.room_type_id),
        "villa": Scope(unit_id=desk.place.whole),
    }
    link_id = place.link(runtime, desk.place, remote.url("/some.ics"), scopes[scope])
    told: list[str] = []
    for number in range(6):
        span = Nights(place.day(40 + 3 * number), place.day(42 + 3 * number))
        told.append(str(number))
        busy = [(uid, place.day(40 + 3 * int(uid)), place.day(42 + 3 * int(uid))) for uid in told]
        remote.answer("/some.ics", body=place.calendar(busy))

        ended = together(
            [
                desk.book_unit(desk.place.rooms[0], span),
                lambda: pull(runtime, desk.place.organization_id, link_id),
                desk.book_any(span),
                desk.book_whole(span),
            ]
        )

        assert all(isinstance(one, Booked | Outcome | Conflict) for one in ended), ended
        assert [one.state for one in ended if isinstance(one, Outcome)] == ["changed"]
    drained(runtime)
    assert audit.faults(own_database.superuser_url) == []
    assert audit.bookings_over_blocks(own_database.superuser_url) == 0


def drained(runtime: Runtime) -> None:
    while relay(runtime):
        pass

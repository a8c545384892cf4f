"""Stays that need others to move over: all at once, and beside what must not be taken for free."""

from __future__ import annotations

from hub.domain.lifecycle import Status
from hub.domain.periods import Nights
from hub.errors import Conflict
from hub.services.bookings import Booked
from sync.linking import Scope
from sync.pull import pull
from sync.relay import relay
from sync.runtime import Runtime
from tests import servers
from tests.concurrency import audit, place
from tests.concurrency.services import Desk, winners
from tests.concurrency.together import together
from tests.conftest import FrozenClock
from tests.fakes.feed_server import FeedServer


def test_as_many_stays_find_room_at_once_as_moving_others_makes(
    runtime: Runtime, own_database: servers.Database
) -> None:
    """Of four rooms each is taken for half of the time: two more long stays fit, once others move over."""
    desk = Desk(runtime.database, place.build(runtime.database, rooms=4, whole=False))
    for number in range(3):
        start = 40 + 10 * number
        for n, room in enumerate(desk.place.rooms):
            half = Nights(place.day(start + 2 * (n % 2)), place.day(start + 2 + 2 * (n % 2)))
            desk.book_unit(room, half)()
        audit.execute(own_database.superuser_url, "UPDATE booking_items SET pinned = false")

        ended = together([desk.book_any(Nights(place.day(start), place.day(start + 4)))] * 4)

        assert len(winners(ended)) == 2, ended
        assert {one.reasons[0].code for one in ended if isinstance(one, Conflict)} == {"sold_out"}
    assert audit.sold_twice(own_database.superuser_url) == []


def test_making_room_moves_others_onto_the_nights_of_a_hold_that_has_lapsed(
    runtime: Runtime, own_database: servers.Database, clock: FrozenClock
) -> None:
    """The hold meets nothing of what is asked for, only the nights of who has to move over for it."""
    desk = Desk(runtime.database, place.build(runtime.database, rooms=2, whole=False))
    first, second = desk.place.rooms
    desk.book_unit(first, Nights(place.day(40), place.day(42)))()
    moves = desk.book_unit(second, Nights(place.day(42), place.day(46)))()
    held = desk.book_unit(first, Nights(place.day(44), place.day(46)), status=Status.HELD)()
    movable = f"UPDATE booking_items SET pinned = false WHERE booking_id = '{moves.booking.id}'"
    audit.execute(own_database.superuser_url, movable)
    assert held.booking.hold_until is not None
    clock.at(held.booking.hold_until)

    (found,) = together([desk.book_any(Nights(place.day(40), place.day(44)))])

    assert isinstance(found, Booked), found
    assert desk.actions(moves) == ["confirmed", "reassigned"]
    assert desk.actions(held) == ["held", "expired"]
    assert audit.sold_twice(own_database.superuser_url) == []


def test_making_room_never_takes_nights_on_which_a_channel_has_sold_the_same_stay(
    runtime: Runtime, own_database: servers.Database
) -> None:
    """A booking and a channel's block of just the same nights: the one moves over, the other stays."""
    desk = Desk(runtime.database, place.build(runtime.database, rooms=2, whole=False))
    first, second = desk.place.rooms
    moves = desk.book_unit(first, Nights(place.day(40), place.day(42)))()
    desk.book_unit(second, Nights(place.day(42), place.day(44)))()
    movable = f"UPDATE booking_items SET pinned = false WHERE booking_id = '{moves.booking.id}'"
    audit.execute(own_database.superuser_url, movable)
    with FeedServer() as remote:
        link_id = place.link(runtime, desk.place, remote.url("/room.ics"), Scope(unit_id=first))
        remote.answer("/room.ics", body=place.calendar([("same", place.day(40), place.day(42))]))
        assert pull(runtime, desk.place.organization_id, link_id).counts["conflicts_opened"] == 1

    (refused,) = together([desk.book_any(Nights(place.day(40), place.day(44)))])

    assert isinstance(refused, Conflict), refused
    assert audit.bookings_over_blocks(own_database.superuser_url) == 0


def test_who_moves_makes_way_for_those_who_make_way_for_him(
    runtime: Runtime, own_database: servers.Database
) -> None:
    """To stay longer he needs the other room, whose guest can only have the nights that he gives up."""
    desk = Desk(runtime.database, place.build(runtime.database, rooms=2, whole=False))
    first, second = desk.place.rooms
    mover = desk.book_unit(first, Nights(place.day(40), place.day(42)))()
    desk.book_unit(first, Nights(place.day(42), place.day(44)))()
    other = desk.book_unit(second, Nights(place.day(40), place.day(42)))()
    movable = f"UPDATE booking_items SET pinned = false WHERE booking_id = '{other.booking.id}'"
    audit.execute(own_database.superuser_url, movable)

    (moved,) = together([desk.move(mover, None, Nights(place.day(40), place.day(44)))])

    assert isinstance(moved, Booked), moved
    assert moved.items[0].unit_id == second
    assert desk.actions(other) == ["confirmed", "reassigned"]
    while relay(runtime):
        pass
    assert audit.faults(own_database.superuser_url) == []

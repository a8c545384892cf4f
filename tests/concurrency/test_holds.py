"""Holds at the moment at which they lapse."""

from __future__ import annotations

from datetime import timedelta

from hub.domain.lifecycle import Status
from hub.domain.periods import Nights
from hub.errors import Conflict
from hub.services import holds
from hub.services.bookings import Booked
from sync.expiry import expire_lapsed
from sync.runtime import Runtime
from tests import servers
from tests.concurrency import audit, place
from tests.concurrency.services import Desk, winners
from tests.concurrency.together import together
from tests.conftest import FrozenClock

ROUNDS = 8
MOMENT = timedelta(microseconds=1)


def span_of(number: int, length: int = 2) -> Nights:
    return Nights(place.day(40 + 5 * number), place.day(40 + 5 * number + length))


def test_a_lapsed_hold_goes_to_the_next_asker_and_expires_once_whoever_ends_it(
    desk: Desk, runtime: Runtime, own_database: servers.Database, clock: FrozenClock
) -> None:
    room = desk.place.rooms[0]
    for number in range(ROUNDS):
        span = span_of(number)
        held = desk.book_unit(room, span, status=Status.HELD)()
        assert held.booking.hold_until is not None
        clock.at(held.booking.hold_until - MOMENT)
        (early,) = together([desk.book_unit(room, span)])
        assert isinstance(early, Conflict)
        assert "a hold" in str(early)

        clock.at(held.booking.hold_until)
        ended = together(
            [
                desk.book_unit(room, span),
                lambda: expire_lapsed(runtime),
                desk.book_whole(span),
                lambda: expire_lapsed(runtime),
                desk.book_unit(room, span),
            ]
        )

        assert len(winners(ended)) == 1, ended
        assert desk.actions(held) == ["held", "expired"]
    assert audit.sold_twice(own_database.superuser_url) == []


def test_a_hold_is_confirmed_or_expires_and_never_both(
    desk: Desk, own_database: servers.Database, clock: FrozenClock
) -> None:
    """Who confirms looks at the clock a moment before it lapses, who expires it just after."""
    for number in range(2 * ROUNDS):
        held = desk.book_unit(desk.place.rooms[0], span_of(number), status=Status.HELD)()
        booking_id, until = held.booking.id, held.booking.hold_until
        assert until is not None
        clock.at(until - MOMENT)

        confirmed, _ = together(
            [
                desk.advance(booking_id, Status.CONFIRMED),
                desk.work(lambda session: holds.expire_one(session, booking_id, until)),  # noqa: B023
            ]
        )

        if isinstance(confirmed, Booked):
            assert desk.status(held) == "confirmed"
            assert desk.actions(held) == ["held", "confirmed"]
        else:
            assert isinstance(confirmed, Conflict)
            assert confirmed.reasons[0].code == "wrong_status"
            assert desk.status(held) == "expired"
            assert desk.actions(held) == ["held", "expired"]
    left = "SELECT count(*) FROM allocations WHERE hold_until IS NOT NULL"
    assert audit.ask(own_database.superuser_url, left) == 0
    assert audit.sold_twice(own_database.superuser_url) == []

"""Touching: which calendars have to hear of a booking or blackout, and what that costs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import text

from hub.domain.periods import Hours
from sync import touching
from sync.relay import relay
from tests.concurrency.together import together
from tests.conftest import FrozenClock
from tests.sync.exporting import NOW, Place, july
from tests.sync.mirroring import Wall, a_car, a_villa, book, statements

TEN = datetime(2026, 7, 3, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _on_the_first_of_june(clock: FrozenClock) -> None:
    clock.at(NOW)


def _heard(place: Place) -> None:
    for _ in range(10):
        if not relay(place.runtime):
            return


def _touch(place: Place, *booking_ids: UUID) -> tuple[UUID, ...]:
    return place.do(lambda session: touching.touch(session, booking_ids, []))


def test_a_new_booking_gets_an_item_in_every_calendar_that_is_to_show_it(place: Place) -> None:
    first, both = Wall.hang(place, unit_id=place.units[0]), Wall.hang(place, "export")
    other, reader = Wall.hang(place, unit_id=place.units[1]), Wall.hang(place, "import")
    _heard(place)
    before = {wall.link_id: wall.link().dirty_seq for wall in (first, both, other, reader)}
    booked = book(place, (july(3, 7), place.units[0]))
    _heard(place)
    for wall in (first, both):
        (item,) = wall.items()
        assert (item.origin, item.local_kind, item.local_id) == ("hub", "booking_item", booked.items[0].id)
        assert (item.incarnation, item.remote_state, item.touched) == (0, "none", True)
        assert item.remote_id
        assert wall.link().dirty_seq == before[wall.link_id] + 1
    for wall in (other, reader):
        assert wall.items() == []
        assert wall.link().dirty_seq == before[wall.link_id]


def test_a_link_with_something_to_write_is_due_at_once(place: Place, clock: FrozenClock) -> None:
    wall = Wall.hang(place)
    place.do(lambda session: session.execute(text("UPDATE links SET next_pull_at = '2099-01-01Z'")))
    booked = book(place, (july(3, 7), place.units[0]))
    clock.advance(timedelta(minutes=5))
    assert _touch(place, booked.booking.id) == (wall.link_id,)
    assert wall.link().next_pull_at == clock.instant


def test_a_link_that_rests_has_its_items_touched_all_the_same(place: Place) -> None:
    wall = Wall.hang(place)
    place.do(lambda session: session.execute(text("UPDATE links SET state = 'paused'")))
    booked = book(place, (july(3, 7), place.units[0]))
    _touch(place, booked.booking.id)
    assert wall.touched() == {("booking_item", booked.items[0].id)}


def test_touching_again_makes_nothing_twice(place: Place) -> None:
    wall = Wall.hang(place)
    booked = book(place, (july(3, 5), place.units[0]), (july(3, 5), place.units[1]))
    for _ in range(3):
        _touch(place, booked.booking.id)
    assert len(wall.items()) == 2
    assert wall.link().dirty_seq == 3


def test_turnaround_gets_an_item_only_where_it_is_shown(place: Place) -> None:
    shows, hides = Wall.hang(place, options={"turnaround": True}), Wall.hang(place)
    booked = book(place, (Hours(TEN, TEN + timedelta(hours=2)), a_car(place)))
    _touch(place, booked.booking.id)
    item_id = booked.items[0].id
    assert shows.touched() == {("booking_item", item_id), ("turnaround", item_id)}
    assert hides.touched() == {("booking_item", item_id)}


def test_what_came_to_nothing_or_is_over_gets_no_item(place: Place, clock: FrozenClock) -> None:
    wall = Wall.hang(place)
    cancelled = book(place, (july(3, 7), place.units[0]))
    place.cancel(cancelled)
    over = book(place, (july(3, 7), place.units[0]))
    clock.at(datetime(2026, 7, 8, tzinfo=UTC))
    assert _touch(place, cancelled.booking.id, over.booking.id) == ()
    assert wall.items() == []


def test_whoever_is_shown_as_a_part_is_touched_in_the_calendar_of_the_whole(place: Place) -> None:
    villa = a_villa(place)
    whole = Wall.hang(place, unit_id=villa)
    part = Wall.hang(place, unit_id=place.units[0])
    on_part = book(place, (july(3, 7), place.units[0]))
    on_whole = book(place, (july(10, 12), villa))
    _touch(place, on_part.booking.id, on_whole.booking.id)
    assert len(whole.touched()) == len(part.touched()) == 2


def test_many_are_touched_in_four_statements(place: Place) -> None:
    Wall.hang(place)
    ids = [book(place, (july(n, n + 1), place.units[0])).booking.id for n in range(1, 20)]
    assert statements(place, lambda session: touching.touch(session, ids, [])) <= 4
    assert statements(place, lambda session: touching.touch(session, ids, [])) <= 3


def test_a_place_without_calendars_costs_one_statement(place: Place) -> None:
    place.link(unit_id=place.units[0])
    booked = book(place, (july(3, 7), place.units[0]))
    assert statements(place, lambda session: touching.touch(session, [booked.booking.id], [])) == 1


def test_two_who_touch_many_links_at_once_do_not_stand_in_each_others_way(place: Place) -> None:
    walls = [Wall.hang(place) for _ in range(6)]
    ids = [book(place, (july(n, n + 1), place.units[0])).booking.id for n in range(1, 5)]
    outcomes = together([partial(_touch, place, *ids)] * 8)
    assert not [one for one in outcomes if isinstance(one, Exception)]
    assert all(len(wall.items()) == 4 and wall.link().dirty_seq == 8 for wall in walls)

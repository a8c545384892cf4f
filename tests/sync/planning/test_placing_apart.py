"""Events that do not fit on one unit, and what fits only because of what it is."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from hub.domain.availability import Cause
from sync.planning import placing
from sync.planning.placing import Blocked
from tests.hub.domain.inventory import july, leaf, taken
from tests.sync.planning.test_placing import an_offer, days


@pytest.mark.parametrize("other_is_free", [True, False])
@pytest.mark.parametrize(("stay", "rest"), [((1, 5), (5, 10)), ((5, 10), (1, 5))], ids=["front", "back"])
def test_what_is_left_of_a_stay_and_the_stay_are_not_in_each_others_way(
    stay: tuple[int, int], rest: tuple[int, int], other_is_free: bool
) -> None:
    """Nobody turns the unit around between the two: the guest is the same."""
    units = [leaf(1), leaf(2)]
    event_id, left = UUID(int=1), UUID(int=2)
    had = dict.fromkeys((event_id, left), frozenset([units[0].id]))
    asked = [(event_id, days(*stay)), (left, days(*rest))]
    sold = [] if other_is_free else [taken(units[1], july(1, 20))]

    placed = placing.assign(asked, [an_offer(unit, 1) for unit in units], sold, had, rests=[left])

    found = {one_id: [(one.unit_id, one.period) for one in blocks] for one_id, blocks in placed.items()}
    assert found == {event_id: [(units[0].id, july(*stay))], left: [(units[0].id, july(*rest))]}


def test_what_is_left_of_a_stay_stays_where_that_was_whatever_is_there_by_now() -> None:
    units, left = [leaf(1), leaf(2)], UUID(int=1)
    had, sold = {left: frozenset([units[0].id])}, [taken(units[0], july(6, 8))]

    placed = placing.assign([(left, days(5, 10))], list(map(an_offer, units)), sold, had, rests=[left])

    assert [(one.unit_id, one.period) for one in placed[left]] == [(units[0].id, july(5, 10))]


@pytest.mark.parametrize("believed", [True, False])
def test_a_channel_that_sells_back_to_back_is_believed_where_no_other_unit_is_free(believed: bool) -> None:
    """What a channel sold tells its end; what we sold is free when it is turned around, and not before."""
    units = [leaf(1), leaf(2)]
    ends_at = july(1, 5).ends_at if believed else None
    before = replace(taken(units[0], july(1, 6)), cause=Cause.EXTERNAL, ends_at=ends_at)
    sold = [before, taken(units[1], july(1, 20))]

    placed = placing.assign([(UUID(int=1), days(5, 8))], [an_offer(unit, 1) for unit in units], sold, {})

    assert (placed[UUID(int=1)][0].period, placed[UUID(int=1)][0].unit_id) == (
        july(5 if believed else 6, 8),
        units[0].id,
    )
    assert (None in {one.unit_id for one in placed[UUID(int=1)]}) == (not believed)


def test_a_closure_that_is_ours_in_part_finds_a_unit_for_the_rest() -> None:
    units, event_id = [leaf(1), leaf(2)], UUID(int=1)
    sold = [taken(unit, july(1, 5)) for unit in units]

    placed = placing.assign(
        [(event_id, days(1, 10))], list(map(an_offer, units)), sold, {}, {event_id: (july(1, 5),)}
    )

    assert [(one.unit_id is None, one.period) for one in placed[event_id]] == [(False, july(5, 10))]


def test_what_of_an_event_is_free_on_some_unit_is_taken_there_and_it_waits_for_one_unit() -> None:
    units = [leaf(1), leaf(2)]
    busy = [taken(units[0], july(1, 5)), taken(units[1], july(6, 12)), taken(units[0], july(8, 12))]

    placed = placing.assign([(UUID(int=1), days(3, 10))], [an_offer(unit) for unit in units], busy, {})

    assert placed[UUID(int=1)] == (
        Blocked(units[0].id, july(5, 8), july(5, 8).ends_at),
        Blocked(units[1].id, july(3, 5), july(3, 5).ends_at),
        Blocked(None, july(3, 5), july(3, 5).ends_at),
        Blocked(None, july(8, 10), july(8, 10).ends_at),
    )


def test_who_fits_on_one_unit_is_placed_before_who_does_not() -> None:
    units = [leaf(1), leaf(2)]
    busy = [taken(units[0], july(6, 9)), taken(units[1], july(3, 5))]
    early, late = UUID(int=1), UUID(int=2)

    placed = placing.assign([(early, days(4, 8)), (late, days(5, 9))], list(map(an_offer, units)), busy, {})

    assert placed[late] == (Blocked(units[1].id, july(5, 9), july(5, 9).ends_at),)
    assert Blocked(units[0].id, july(4, 6), july(4, 6).ends_at) in placed[early]
    assert Blocked(None, july(6, 8), july(6, 8).ends_at) in placed[early]


def test_in_parts_an_event_begins_with_the_unit_that_it_had() -> None:
    units = [leaf(1), leaf(2)]
    busy = [taken(units[0], july(5, 6)), taken(units[1], july(4, 8))]
    had = {UUID(int=1): frozenset([units[1].id])}

    placed = placing.assign([(UUID(int=1), days(3, 10))], list(map(an_offer, units)), busy, had)

    main = [one.period for one in placed[UUID(int=1)] if one.unit_id == units[1].id]
    assert main == [july(3, 4), july(8, 10)]
    assert [one.period for one in placed[UUID(int=1)] if one.unit_id is None] == [july(4, 8)]

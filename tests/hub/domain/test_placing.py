"""Seating several items of one booking at once."""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.domain.availability import SellableUnit, Taken, free
from hub.domain.packing import Want, place
from tests.hub.domain.inventory import july, leaf, taken, whole

A, B, C = leaf(1), leaf(2), leaf(3)
FLOOR = whole(8, A, B, name="Floor")
HOUSE = whole(9, A, B, C)
EVERY = (A, B, C, FLOOR, HOUSE)


def collide(one: Want[int], other: Want[int], unit: SellableUnit, unit_too: SellableUnit) -> bool:
    return one.period.overlaps(other.period) and not unit.leaves.isdisjoint(unit_too.leaves)


def can_be_seated(wants: list[Want[int]], rows: list[Taken]) -> bool:
    """By brute force."""
    choices = [free(want.units, rows, want.period) for want in wants]
    return any(
        not any(
            collide(wants[i], wants[j], seats[i], seats[j])
            for i in range(len(wants))
            for j in range(i + 1, len(wants))
        )
        for seats in product(*choices)
    )


@st.composite
def wants_and_rows(draw: st.DrawFn) -> tuple[list[Want[int]], list[Taken]]:
    def days() -> tuple[int, int]:
        first = draw(st.integers(1, 6))
        return first, draw(st.integers(first + 1, 8))

    some_units = st.lists(st.sampled_from(EVERY), min_size=1, unique=True).map(tuple)
    wants = [Want(n, july(*days()), draw(some_units)) for n in range(draw(st.integers(0, 5)))]
    rows = [taken(draw(st.sampled_from([A, B, C])), july(*days())) for _ in range(draw(st.integers(0, 3)))]
    return wants, rows


@settings(max_examples=200, deadline=None)
@given(wants_and_rows())
def test_everybody_gets_a_unit_that_is_free_wherever_that_is_possible(
    case: tuple[list[Want[int]], list[Taken]],
) -> None:
    wants, rows = case

    seats = place(wants, rows)

    assert (seats is not None) == can_be_seated(wants, rows)
    assert seats == place(wants, rows)
    if seats is not None:
        assert list(seats) == [want.key for want in wants]
        for want in wants:
            assert seats[want.key] in free(want.units, rows, want.period)
            others = [other for other in wants if other.key < want.key]
            assert not any(collide(want, other, seats[want.key], seats[other.key]) for other in others)


def test_a_group_gets_as_many_beds_as_there_are_and_not_one_more() -> None:
    beds = tuple(leaf(n) for n in range(10, 20))

    seats = place([Want(n, july(1, 4), beds) for n in range(10)], [])

    assert seats is not None
    assert len({unit.id for unit in seats.values()}) == 10
    assert place([Want(n, july(1, 4), beds) for n in range(11)], []) is None


def test_a_choice_that_leaves_a_group_too_few_beds_is_given_up_at_once() -> None:
    beds = tuple(leaf(n) for n in range(10, 20))
    annexe, cabin = whole(7, beds[0], C, name="Annexe"), leaf(6, "Cabin")
    group = [Want(n, july(1, 4), beds) for n in range(10)]

    seats = place([Want(99, july(1, 4), (annexe, cabin)), *group], [], effort=12)

    assert seats is not None
    assert seats[99] == cabin


def test_one_unit_serves_two_items_one_after_the_other() -> None:
    seats = place([Want("first", july(1, 3), (A,)), Want("then", july(3, 5), (A,))], [])

    assert seats == {"first": A, "then": A}


def test_the_picky_item_is_not_robbed_by_the_easy_one() -> None:
    seats = place([Want("easy", july(1, 3), (A, B)), Want("picky", july(1, 3), (A,))], [])

    assert seats == {"easy": B, "picky": A}


def test_a_whole_and_one_of_its_parts_are_never_given_together() -> None:
    assert place([Want(1, july(1, 3), (HOUSE,)), Want(2, july(2, 4), (C,))], []) is None
    assert place([Want(1, july(1, 3), (FLOOR,)), Want(2, july(2, 4), (C,))], []) == {1: FLOOR, 2: C}


def test_the_tightest_gap_is_preferred() -> None:
    rows = [taken(B, july(1, 3)), taken(B, july(5, 7))]

    assert place([Want(1, july(3, 5), (A, B, C))], rows) == {1: B}


def test_nothing_wanted_is_placed_at_once() -> None:
    assert place([], [taken(A, july(1, 2))]) == {}


def test_the_search_stops_when_its_effort_is_spent() -> None:
    wants = [Want(n, july(1, 3), (A, B, C)) for n in range(3)]

    assert place(wants, [], effort=2) is None
    assert place(wants, [], effort=3) is not None

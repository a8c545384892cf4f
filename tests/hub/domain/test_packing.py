"""Re-assigning movable bookings: nothing lost, nothing overlapping, and a fit wherever there is one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise, product
from random import Random
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.domain.packing import Movable, Move, Packing, pack
from hub.domain.periods import Period
from tests.hub.domain.inventory import uid
from tests.hub.domain.strategies import hours, ruled_period

Fixed = Mapping[UUID, Sequence[Period]]


def item(number: int, unit: int, first: int, after: int) -> Movable:
    return Movable(UUID(int=number), uid(unit), hours(first, after))


def free_of_overlap(periods: Sequence[Period]) -> bool:
    return all(before.ends_at <= after.starts_at for before, after in pairwise(sorted(periods)))


def fewest_moves(
    wanted: Period, units: Sequence[UUID], fixed: Fixed, movable: Sequence[Movable], max_moves: int
) -> int | None:
    """By brute force: every way to seat everybody, judged from the whole picture."""
    for number in range(max_moves + 1):
        for moving in combinations(range(len(movable)), number):
            choices = [[unit for unit in units if unit != movable[i].unit_id] for i in moving]
            for unit, *seats in product(units, *choices):
                homes = [movable[i].unit_id for i in range(len(movable))]
                for i, seat in zip(moving, seats, strict=True):
                    homes[i] = seat
                rows = defaultdict(list, {key: list(periods) for key, periods in fixed.items()})
                rows[unit].append(wanted)
                for i, home in enumerate(homes):
                    rows[home].append(movable[i].period)
                if all(free_of_overlap(periods) for periods in rows.values()):
                    return number
    return None


@st.composite
def houses(draw: st.DrawFn) -> tuple[list[UUID], Fixed, list[Movable]]:
    """Up to 4 units and 6 movables, nobody overlapping anybody."""
    units = [uid(n) for n in range(draw(st.integers(1, 4)))]
    fixed: dict[UUID, list[Period]] = {unit: [] for unit in units}
    movable: list[Movable] = []
    for _ in range(draw(st.integers(0, 9))):
        unit, period = draw(st.sampled_from(units)), draw(ruled_period(last=8))
        here = [row.period for row in movable if row.unit_id == unit] + fixed[unit]
        if not free_of_overlap([*here, period]):
            continue
        if len(movable) < 6 and draw(st.integers(0, 3)) > 0:
            movable.append(Movable(UUID(int=len(movable) + 1), unit, period))
        else:
            fixed[unit].append(period)
    return units, fixed, movable


@settings(max_examples=300, deadline=None)
@given(houses(), ruled_period(last=8), st.integers(0, 3))
def test_packing_loses_nothing_overlaps_nothing_and_finds_the_fewest_moves(
    house: tuple[list[UUID], Fixed, list[Movable]], wanted: Period, max_moves: int
) -> None:
    units, fixed, movable = house

    found = pack(wanted, units, fixed, movable, max_moves=max_moves)

    fewest = fewest_moves(wanted, units, fixed, movable, max_moves)
    assert (len(found.moves) if found else None) == fewest
    assert found == pack(wanted, units, fixed, movable, max_moves=max_moves)
    if found is not None:
        check(found, wanted, units, fixed, movable)


def check(
    found: Packing, wanted: Period, units: Sequence[UUID], fixed: Fixed, movable: Sequence[Movable]
) -> None:
    """Everybody has one seat among the units, nobody sits on another, and every move is a real one."""
    homes = {row.item_id: row.unit_id for row in movable}
    assert len({move.item_id for move in found.moves}) == len(found.moves)
    for move in found.moves:
        assert homes[move.item_id] == move.from_unit != move.to_unit
        homes[move.item_id] = move.to_unit

    rows = {unit: list(fixed.get(unit, ())) for unit in units}
    rows[found.unit_id].append(wanted)
    for row in movable:
        rows[homes[row.item_id]].append(row.period)
    assert all(free_of_overlap(periods) for periods in rows.values())
    assert sum(map(len, rows.values())) == 1 + len(movable) + sum(map(len, fixed.values()))


def test_a_free_unit_needs_no_move_and_the_first_is_taken() -> None:
    found = pack(hours(0, 4), [uid(1), uid(2), uid(3)], {uid(1): [hours(3, 5)]}, [item(1, 3, 6, 8)])

    assert found == Packing(uid(2), ())


def test_two_halves_are_put_together() -> None:
    found = pack(hours(0, 8), [uid(1), uid(2)], {}, [item(1, 1, 0, 4), item(2, 2, 4, 8)])

    assert found == Packing(uid(1), (Move(UUID(int=1), uid(1), uid(2)),))


def test_one_move_may_need_another() -> None:
    # Unit 1 gives its guest to unit 2, whose guest fits nowhere but in unit 3.
    movable = [item(1, 1, 2, 6), item(2, 2, 5, 8)]
    fixed = {uid(1): [hours(8, 9)], uid(2): [hours(0, 2), hours(8, 10)], uid(3): [hours(0, 5)]}

    found = pack(hours(0, 8), [uid(1), uid(2), uid(3)], fixed, movable)

    assert found == Packing(uid(1), (Move(UUID(int=1), uid(1), uid(2)), Move(UUID(int=2), uid(2), uid(3))))
    assert pack(hours(0, 8), [uid(1), uid(2), uid(3)], fixed, movable, max_moves=1) is None


def test_two_guests_may_swap() -> None:
    # Guest 1 fits in unit 2 only once guest 2 has left it, and guest 2 fits only where guest 1 was.
    movable = [item(1, 1, 0, 6), item(2, 2, 0, 4)]
    fixed = {uid(1): [hours(8, 9)], uid(2): [hours(6, 9)]}

    found = pack(hours(4, 8), [uid(1), uid(2)], fixed, movable)

    assert found is not None
    assert {(move.item_id.int, move.to_unit) for move in found.moves} == {(1, uid(2)), (2, uid(1))}


def test_what_is_fixed_is_never_moved() -> None:
    assert pack(hours(0, 8), [uid(1), uid(2)], {uid(1): [hours(0, 4)], uid(2): [hours(4, 8)]}, []) is None


def test_what_already_collides_with_a_fact_stays_as_it_was() -> None:
    # Reality (an external block) lies on a booking; making room elsewhere neither mends nor worsens that.
    fixed = {uid(1): [hours(0, 4)]}
    movable = [item(1, 1, 2, 6), item(2, 2, 0, 2)]

    found = pack(hours(0, 6), [uid(1), uid(2), uid(3)], {**fixed, uid(3): [hours(4, 6)]}, movable)

    assert found == Packing(uid(2), (Move(UUID(int=2), uid(2), uid(3)),))


def test_an_unlucky_search_ends_when_its_effort_is_spent() -> None:
    random = Random(3)
    units = [uid(n) for n in range(40)]
    movable: list[Movable] = []
    for unit in range(40):
        first = random.randint(0, 2)
        while first < 200:
            after = first + random.randint(2, 6)
            movable.append(item(len(movable) + 1, unit, first, after))
            first = after + random.randint(0, 1)
    wanted = hours(90, 120)

    assert pack(wanted, units, {}, movable, max_moves=9, effort=500) is None


def test_without_units_there_is_no_fit() -> None:
    assert pack(hours(0, 1), [], {}, []) is None

"""Which units events take, and for how long."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import AllDay, Timed
from hub.domain.availability import Cause, SellableUnit, Taken
from hub.domain.offers import Offer
from hub.domain.periods import LetBy, Nights, Period, difference, occupied, union
from sync.planning import placing
from sync.planning.placing import Blocked
from tests.hub.domain.inventory import JULY, LISBON, july, leaf, taken, whole


def an_offer(unit: SellableUnit, turnaround: int = 0) -> Offer:
    return Offer(
        unit=unit,
        property_id=UUID(int=2),
        type_name="Double room",
        category="room",
        turnaround=turnaround,
        capacity=2,
        zone=LISBON,
        check_in=time(15),
        check_out=time(11),
    )


def days(first: int, after: int) -> AllDay:
    """Of July 2026."""
    return AllDay(JULY + timedelta(days=first - 1), JULY + timedelta(days=after - 1))


def timed(starts_at: datetime, ends_at: datetime) -> Timed:
    return Timed(starts_at.astimezone(UTC), ends_at.astimezone(UTC))


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 7, day, hour, tzinfo=LISBON)


def test_an_event_without_end_takes_all_the_nights_from_its_beginning() -> None:
    found = placing.block(AllDay(date(2026, 7, 3), date.max), an_offer(leaf(1), turnaround=40))

    assert found is not None
    assert found.period.contains(july(3, 7))


def test_an_event_waits_for_a_unit_where_there_is_none() -> None:
    placed = placing.unplaced([(UUID(int=1), days(3, 7))], LISBON)

    (block,) = placed[UUID(int=1)]
    assert block.unit_id is None


# What an event takes


def test_days_take_the_nights_between_them_and_the_turnaround_keeps_the_unit_closed() -> None:
    unit = leaf(1)

    found = placing.block(days(3, 7), an_offer(unit, turnaround=1))

    assert found == Blocked(unit.id, july(3, 7), july(3, 8).ends_at)


def test_times_take_the_nights_that_they_meet() -> None:
    unit = leaf(1)

    found = placing.block(timed(at(3, 16), at(5, 10)), an_offer(unit))

    assert found == Blocked(unit.id, july(3, 5), july(3, 5).ends_at)


def test_times_between_check_out_and_check_in_take_no_night() -> None:
    assert placing.block(timed(at(3, 11), at(3, 15)), an_offer(leaf(1))) is None


def test_times_take_exactly_these_of_what_is_let_by_the_hour() -> None:
    car = leaf(1, let_by=LetBy.HOUR)

    found = placing.block(timed(at(3, 10), at(3, 14)), an_offer(car, turnaround=2))

    assert found is not None
    assert found.period == Period(at(3, 10), at(3, 14))
    assert found.free_at == at(3, 16)


@given(st.integers(-100, 400), st.integers(1, 40))
def test_days_of_what_is_let_by_the_hour_begin_and_end_at_midnight(first: int, length: int) -> None:
    found = placing.block(days(first, first + length), an_offer(leaf(1, let_by=LetBy.HOUR)))

    assert found is not None
    for edge in (found.period.starts_at, found.period.ends_at):
        assert edge.astimezone(LISBON).time() == time()


# Which unit


def test_a_calendar_of_one_unit_is_believed_whatever_is_there() -> None:
    unit = leaf(1)

    placed = placing.assign([(UUID(int=1), days(3, 7))], [an_offer(unit)], [taken(unit, july(3, 7))], {})

    assert [one.unit_id for one in placed[UUID(int=1)]] == [unit.id]


def test_a_calendar_of_a_composite_takes_every_part() -> None:
    first, second = leaf(1), leaf(2)

    placed = placing.assign([(UUID(int=1), days(3, 7))], [an_offer(whole(3, first, second))], [], {})

    assert {one.unit_id for one in placed[UUID(int=1)]} == {first.id, second.id}


def test_in_a_calendar_of_the_property_a_single_unit_is_taken_before_the_whole() -> None:
    first, second = leaf(1), leaf(2)
    offers = [an_offer(whole(3, first, second, name="A house")), an_offer(first), an_offer(second)]

    placed = placing.assign([(UUID(int=1), days(3, 7))], offers, [], {})

    assert len(placed[UUID(int=1)]) == 1


def test_an_event_keeps_the_unit_that_it_had() -> None:
    units = [leaf(1), leaf(2)]

    placed = placing.assign(
        [(UUID(int=1), days(3, 7))],
        [an_offer(unit) for unit in units],
        [],
        {UUID(int=1): frozenset([units[1].id])},
    )

    assert [one.unit_id for one in placed[UUID(int=1)]] == [units[1].id]


def test_the_tightest_gap_is_filled_first() -> None:
    units = [leaf(1), leaf(2)]
    before = taken(units[1], july(1, 3))

    placed = placing.assign([(UUID(int=1), days(3, 7))], [an_offer(unit) for unit in units], [before], {})

    assert [one.unit_id for one in placed[UUID(int=1)]] == [units[1].id]


stretches = st.builds(lambda first, length: (first, first + length), st.integers(1, 25), st.integers(1, 6))


@given(
    st.integers(2, 4),
    st.lists(stretches, max_size=8),
    st.lists(st.tuples(st.integers(0, 3), stretches), max_size=8),
)
def test_events_never_share_a_unit_nor_lie_over_what_is_taken_and_none_is_lost(
    number: int, wanted: list[tuple[int, int]], sold: list[tuple[int, tuple[int, int]]]
) -> None:
    units = [leaf(n) for n in range(number)]
    busy = [taken(units[n % number], july(*stretch)) for n, stretch in sold]
    asked = [(UUID(int=n), days(*stretch)) for n, stretch in enumerate(wanted)]

    placed = placing.assign(asked, [an_offer(unit) for unit in units], busy, {})

    assert placed.keys() == {event_id for event_id, _ in asked}
    held: list[Taken] = list(busy)
    for event_id, event in asked:
        own = [one for one in placed[event_id] if one.unit_id is not None]
        assert sum((one.period.ends_at - one.period.starts_at for one in own), timedelta()) == sum(
            (one.ends_at - one.starts_at for one in union(one.period for one in own)), timedelta()
        ), "no night of it is taken twice"
        for one in own:
            assert one.unit_id is not None
            assert not [row for row in held if row.unit_id == one.unit_id and row.period.overlaps(one.period)]
            held.append(Taken(one.unit_id, one.period, Cause.EXTERNAL, event_id, ""))
        waits = [one.period for one in placed[event_id] if one.unit_id is None]
        on = [[one.period for one in own if one.unit_id == unit.id] for unit in units]
        assert [*difference((_nights(event),), waits)] in [[*union(some)] for some in on], "all but on one"
    for event_id, event in asked:
        nowhere = difference(
            (_nights(event),), (one.period for one in placed[event_id] if one.unit_id is not None)
        )
        for night in range(1, 32):
            if any(period.overlaps(july(night, night + 1)) for period in nowhere):
                blocked = {row.unit_id for row in held if row.period.overlaps(july(night, night + 1))}
                assert blocked == {unit.id for unit in units}, "a unit was free for it"


@given(st.lists(stretches, max_size=8), st.integers(1, 3))
def test_an_event_stays_on_its_unit_on_whatever_terms_until_the_unit_is_gone(
    wanted: list[tuple[int, int]], turnaround: int
) -> None:
    units = [leaf(n) for n in range(3)]
    offers = [an_offer(unit) for unit in units]
    asked = [(UUID(int=n), days(*stretch)) for n, stretch in enumerate(wanted)]
    placed = placing.assign(asked, offers, [], {})

    for event_id, event in asked:
        had, *parts = placed[event_id]
        if parts:
            assert placing.staying(event, placed[event_id], offers) is None
            continue
        others = [an_offer(unit, turnaround) for unit in units if unit.id != had.unit_id]
        assert placing.staying(event, [had], offers) == (None if had.unit_id is None else (had,))
        assert placing.staying(event, [had], others) is None
        if had.unit_id is not None:
            found = placing.staying(event, [had], [an_offer(unit, turnaround) for unit in units])
            assert found is not None
            assert [(one.unit_id, one.period) for one in found] == [(had.unit_id, had.period)]
            assert found[0].free_at > had.free_at


def _nights(when: AllDay) -> Period:
    return occupied(Nights(when.first, when.after), LISBON)


@given(st.integers(2, 12), st.lists(stretches, max_size=4), st.integers(1, 2), st.integers(0, 2))
def test_what_is_ours_of_an_event_takes_nothing_and_the_rest_takes_what_it_took(
    length: int, ours: list[tuple[int, int]], units: int, turnaround: int
) -> None:
    event_id, offers = UUID(int=1), [an_offer(leaf(n), turnaround) for n in range(units)]
    not_its = tuple(july(*stretch) for stretch in ours)

    placed = placing.assign([(event_id, days(3, 3 + length))], offers, [], {}, {event_id: not_its})[event_id]

    assert tuple(one.period for one in placed) == difference((july(3, 3 + length),), not_its)
    assert all(one.free_at >= one.period.ends_at for one in placed)
    assert placing.staying(days(3, 3 + length), placed, offers, not_its) == placed

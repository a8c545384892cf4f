"""Laws of the period algebra, over zones whose clocks skip, repeat and shift."""

from __future__ import annotations

from datetime import time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hub.domain.periods import (
    Nights,
    Period,
    at,
    days_covered,
    difference,
    gaps,
    intersect,
    nights_met,
    nights_touched,
    noon,
    occupied,
    union,
)
from tests.hub.domain.strategies import (
    days_in,
    nights_in,
    periods_in,
    ruled_period,
    ruled_periods,
    ticks,
    zones,
)

quick = settings(max_examples=150, deadline=None)
wall_times = st.sampled_from([time(0), time(0, 1), time(2, 30), time(11), time(15), time(23, 59)])


def exists(nights: Nights, zone: ZoneInfo) -> bool:
    """False only for the one night that a zone left out."""
    return noon(nights.arrival, zone) < noon(nights.departure, zone)


@quick
@given(st.data(), zones)
def test_the_nights_of_a_stay_tile_its_time_without_gap_or_overlap(
    data: st.DataObject, zone: ZoneInfo
) -> None:
    stay = data.draw(nights_in(zone))
    assume(exists(stay, zone))

    singles = [Nights(night, night + timedelta(days=1)) for night in stay]
    pieces = [occupied(single, zone) for single in singles if exists(single, zone)]

    assert all(before.ends_at == after.starts_at for before, after in pairwise(pieces))
    assert (pieces[0].starts_at, pieces[-1].ends_at) == (noon(stay.arrival, zone), noon(stay.departure, zone))
    assert union(pieces) == (occupied(stay, zone),)


@quick
@given(st.data(), zones, st.integers(0, 3))
def test_a_longer_stay_or_turnaround_never_takes_less(
    data: st.DataObject, zone: ZoneInfo, turnaround: int
) -> None:
    stay = data.draw(nights_in(zone))
    assume(exists(stay, zone))
    longer = Nights(
        stay.arrival - timedelta(days=data.draw(st.integers(0, 3))),
        stay.departure + timedelta(days=data.draw(st.integers(0, 3))),
    )

    taken = occupied(stay, zone, turnaround)

    assert occupied(longer, zone, turnaround).contains(taken)
    assert occupied(stay, zone, turnaround + 1).contains(taken)


@quick
@given(st.data(), zones)
def test_stays_collide_exactly_when_they_share_a_night(data: st.DataObject, zone: ZoneInfo) -> None:
    one, other = data.draw(nights_in(zone)), data.draw(nights_in(zone))
    assume(exists(one, zone))
    assume(exists(other, zone))

    shared = [night for night in set(one) & set(other) if exists(Nights(night, night + timedelta(1)), zone)]

    assert occupied(one, zone).overlaps(occupied(other, zone)) == bool(shared)


@quick
@given(st.data(), zones)
def test_the_nights_touched_cover_the_period_and_none_is_idle(data: st.DataObject, zone: ZoneInfo) -> None:
    period = data.draw(periods_in(zone))

    touched = nights_touched(period, zone)

    assert occupied(touched, zone).contains(period)
    for night in (touched.arrival, touched.departure - timedelta(days=1)):
        assert occupied(Nights(night, night + timedelta(days=1)), zone).overlaps(period)


@quick
@given(st.data(), zones)
def test_the_nights_touched_by_a_stay_are_its_nights(data: st.DataObject, zone: ZoneInfo) -> None:
    stay = data.draw(nights_in(zone))
    assume(all(exists(Nights(night, night + timedelta(days=1)), zone) for night in stay))

    assert nights_touched(occupied(stay, zone), zone) == stay


@quick
@given(st.data(), zones, wall_times, wall_times)
def test_the_nights_met_are_those_whose_stay_meets_the_period(
    data: st.DataObject, zone: ZoneInfo, check_in: time, check_out: time
) -> None:
    period = data.draw(periods_in(zone))
    around = [nights_touched(period, zone).arrival + timedelta(days=n) for n in range(-5, 15)]

    met = nights_met(period, zone, check_in, check_out)

    naive = [
        night
        for night in around
        if at(night, check_in, zone) < period.ends_at
        and period.starts_at < at(night + timedelta(days=1), check_out, zone)
    ]
    assert list(met or ()) == naive


@quick
@given(st.data(), zones)
def test_whole_days_tile_time_too(data: st.DataObject, zone: ZoneInfo) -> None:
    first = data.draw(days_in(zone))
    days = [first + timedelta(days=n) for n in range(4)]
    assume(at(days[0], time(0), zone) < at(days[3], time(0), zone))

    pieces = [
        days_covered(day, after, zone)
        for day, after in pairwise(days)
        if at(day, time(0), zone) < at(after, time(0), zone)
    ]

    assert union(pieces) == (days_covered(days[0], days[3], zone),)
    assert sum(((p.ends_at - p.starts_at) for p in pieces), timedelta()) == (
        pieces[-1].ends_at - pieces[0].starts_at
    )


def is_canonical(periods: tuple[Period, ...]) -> bool:
    return all(before.ends_at < after.starts_at for before, after in pairwise(periods))


@quick
@given(ruled_periods, ruled_periods)
def test_the_algebra_agrees_with_sets_of_hours(these: list[Period], those: list[Period]) -> None:
    for found, expected in (
        (union(these + those), ticks(these) | ticks(those)),
        (difference(these, those), ticks(these) - ticks(those)),
        (intersect(these, those), ticks(these) & ticks(those)),
    ):
        assert ticks(found) == expected
        assert is_canonical(found)


@quick
@given(ruled_periods, ruled_periods, ruled_periods)
def test_the_laws_of_sets_hold(a: list[Period], b: list[Period], c: list[Period]) -> None:
    assert union(a) == union(union(a)) == union(reversed(a))
    assert intersect(a, b) == intersect(b, a)
    assert difference(a, [*b, *c]) == difference(difference(a, b), c)
    assert difference(a, intersect(b, c)) == union((*difference(a, b), *difference(a, c)))
    assert union((*intersect(a, b), *difference(a, b))) == union(a)


@quick
@given(ruled_periods, ruled_period())
def test_what_is_busy_and_what_is_free_make_the_whole(busy: list[Period], within: Period) -> None:
    free = gaps(busy, within)

    assert free == within.minus(busy)
    assert not intersect(free, busy)
    assert union((*free, *intersect(busy, [within]))) == (within,)


@quick
@given(ruled_period(), ruled_period())
def test_overlap_intersection_and_containment_agree(one: Period, other: Period) -> None:
    both = one.intersection(other)

    assert one.overlaps(other) == other.overlaps(one) == (both is not None)
    assert ticks([both] if both else []) == ticks([one]) & ticks([other])
    assert one.contains(other) == (ticks([other]) <= ticks([one])) == (both == other)
    assert one.contains(other.starts_at) == (min(ticks([other])) in ticks([one]))

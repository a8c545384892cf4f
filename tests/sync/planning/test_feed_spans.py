"""What a feed shows as busy."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from hub.domain.availability import SellableUnit
from hub.domain.periods import Hours, LetBy, Nights, Period, Span, occupied
from hub.ids import new_id
from sync.planning.feed_entries import Kind
from sync.planning.feed_spans import Take, by_cause, nothing_for_sale, sold_out

MADRID = ZoneInfo("Europe/Madrid")
JULY = date(2026, 7, 1)
ROOMS = tuple(new_id() for _ in range(3))


def leaf(n: int, let_by: LetBy = LetBy.NIGHT) -> SellableUnit:
    return SellableUnit(ROOMS[n], f"Room {n}", ROOMS[0], frozenset({ROOMS[n]}), let_by)


def whole(*parts: int) -> SellableUnit:
    return SellableUnit(new_id(), "Villa", ROOMS[0], frozenset(ROOMS[n] for n in parts))


def nights(first: int, after: int) -> Nights:
    return Nights(JULY + timedelta(days=first), JULY + timedelta(days=after))


def taken(n: int, span: Span, uid: str = "u", kind: Kind = Kind.BOOKING) -> Take:
    period = occupied(span, MADRID)
    return Take(ROOMS[n], kind, uid, period.starts_at, period.ends_at)


def hours(day: int, first: int, after: int) -> Hours:
    at = datetime(2026, 7, 1, tzinfo=UTC) + timedelta(days=day)
    return Hours(at + timedelta(hours=first), at + timedelta(hours=after))


takes = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 20), st.integers(1, 6)).map(
        lambda t: taken(t[0], nights(t[1], t[1] + t[2]))
    ),
    max_size=15,
)


@given(takes)
def test_a_night_is_sold_out_exactly_when_every_room_is_taken_on_it(given_takes: list[Take]) -> None:
    shown = {
        night for span in sold_out([leaf(n) for n in range(3)], given_takes, MADRID) for night in _of(span)
    }
    for night in nights(0, 30):
        period = occupied(Nights(night, night + timedelta(days=1)), MADRID)
        busy = {take.unit_id for take in given_takes if Period(take.starts_at, take.ends_at).overlaps(period)}
        assert (night in shown) == (busy == set(ROOMS))


@given(takes)
def test_sold_out_spans_are_in_order_and_never_touch(given_takes: list[Take]) -> None:
    spans = sold_out([leaf(0), whole(1, 2)], given_takes, MADRID)
    for one, next_one in pairwise(spans):
        assert isinstance(one, Nights)
        assert isinstance(next_one, Nights)
        assert one.departure < next_one.arrival


@given(takes)
def test_beside_its_rooms_a_composite_changes_nothing(given_takes: list[Take]) -> None:
    rooms = [leaf(n) for n in range(3)]
    assert sold_out([*rooms, whole(0, 1)], given_takes, MADRID) == sold_out(rooms, given_takes, MADRID)


def _of(span: Span) -> Nights:
    assert isinstance(span, Nights)
    return span


def test_a_composite_is_sold_out_when_any_of_its_parts_is_taken() -> None:
    assert sold_out([whole(0, 1)], [taken(1, nights(2, 4))], MADRID) == (nights(2, 4),)


def test_a_night_is_sold_out_though_its_rooms_are_taken_at_different_hours() -> None:
    shown = sold_out([leaf(0), leaf(1)], [taken(0, hours(0, 14, 16)), taken(1, hours(0, 20, 22))], MADRID)
    assert shown == (nights(0, 1),)


def test_cars_are_sold_out_by_the_hour_and_so_is_a_fleet_that_is_mixed() -> None:
    given_takes = [taken(0, hours(0, 8, 12)), taken(1, hours(0, 10, 20))]
    cars = [leaf(0, LetBy.HOUR), leaf(1, LetBy.HOUR)]
    assert sold_out(cars, given_takes, MADRID) == (hours(0, 10, 12),)
    assert sold_out([leaf(0), leaf(1, LetBy.HOUR)], given_takes, MADRID) == (hours(0, 10, 12),)


def test_what_takes_several_parts_is_shown_once_for_the_whole() -> None:
    given_takes = [taken(0, nights(0, 2), "u"), taken(1, nights(0, 2), "u"), taken(1, nights(3, 4), "v")]
    shown = by_cause(given_takes, LetBy.NIGHT, MADRID)
    assert [(want.uid, want.content.span) for want in shown] == [("u", nights(0, 2)), ("v", nights(3, 4))]


def test_only_what_is_relayed_names_an_origin_and_only_bookings_are_called_reserved() -> None:
    given_takes = [
        taken(0, nights(0, 1), "b", Kind.BOOKING),
        taken(0, nights(1, 2), "k", Kind.BLACKOUT),
        taken(0, nights(2, 3), "r", Kind.RELAYED),
    ]
    shown = {want.uid: want.content for want in by_cause(given_takes, LetBy.NIGHT, MADRID)}
    assert [shown[uid].origin for uid in "bkr"] == [None, None, "r"]
    assert [shown[uid].summary for uid in "bkr"] == ["Reserved", "Not available", "Not available"]


def test_hours_are_rounded_outwards_to_whole_seconds() -> None:
    first = datetime(2026, 7, 1, 8, 0, 0, 900, tzinfo=UTC)
    after = datetime(2026, 7, 1, 9, 0, 0, 1, tzinfo=UTC)
    (want,) = by_cause([Take(ROOMS[0], Kind.BOOKING, "u", first, after)], LetBy.HOUR, MADRID)
    assert want.content.span == Hours(
        datetime(2026, 7, 1, 8, tzinfo=UTC), datetime(2026, 7, 1, 9, 0, 1, tzinfo=UTC)
    )


def test_a_scope_without_units_is_closed_and_says_so_in_one_span_all_year() -> None:
    assert nothing_for_sale(date(2026, 2, 3)) == nothing_for_sale(date(2026, 12, 31))
    assert nothing_for_sale(date(2026, 2, 3)) == (Nights(date(2026, 1, 1), date(2029, 1, 1)),)

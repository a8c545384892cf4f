"""What a feed shows as busy."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Mark
from hub.domain.availability import SellableUnit
from hub.domain.periods import Hours, LetBy, Nights, Period, Span, occupied
from hub.ids import new_id
from sync.planning import marks
from sync.planning.feed_entries import Kind
from sync.planning.feed_spans import Take, by_cause, nothing_for_sale, sold_out

MADRID = ZoneInfo("Europe/Madrid")
JULY = date(2026, 7, 1)
ROOMS = tuple(new_id() for _ in range(3))


def sign(origin: str) -> str:
    return f"us-{origin}"


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
    shown = by_cause(given_takes, LetBy.NIGHT, MADRID, sign)
    assert [(want.uid, want.content.span) for want in shown] == [("u", nights(0, 2)), ("v", nights(3, 4))]


def test_only_what_guests_have_is_called_reserved() -> None:
    given_takes = [
        taken(0, nights(0, 1), "b", Kind.BOOKING),
        taken(0, nights(1, 2), "k", Kind.BLACKOUT),
        taken(0, nights(2, 3), "r", Kind.RELAYED),
        taken(0, nights(3, 4), "g", Kind.RELAYED_STAY),
    ]
    shown = {want.uid: want.content for want in by_cause(given_takes, LetBy.NIGHT, MADRID, sign)}
    assert [shown[uid].summary for uid in "bkrg"] == [
        "Reserved",
        "Not available",
        "Not available",
        "Reserved",
    ]


def test_all_begins_here_but_what_came_with_a_mark_and_goes_on_its_way() -> None:
    came = {"origin": "far@away", "via": ["first", "second"]}
    given_takes = [taken(0, nights(0, 1), "b"), taken(0, nights(2, 3), "r", Kind.RELAYED)._replace(mark=came)]
    shown = {want.uid: want.content.mark for want in by_cause(given_takes, LetBy.NIGHT, MADRID, sign)}
    assert shown == {"b": Mark("b", ("us-b",)), "r": Mark("far@away", ("first", "second", "us-far@away"))}


def test_what_came_by_two_ways_is_said_once_with_the_shorter() -> None:
    long, short = ({"origin": "far@away", "via": via} for via in (["one", "two"], ["one"]))
    given_takes = [
        taken(0, nights(0, 2), "a", Kind.RELAYED)._replace(mark=long),
        taken(0, nights(0, 2), "b", Kind.RELAYED)._replace(mark=short),
        taken(0, nights(0, 3), "c", Kind.RELAYED)._replace(mark=long),
    ]
    for takes in (given_takes, given_takes[::-1]):
        shown = by_cause(takes, LetBy.NIGHT, MADRID, sign)
        assert {(want.uid, want.content.span) for want in shown} == {("b", nights(0, 2)), ("c", nights(0, 3))}


def test_each_piece_of_a_cause_is_said_and_the_first_keeps_its_name() -> None:
    parts = [
        taken(0, nights(0, 2), "u@hub"),
        taken(0, nights(5, 6), "u@hub"),
        taken(0, nights(6, 8), "u@hub"),
    ]
    shown = by_cause(parts[::-1], LetBy.NIGHT, MADRID, sign)
    assert [(want.uid, want.content.span) for want in shown] == [
        ("u@hub", nights(0, 2)),
        ("u.20260706@hub", nights(5, 8)),
    ]
    assert {want.content.mark for want in shown} == {Mark("u@hub", ("us-u@hub",))}


def test_a_later_piece_keeps_its_name_while_it_begins_where_it_did() -> None:
    whole = by_cause([taken(0, nights(0, 2)), taken(0, nights(5, 8))], LetBy.NIGHT, MADRID, sign)
    shrunk = by_cause([taken(0, nights(1, 2)), taken(0, nights(5, 7))], LetBy.NIGHT, MADRID, sign)
    assert [want.uid for want in whole] == [want.uid for want in shrunk]
    assert {marks.whole(want.uid) for want in whole} == {"u"}


def test_pieces_that_meet_within_one_night_are_no_pieces() -> None:
    given_takes = [taken(0, hours(0, 14, 16)), taken(0, hours(0, 20, 22)), taken(0, hours(1, 14, 16))]
    (want,) = by_cause(given_takes, LetBy.NIGHT, MADRID, sign)
    assert want.content.span == nights(0, 2)
    one, other = by_cause(given_takes[:2], LetBy.HOUR, MADRID, sign)
    assert (one.content.span, other.content.span) == (hours(0, 14, 16), hours(0, 20, 22))
    assert other.uid == "u.20260701T200000Z"


def test_hours_are_rounded_outwards_to_whole_seconds() -> None:
    first = datetime(2026, 7, 1, 8, 0, 0, 900, tzinfo=UTC)
    after = datetime(2026, 7, 1, 9, 0, 0, 1, tzinfo=UTC)
    (want,) = by_cause([Take(ROOMS[0], Kind.BOOKING, "u", first, after)], LetBy.HOUR, MADRID, sign)
    assert want.content.span == Hours(
        datetime(2026, 7, 1, 8, tzinfo=UTC), datetime(2026, 7, 1, 9, 0, 1, tzinfo=UTC)
    )


def test_a_scope_without_units_is_closed_and_says_so_in_one_span_all_year() -> None:
    assert nothing_for_sale(date(2026, 2, 3)) == nothing_for_sale(date(2026, 12, 31))
    assert nothing_for_sale(date(2026, 2, 3)) == (Nights(date(2026, 1, 1), date(2029, 1, 1)),)

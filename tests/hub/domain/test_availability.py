"""What is free, why something is not, and the calendar that shows it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.domain.availability import (
    MOST_NAMED,
    Cause,
    SellableUnit,
    Taken,
    best_fit,
    calendar,
    count_by_night,
    explain,
    free,
)
from hub.domain.periods import Hours, LetBy, Nights, Period, nights_touched, occupied
from tests.hub.domain.inventory import LISBON, july, leaf, spans, stay, taken, uid, whole

A, B, C = leaf(1), leaf(2), leaf(3)
HOUSE = whole(9, A, B, C)
CAR = leaf(5, "Car", LetBy.HOUR)


def day(number: int) -> date:
    return date(2026, 7, number)


def hour(day_of_july: int, at: int) -> datetime:
    """By Lisbon's summer clocks, an hour ahead of UTC."""
    return datetime(2026, 7, day_of_july, at, tzinfo=UTC) - timedelta(hours=1)


def why(units: list[SellableUnit], rows: list[Taken], span: Nights, turnaround: int = 0) -> list[str]:
    period = occupied(span, LISBON, turnaround)
    return [reason.message for reason in explain(units, rows, period, span, LISBON)]


def test_a_unit_is_free_between_two_stays() -> None:
    rows = [taken(A, july(1, 4)), taken(A, july(6, 9))]

    assert free([A], rows, july(4, 6)) == (A,)
    assert free([A], rows, july(3, 5)) == ()
    assert free([A], rows, july(5, 7)) == ()


def test_a_whole_is_free_only_when_every_part_is() -> None:
    assert free([HOUSE, A, B], [taken(B, july(2, 3))], july(1, 4)) == (A,)
    assert free([HOUSE], [taken(B, july(4, 5))], july(1, 4)) == (HOUSE,)


def test_a_stay_in_the_whole_takes_its_parts() -> None:
    rows = [Taken(part, july(1, 3), Cause.BOOKING, None, "booked") for part in HOUSE.leaves]

    assert free([A, B, C, HOUSE], rows, july(2, 4)) == ()


def test_nothing_is_explained_while_a_unit_is_free() -> None:
    assert why([A, B], [taken(A, july(1, 4))], stay(1, 4)) == []


def test_sold_out_names_the_first_night_and_what_takes_each_unit() -> None:
    rows = [
        taken(A, july(1, 3)),
        taken(A, july(3, 4), Cause.EXTERNAL, "Airbnb 'Reserved'"),
        taken(B, july(3, 9), Cause.BLACKOUT, "maintenance"),
    ]

    assert why([A, B], rows, stay(2, 6)) == [
        "sold out on 2026-07-03",
        "Bed 1: Airbnb 'Reserved', 2026-07-03 to 2026-07-04",
        "Bed 2: maintenance, 2026-07-03 to 2026-07-09",
    ]


def test_the_reasons_carry_what_a_machine_needs() -> None:
    reference = UUID(int=77)
    rows = [taken(A, july(1, 4), Cause.HOLD, "held", reference)]

    headline, detail = explain([A], rows, july(1, 2), stay(1, 2), LISBON)

    assert (headline.code, headline.facts) == ("sold_out", {"night": "2026-07-01"})
    assert detail.facts == {"unit_id": str(A.id), "cause": "hold", "reference": str(reference)}


def test_fragmented_is_told_apart_from_sold_out() -> None:
    rows = [taken(A, july(1, 3)), taken(B, july(3, 5))]

    reasons = explain([A, B], rows, july(1, 5), stay(1, 5), LISBON)

    assert {reason.code for reason in reasons} == {"fragmented"}
    assert reasons[0].message == (
        "every night from 2026-07-01 to 2026-07-05 has a free unit, but no single unit is free throughout"
    )
    assert [reason.message for reason in reasons[1:]] == [
        "Bed 1: booked, 2026-07-01 to 2026-07-03",
        "Bed 2: booked, 2026-07-03 to 2026-07-05",
    ]


def test_a_night_needed_for_the_turnaround_is_named_as_such() -> None:
    assert why([A], [taken(A, july(5, 6))], stay(1, 5), turnaround=1) == [
        "no unit is free for the turnaround after the stay, on 2026-07-05",
        "Bed 1: booked, 2026-07-05 to 2026-07-06",
    ]


def test_hours_are_told_by_the_clocks_of_the_place() -> None:
    span = Hours(hour(1, 9), hour(1, 18))
    rows = [
        taken(CAR, Period(hour(1, 12), hour(1, 14)), label="rented"),
        taken(A, Period(hour(1, 13), hour(2, 9)), label="in repair"),
    ]

    reasons = explain([CAR, A], rows, occupied(span, LISBON), span, LISBON)

    assert [reason.message for reason in reasons] == [
        "sold out from 2026-07-01 13:00 to 14:00",
        "Car: rented, 2026-07-01 12:00 to 14:00",
        "Bed 1: in repair, 2026-07-01 13:00 to 2026-07-02 09:00",
    ]
    assert reasons[0].facts == {"from": hour(1, 13).isoformat(), "to": hour(1, 14).isoformat()}


def test_the_hours_after_a_rental_are_named_as_turnaround() -> None:
    span = Hours(hour(1, 9), hour(1, 10))
    rows = [taken(CAR, Period(hour(1, 11), hour(1, 14)))]

    (headline, _) = explain([CAR], rows, occupied(span, LISBON, turnaround=2), span, LISBON)

    assert headline.code == "turnaround"
    assert headline.message.endswith("from 2026-07-01 11:00 to 12:00")


def test_no_unit_at_all_is_a_reason_too() -> None:
    (reason,) = explain([], [], july(1, 2), stay(1, 2), LISBON)

    assert reason.code == "no_unit"


def test_many_units_are_named_up_to_a_point() -> None:
    units = [leaf(n) for n in range(100, 130)]

    messages = why(units, [taken(unit, july(1, 3)) for unit in units], stay(1, 2))

    assert len(messages) == MOST_NAMED + 2
    assert messages[-1] == "and 10 more units"


def test_the_tightest_gap_is_filled_first() -> None:
    rows = [taken(A, july(1, 4)), taken(B, july(1, 4)), taken(B, july(7, 9)), taken(C, july(6, 7))]

    # B has a gap of three nights, A and C are open on one side, D on both.
    found = best_fit([leaf(4), A, B, C], rows, july(4, 6))

    assert [unit.name for unit in found] == ["Bed 2", "Bed 1", "Bed 3", "Bed 4"]


def test_the_gap_of_a_whole_is_the_one_between_the_stays_in_any_of_its_parts() -> None:
    rows = [taken(A, july(1, 2)), taken(B, july(1, 5)), taken(A, july(9, 10)), taken(B, july(7, 8))]
    rows += [taken(C, july(1, 4)), taken(C, july(7, 8))]

    found = best_fit([C, whole(9, A, B)], rows, july(5, 7))

    assert [unit.name for unit in found] == ["House", "Bed 3"]


def test_equal_fits_go_by_name_then_by_id() -> None:
    twins = [leaf(8, "Twin"), leaf(7, "Twin"), leaf(6, "Single")]

    assert [unit.id for unit in best_fit(twins, [], july(1, 2))] == [uid(6), uid(7), uid(8)]


def test_the_nights_are_counted() -> None:
    rows = [taken(A, july(1, 3)), taken(B, july(2, 4)), taken(leaf(4), july(1, 9))]

    counts = count_by_night([A, B, HOUSE], rows, stay(1, 5), LISBON)

    assert counts == {day(1): 1, day(2): 0, day(3): 1, day(4): 3}


def test_the_calendar_is_cut_to_its_window_and_sorted() -> None:
    rows = [
        taken(A, july(4, 9), Cause.BLACKOUT),
        taken(A, july(0, 2), Cause.EXTERNAL, reference=UUID(int=7)),
        taken(A, july(9, 12)),
        taken(leaf(4), july(1, 9)),
    ]

    shown = calendar([A, B], spans(rows), stay(1, 6), LISBON)

    assert shown == {
        A.id: [
            (day(1), day(2), Cause.EXTERNAL, str(UUID(int=7))),
            (day(4), day(6), Cause.BLACKOUT, None),
        ],
        B.id: [],
    }


def test_a_stay_in_a_whole_is_shown_once() -> None:
    booking = UUID(int=7)
    rows = [Taken(part, july(1, 3), Cause.BOOKING, booking, "booked") for part in HOUSE.leaves]

    shown = calendar([HOUSE, A], spans([*rows, taken(B, july(3, 4))]), stay(1, 6), LISBON)

    assert shown[A.id] == [(day(1), day(3), Cause.BOOKING, str(booking))]
    assert shown[HOUSE.id] == [
        (day(1), day(3), Cause.BOOKING, str(booking)),
        (day(3), day(4), Cause.BOOKING, None),
    ]


def test_a_morning_rental_takes_the_day_it_is_on_and_no_other() -> None:
    rows = [taken(CAR, Period(hour(2, 9), hour(2, 11)))]

    assert calendar([CAR], spans(rows), stay(1, 5), LISBON)[CAR.id] == [(day(2), day(3), Cause.BOOKING, None)]
    assert count_by_night([CAR], rows, stay(1, 4), LISBON) == {day(1): 1, day(2): 0, day(3): 1}


def test_a_rental_over_midnight_takes_both_days() -> None:
    rows = [taken(CAR, Period(hour(2, 22), hour(3, 1)))]

    assert calendar([CAR], spans(rows), stay(1, 5), LISBON)[CAR.id] == [(day(2), day(4), Cause.BOOKING, None)]


ZONES = st.sampled_from([LISBON, ZoneInfo("Pacific/Apia"), ZoneInfo("America/St_Johns")])


@st.composite
def rows_around_july(draw: st.DrawFn) -> list[Taken]:
    rows = []
    for _ in range(draw(st.integers(0, 8))):
        start = datetime(2026, 6, 29, tzinfo=UTC) + timedelta(hours=draw(st.integers(0, 12 * 24)))
        period = Period(start, start + timedelta(hours=draw(st.integers(1, 120))))
        rows.append(taken(draw(st.sampled_from([A, B, C])), period))
    return rows


@settings(max_examples=100, deadline=None)
@given(rows_around_july(), ZONES)
def test_counts_and_calendar_agree_with_asking_for_each_night(rows: list[Taken], zone: ZoneInfo) -> None:
    units, window = [A, B, C, HOUSE], stay(1, 11)

    counts = count_by_night(units, rows, window, zone)
    shown = calendar(units, spans(rows), window, zone)

    for night in window:
        available = free(units, rows, occupied(Nights(night, night + timedelta(days=1)), zone))
        assert counts[night] == len(available)
        for unit in units:
            assert (unit in available) != any(busy.first <= night < busy.after for busy in shown[unit.id])


@settings(max_examples=100, deadline=None)
@given(rows_around_july(), st.integers(1, 5), st.integers(1, 6), st.integers(0, 2))
def test_there_is_an_explanation_exactly_when_nothing_is_free(
    rows: list[Taken], first: int, length: int, turnaround: int
) -> None:
    units, span = [A, B, C], stay(first, first + length)
    period = occupied(span, LISBON, turnaround)
    nights = nights_touched(period, LISBON)
    counts = count_by_night(units, rows, nights, LISBON)
    none_free = [night for night in nights if counts[night] == 0]

    reasons = explain(units, rows, period, span, LISBON)

    assert bool(reasons) == (not free(units, rows, period))
    if reasons:
        assert reasons[0].facts.get("night") == (str(none_free[0]) if none_free else None)
        assert (reasons[0].code == "fragmented") == (not none_free)
        assert len(reasons) == len(units) + 1


def test_the_calendar_of_a_big_house_counts_every_day_of_every_stay() -> None:
    random, window = Random(7), Nights(day(1), day(1) + timedelta(days=90))
    units = [leaf(n) for n in range(200)]
    rows = []
    for unit in units:
        night = window.arrival
        while night < window.departure - timedelta(days=3):
            after = night + timedelta(days=random.randint(1, 3))
            rows.append(taken(unit, occupied(Nights(night, after), LISBON)))
            night = after + timedelta(days=random.randint(0, 1))
    random.shuffle(rows)

    shown = calendar(units, spans(rows), window, LISBON)

    busy_days = sum((busy.after - busy.first).days for spans in shown.values() for busy in spans)
    free_days = sum(count_by_night(units, rows, window, LISBON).values())
    assert sum(len(spans) for spans in shown.values()) == len(rows)
    assert busy_days + free_days == 200 * 90

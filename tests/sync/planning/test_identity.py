"""Which received event is which stored one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import AllDay, Nature, RemoteEvent
from sync.planning import identity, known, slides
from sync.planning.identity import Binding
from sync.planning.known import Known, Missing, Slide
from sync.planning.measure import Measure
from tests.sync.planning.holding import (
    DAY,
    DORM,
    MEASURES,
    NOW,
    ROOM,
    TODAY,
    days,
    hours,
    known_as,
)


def bind(
    held: Sequence[Known], events: Sequence[RemoteEvent], measure: Measure = ROOM, *, windows: bool = False
) -> Binding:
    heard = known.received(events, measure)
    found = slides.kinds(heard, measure, NOW) if windows else {}
    return identity.bind(held, heard, measure, NOW, found)


def names(binding: Binding) -> set[tuple[str, str]]:
    """(the stored key, the received one) of each pair."""
    return {(was.key, one.key) for was, one in binding.pairs}


def held(*events: RemoteEvent, measure: Measure = ROOM) -> list[Known]:
    return [known_as(event, number, measure) for number, event in enumerate(events, 1)]


# One rule after the other


def test_a_stay_that_moved_keeps_its_name() -> None:
    assert names(bind(held(days(5, 9)), [days(20, 22)])) == {("a", "a")}


def test_a_stay_with_another_name_is_found_by_the_channels_code() -> None:
    stays = held(days(5, 9, "a", code="HM1"), days(9, 12, "b", code="HM2"))

    found = bind(stays, [days(6, 9, "x", code="HM2"), days(14, 20, "y", code="HM1")])

    assert names(found) == {("a", "y"), ("b", "x")}, "though x ends when a did"


def test_one_stay_that_comes_in_several_events_of_one_code_is_never_bound_twice() -> None:
    found = bind(
        held(days(5, 9, "a", code="HM1")),
        [days(5, 6, "in", code="HM1"), days(5, 9, "stay", code="HM1"), days(8, 9, "out", code="HM1")],
    )

    assert names(found) == {("a", "stay")}
    assert {one.key for one in found.new} == {"in", "out"}


def test_all_names_may_be_others() -> None:
    stays = [days(5, 9, "a"), days(9, 12, "b"), days(20, 22, "c")]

    found = bind(held(*stays), [replace(stay, uid=f"{stay.uid}-today") for stay in stays])

    assert names(found) == {("a", "a-today"), ("b", "b-today"), ("c", "c-today")}


def test_names_that_are_numbers_move_up_when_one_goes() -> None:
    found = bind(
        held(days(5, 9, "1"), days(9, 12, "2"), days(20, 22, "3")), [days(9, 12, "1"), days(20, 22, "2")]
    )

    assert names(found) == {("2", "1"), ("3", "2")}
    assert [one.key for one in found.missing] == ["1"]
    assert {one.key for one in found.displaced} == {"1", "2"}, "their names are others' now"


def test_of_several_at_one_time_those_are_the_same_that_say_the_same() -> None:
    stays = held(
        days(5, 9, "a", summary="Ana"),
        days(5, 9, "b", summary="Bo"),
        days(5, 9, "c", summary="Cy"),
        measure=DORM,
    )

    found = bind(
        stays,
        [days(5, 9, "1", summary="Cy"), days(5, 9, "2", summary="Ana"), days(5, 9, "3", summary="Bo")],
        DORM,
    )

    assert names(found) == {("a", "2"), ("b", "3"), ("c", "1")}


def test_a_stay_under_way_is_found_by_its_end() -> None:
    """Booking.com: a new name every day, and it begins today."""
    assert names(bind(held(days(-3, 4)), [days(0, 4, "x"), days(4, 6, "y")])) == {("a", "x")}


def test_a_stay_made_longer_is_found_by_its_beginning() -> None:
    assert names(bind(held(days(5, 9)), [days(5, 11, "x")])) == {("a", "x")}


def test_the_same_end_counts_more_than_the_same_beginning() -> None:
    assert names(bind(held(days(5, 9)), [days(5, 7, "x"), days(7, 9, "y")])) == {("a", "y")}


def test_dates_and_times_of_the_same_nights_are_the_same_time() -> None:
    assert names(bind(held(days(5, 6)), [replace(hours(5, 16, 23, "x"))])) == {("a", "x")}


def test_what_has_nothing_in_common_is_gone_and_new() -> None:
    found = bind(held(days(5, 9)), [days(10, 12, "x")])

    assert names(found) == set()
    assert [one.key for one in found.missing] == ["a"]
    assert [one.key for one in found.new] == ["x"]


# What is never bound


@pytest.mark.parametrize("told", [days(5, 9, "x", Nature.BLOCK), days(7, 9, "x", Nature.BLOCK)])
def test_a_stay_never_becomes_a_closure_of_another_name(told: RemoteEvent) -> None:
    assert names(bind(held(days(5, 9)), [told])) == set()
    assert names(bind(held(days(5, 9)), [replace(told, uid="a")])) == {("a", "a")}
    assert names(bind(held(days(5, 9)), [replace(told, nature=Nature.UNKNOWN)])) == {("a", "x")}


def test_two_codes_are_two_stays() -> None:
    assert names(bind(held(days(5, 9, code="HM1")), [days(5, 9, "x", code="HM2")])) == set()
    assert names(bind(held(days(5, 9, code="HM1")), [days(5, 9, "x")])) == {("a", "x")}


def test_a_remainder_is_never_found_again() -> None:
    rest = known_as(days(5, 9, "remainder:1"), remainder=True)

    found = bind([rest], [days(5, 9, "remainder:1"), days(5, 9, "x")])

    assert names(found) == set()
    assert found.missing == (rest,)


def test_what_waits_or_is_kept_is_found_again_but_others_come_first() -> None:
    waits = known_as(days(5, 9, "a"), 1, DORM, missing=Missing(NOW, NOW, 1, 2))
    kept = known_as(days(20, 22, "k"), 2, DORM, kept_at=NOW)
    told = known_as(days(5, 9, "b"), 3, DORM)

    assert names(bind([waits, kept], [days(5, 9, "x"), days(20, 22, "y")], DORM)) == {("a", "x"), ("k", "y")}
    assert names(bind([waits, told], [days(5, 9, "x")], DORM)) == {("b", "x")}


def test_a_name_that_is_used_again_after_its_stay_is_over_is_a_new_stay() -> None:
    found = bind(held(days(-9, -5)), [days(5, 9)])

    assert names(found) == set()
    assert [one.key for one in found.displaced] == ["a"], "the name is the new one's"


def test_what_is_over_is_found_as_what_it_was_or_made_longer() -> None:
    assert names(bind(held(days(-9, -5)), [days(-9, -5, "x")])) == {("a", "x")}
    assert names(bind(held(days(-9, -1)), [days(-9, 3, "x")])) == {("a", "x")}


# Windows


def window(first: int, after: int, uid: str, kind: Slide) -> Known:
    return known_as(days(first, after, uid, Nature.BLOCK), slide=kind)


def test_windows_that_moved_on_are_the_same_windows() -> None:
    known_windows = [
        replace(window(-5, -3, "lead", Slide.LEAD), when=AllDay(TODAY - 5 * DAY, TODAY + 2 * DAY)),
        replace(window(175, 360, "far", Slide.HORIZON), id=known_as(days(0, 1), 2).id),
    ]

    found = bind(
        known_windows,
        [days(0, 3, "l2", Nature.BLOCK), days(180, 365, "f2", Nature.BLOCK)],
        windows=True,
    )

    assert names(found) == {("lead", "l2"), ("far", "f2")}


def test_a_window_never_becomes_a_closure_of_its_host() -> None:
    found = bind([window(0, 2, "lead", Slide.LEAD)], [days(40, 45, "x", Nature.BLOCK)], windows=True)

    assert names(found) == set()


# Laws

event = st.builds(
    lambda uid, first, length, nature, code: days(
        first, first + length, f"e{uid}", nature, code=f"HM{code}" if code and nature is Nature.STAY else ""
    ),
    st.integers(0, 7),
    st.integers(-5, 12),
    st.integers(1, 5),
    st.sampled_from(Nature),
    st.integers(0, 3),
)
calendar = st.lists(event, max_size=8, unique_by=lambda one: one.key)


@settings(deadline=None)
@given(calendar, calendar, st.randoms(use_true_random=False), st.sampled_from(MEASURES), st.booleans())
def test_it_is_one_with_one_all_are_told_and_their_order_says_nothing(
    before: list[RemoteEvent], after: list[RemoteEvent], random: object, measure: Measure, windows: bool
) -> None:
    stored = [
        replace(known_as(one, number, measure), missing=Missing(NOW, NOW, 1, 2) if number % 3 == 0 else None)
        for number, one in enumerate(before, 1)
    ]
    found = bind(stored, after, measure, windows=windows)

    bound_known = [was.key for was, _ in found.pairs]
    bound_received = [one.key for _, one in found.pairs]
    assert sorted([*bound_known, *(one.key for one in found.missing)]) == sorted(one.key for one in stored)
    assert sorted([*bound_received, *(one.key for one in found.new)]) == sorted(one.key for one in after)

    random.shuffle(stored)  # type: ignore[attr-defined]
    random.shuffle(after)  # type: ignore[attr-defined]
    assert bind(stored, after, measure, windows=windows) == found


@settings(deadline=None)
@given(calendar, calendar, st.sampled_from(MEASURES))
def test_no_two_have_one_name_once_the_displaced_gave_theirs_up(
    before: list[RemoteEvent], after: list[RemoteEvent], measure: Measure
) -> None:
    found = bind([known_as(one, number, measure) for number, one in enumerate(before, 1)], after, measure)

    displaced = {one.key for one in found.displaced}
    stays_as = [one.key for one in found.missing if one.key not in displaced]
    named = [*stays_as, *(one.key for _, one in found.pairs), *(one.key for one in found.new)]
    assert len(named) == len(set(named))


@settings(deadline=None)
@given(calendar, st.sampled_from(MEASURES))
def test_the_same_calendar_is_bound_to_itself(events: list[RemoteEvent], measure: Measure) -> None:
    found = bind([known_as(one, number, measure) for number, one in enumerate(events, 1)], events, measure)

    assert names(found) == {(one.key, one.key) for one in events}


def test_twenty_thousand_events_at_one_time_under_new_names_take_no_time_squared() -> None:
    """A hostile calendar; comparing each with each would take minutes."""
    many = [
        days(
            5,
            9,
            f"{number}",
            Nature.STAY if number % 2 else Nature.BLOCK,
            code=f"HM{number % 7}" if number % 2 else "",
        )
        for number in range(20_000)
    ]
    stored = [known_as(one, number, DORM) for number, one in enumerate(many)]
    later = [
        replace(one, uid=f"x{one.uid}", when=AllDay(TODAY + 6 * DAY, TODAY + 9 * DAY), nature=Nature.STAY)
        for one in many
    ]

    found = bind(stored, later, DORM)

    assert len(found.pairs) == len(found.new) == len(found.missing) == 10_000

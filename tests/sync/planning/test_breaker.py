"""A host that did not answer is spared, longer each time, and tried by one alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sync.planning.breaker import FIRST_REST, LONGEST_REST, WELL, Breaker

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
A_MOMENT = timedelta(microseconds=1)
USUAL = timedelta(seconds=2)
"""How long those wait who ask"""


def test_who_is_well_is_never_spared() -> None:
    assert not WELL.spares(NOW, USUAL)
    assert WELL.tried(NOW, USUAL) == WELL


def test_who_missed_once_is_spared_for_its_first_rest_and_no_longer() -> None:
    missed = WELL.missed(NOW, USUAL)
    assert missed.spares(NOW, USUAL)
    assert missed.spares(NOW + FIRST_REST - A_MOMENT, USUAL)
    assert not missed.spares(NOW + FIRST_REST, USUAL)


@given(st.integers(1, 40))
def test_rests_grow_with_each_miss_and_end_somewhere(times: int) -> None:
    breaker, now, rests = WELL, NOW, []
    for _ in range(times):
        breaker = breaker.missed(now, USUAL)
        assert breaker.until is not None
        rests.append(breaker.until - now)
        now = breaker.until
    assert rests == sorted(rests)
    assert rests[-1] <= LONGEST_REST


def test_those_who_waited_together_count_once() -> None:
    missed = WELL.missed(NOW, USUAL)
    assert missed.missed(NOW + timedelta(seconds=1), USUAL) == missed


def test_while_one_tries_again_the_others_are_spared() -> None:
    after = NOW + FIRST_REST
    trying = WELL.missed(NOW, USUAL).tried(after, USUAL)
    assert trying.spares(after + USUAL - A_MOMENT, USUAL)
    again = trying.missed(after + USUAL, USUAL)
    assert again == Breaker(2, after + USUAL + 2 * FIRST_REST, USUAL)


def test_who_tried_again_and_gave_up_a_little_before_time_counts_as_well() -> None:
    after = NOW + FIRST_REST
    gave_up = after + USUAL - timedelta(milliseconds=30)
    again = WELL.missed(NOW, USUAL).tried(after, USUAL).missed(gave_up, USUAL)
    assert again == Breaker(2, gave_up + 2 * FIRST_REST, USUAL)
    assert again.missed(gave_up + A_MOMENT, USUAL) == again, "of those who waited together one counts"


def test_who_hardly_waited_speaks_for_nobody_who_would_wait_longer() -> None:
    hardly = timedelta(milliseconds=100)
    missed = WELL.missed(NOW, hardly)
    assert missed.spares(NOW, hardly)
    assert not missed.spares(NOW, USUAL)
    both = missed.tried(NOW, USUAL).missed(NOW + USUAL, USUAL)
    assert both == Breaker(1, NOW + USUAL + FIRST_REST, USUAL), "it begins with the first rest"
    assert both.spares(NOW + USUAL, hardly)


def test_the_rest_of_pullers_who_are_silent_does_not_grow() -> None:
    missed, now = WELL, NOW
    for _ in range(4):
        missed = missed.missed(now, USUAL, FIRST_REST)
        assert missed.until == now + FIRST_REST
        now = missed.until

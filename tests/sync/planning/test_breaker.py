"""A host that did not answer is spared, longer each time, and tried by one alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sync.planning.breaker import FIRST_REST, LONGEST_REST, WELL, Breaker

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
A_MOMENT = timedelta(microseconds=1)


def test_who_is_well_is_never_spared() -> None:
    assert not WELL.spares(NOW)
    assert WELL.tried(NOW, timedelta(seconds=2)) == WELL


def test_who_missed_once_is_spared_for_its_first_rest_and_no_longer() -> None:
    missed = WELL.missed(NOW)
    assert missed.spares(NOW)
    assert missed.spares(NOW + FIRST_REST - A_MOMENT)
    assert not missed.spares(NOW + FIRST_REST)


@given(st.integers(1, 40))
def test_rests_grow_with_each_miss_and_end_somewhere(times: int) -> None:
    breaker, now, rests = WELL, NOW, []
    for _ in range(times):
        breaker = breaker.missed(now)
        assert breaker.until is not None
        rests.append(breaker.until - now)
        now = breaker.until
    assert rests == sorted(rests)
    assert rests[-1] <= LONGEST_REST


def test_those_who_waited_together_count_once() -> None:
    missed = WELL.missed(NOW)
    assert missed.missed(NOW + timedelta(seconds=1)) == missed


def test_while_one_tries_again_the_others_are_spared() -> None:
    deadline = timedelta(seconds=2)
    after = NOW + FIRST_REST
    trying = WELL.missed(NOW).tried(after, deadline)
    assert trying.spares(after + deadline - A_MOMENT)
    again = trying.missed(after + deadline)
    assert again == Breaker(2, after + deadline + 2 * FIRST_REST)

"""Links are pulled more often while somebody is about to arrive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import RateLimited, Unavailable
from sync.planning.schedule import NEAR, OFTEN, after_failure, near_arrivals

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
NEVER = timedelta.max

intervals = st.integers(60, 604_800).map(lambda seconds: timedelta(seconds=seconds))
arrivals = st.none() | st.integers(-86_400, 864_000).map(lambda seconds: timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("minutes", "hours", "then"),
    [
        (15, 47, 7.5),
        (15, 49, 15),
        (15, None, 15),
        (8, 1, 5),
        (5, 1, 5),
        (2, 1, 2),
        (600, 0, 300),
        (60, -1, 30),
    ],
)
def test_the_interval_is_halved_but_not_below_five_minutes(
    minutes: int, hours: int | None, then: float
) -> None:
    arrives_in = timedelta(hours=hours) if hours is not None else None

    assert near_arrivals(timedelta(minutes=minutes), arrives_in) == timedelta(minutes=then)


@given(intervals, arrivals)
def test_it_is_never_longer_than_asked_for_and_short_only_where_a_person_said_so(
    interval: timedelta, arrives_in: timedelta | None
) -> None:
    near = near_arrivals(interval, arrives_in)

    assert min(interval, OFTEN) <= near <= interval
    assert near >= interval / 2
    if arrives_in is None or arrives_in > NEAR:
        assert near == interval


@given(intervals, arrivals, arrivals)
def test_the_nearer_the_arrival_the_shorter_the_interval(
    interval: timedelta, one: timedelta | None, other: timedelta | None
) -> None:
    nearer, farther = sorted((one, other), key=lambda arrives_in: NEVER if arrives_in is None else arrives_in)

    assert near_arrivals(interval, nearer) <= near_arrivals(interval, farther)


@given(
    intervals,
    arrivals,
    st.integers(0, 604_800).map(lambda seconds: timedelta(seconds=seconds)),
    st.integers(1, 30),
    st.floats(0, 1, exclude_max=True),
    st.sampled_from([Unavailable, RateLimited]),
)
def test_no_arrival_is_so_near_that_a_channel_is_asked_before_the_time_it_named(
    interval: timedelta,
    arrives_in: timedelta | None,
    wait: timedelta,
    failures: int,
    jitter: float,
    kind: type[Unavailable] | type[RateLimited],
) -> None:
    near = near_arrivals(interval, arrives_in)

    verdict = after_failure(kind("later", retry_after=wait), NOW, near, failures, jitter)

    assert verdict.next_pull_at >= NOW + wait

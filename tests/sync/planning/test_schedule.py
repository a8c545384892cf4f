"""When a link is pulled again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import ConnectorError, NeedsReconnect, RateLimited, Rejected, Unavailable
from sync.planning.schedule import (
    JITTER,
    LONGEST,
    NO_REFUSAL,
    REFUSALS_BEFORE_GIVING_UP,
    SHORTEST,
    Refusals,
    after_failure,
    after_success,
    refusals,
    while_waiting,
)

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
QUARTER = timedelta(minutes=15)

intervals = st.integers(60, 604_800).map(lambda seconds: timedelta(seconds=seconds))
jitters = st.floats(0, 1, exclude_max=True)
failures = st.integers(1, 10_000)
waits = st.integers(0, 604_800).map(lambda seconds: timedelta(seconds=seconds))


@given(intervals, jitters)
def test_after_a_success_the_interval_passes_give_or_take_a_quarter(
    interval: timedelta, jitter: float
) -> None:
    waited = after_success(NOW, interval, jitter) - NOW

    assert interval * (1 - JITTER) <= waited <= interval * (1 + JITTER)


def test_jitter_spreads_both_ways() -> None:
    assert after_success(NOW, QUARTER, 0.0) < NOW + QUARTER < after_success(NOW, QUARTER, 0.99)


@given(intervals, jitters, st.integers(-60, 900))
def test_what_waits_is_read_again_when_a_reading_counts_and_never_later_than_otherwise(
    interval: timedelta, jitter: float, seconds: int
) -> None:
    again_at, usual = NOW + timedelta(seconds=seconds), after_success(NOW, interval, jitter)

    found = while_waiting(NOW, usual, again_at, jitter)

    assert found <= usual
    earliest = max(again_at, NOW + SHORTEST)
    assert found == usual or earliest <= found <= earliest + SHORTEST


@given(intervals, failures, jitters)
def test_after_a_failure_no_link_is_asked_sooner_than_otherwise_nor_forgotten(
    interval: timedelta, count: int, jitter: float
) -> None:
    waited = after_failure(Unavailable("down"), NOW, interval, count, jitter).next_pull_at - NOW

    assert interval <= waited <= max(LONGEST, interval) * (1 + JITTER)


@given(intervals, failures, jitters)
def test_each_failure_is_waited_out_at_least_as_long_as_the_one_before(
    interval: timedelta, count: int, jitter: float
) -> None:
    first, second = (
        after_failure(Unavailable("down"), NOW, interval, number, jitter).next_pull_at
        for number in (count, count + 1)
    )

    assert first <= second


@pytest.mark.parametrize(("count", "minutes"), [(1, 15), (2, 30), (3, 60), (4, 120), (5, 240), (6, 360)])
def test_the_wait_doubles_up_to_six_hours(count: int, minutes: int) -> None:
    verdict = after_failure(Unavailable("down"), NOW, QUARTER, count, 0.0)

    assert verdict.next_pull_at == NOW + timedelta(minutes=minutes)


@given(intervals, failures, jitters, waits, st.sampled_from([Unavailable, RateLimited]))
def test_a_channel_that_names_a_time_is_never_asked_before_it(
    interval: timedelta,
    count: int,
    jitter: float,
    wait: timedelta,
    kind: type[Unavailable] | type[RateLimited],
) -> None:
    verdict = after_failure(kind("later", retry_after=wait), NOW, interval, count, jitter)

    assert verdict.next_pull_at >= NOW + wait


def test_a_channel_that_promises_to_be_back_soon_is_asked_then() -> None:
    error = Unavailable("back in two minutes", retry_after=timedelta(minutes=2))

    assert after_failure(error, NOW, QUARTER, 9, 0.0).next_pull_at == NOW + timedelta(minutes=2)


SHUT = NeedsReconnect("calendar.example.com refuses access (403)")
NOT_FOUND = Rejected("the address was not found at calendar.example.com (404)")
DOWN = Unavailable("down")


def states_after(*errors: ConnectorError) -> list[str]:
    """Of a link, after each of these failures in a row."""
    refused, states = NO_REFUSAL, []
    for count, error in enumerate(errors, 1):
        refused = refusals(refused, error)
        states.append(after_failure(error, NOW, QUARTER, count, 0.0, refused).state)
    return states


@pytest.mark.parametrize(("error", "state"), [(SHUT, "needs_auth"), (NOT_FOUND, "lost")])
def test_only_refusals_in_a_row_mean_that_the_calendar_is_gone(error: ConnectorError, state: str) -> None:
    states = states_after(*[error] * REFUSALS_BEFORE_GIVING_UP)

    assert states == ["active"] * (REFUSALS_BEFORE_GIVING_UP - 1) + [state]


@pytest.mark.parametrize("other", [DOWN, NOT_FOUND, RateLimited("later")], ids=["down", "gone", "busy"])
def test_a_refusal_after_failures_of_other_kinds_is_the_first_of_its_row(other: ConnectorError) -> None:
    few = REFUSALS_BEFORE_GIVING_UP - 1

    assert set(states_after(*[other] * few, SHUT)) == {"active"}
    assert set(states_after(*[SHUT] * few, other, *[SHUT] * few)) == {"active"}
    assert states_after(*[other] * few, *[SHUT] * REFUSALS_BEFORE_GIVING_UP)[-1] == "needs_auth"


@given(failures)
def test_an_outage_however_long_never_gives_a_link_up(count: int) -> None:
    assert after_failure(Unavailable("down"), NOW, QUARTER, count, 0.0).state == "active"


def test_who_gives_up_says_why_and_what_to_do() -> None:
    lost = after_failure(Rejected("not found"), NOW, QUARTER, 5, 0.0, Refusals("lost", 5)).reason
    shut = after_failure(NeedsReconnect("refused"), NOW, QUARTER, 5, 0.0, Refusals("needs_auth", 5)).reason

    assert lost == "not found; give the link the calendar's new address"
    assert shut == "refused; sign in again, then resume the link"

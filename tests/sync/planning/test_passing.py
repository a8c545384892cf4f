"""After a pass that failed; many deletions at once; and what a pass says that it did."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import NeedsReconnect, RateLimited, Rejected, Unavailable
from sync.planning import deletions, passing, told

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("error", "state", "words"),
    [
        (NeedsReconnect("gone", code="signed_out"), "needs_auth", "stays held"),
        (NeedsReconnect("gone"), "needs_auth", "sign in"),
        (NeedsReconnect("gone", code="access_refused"), "needs_auth", "share the calendar"),
        (Rejected("gone", code="calendar_gone"), "lost", "share the calendar"),
        (Rejected("gone", code="settings"), "lost", "settings"),
    ],
)
def test_what_ends_a_link_says_what_to_do(error: Exception, state: str, words: str) -> None:
    verdict = passing.after_failure(error, NOW, 1, 0.5)  # type: ignore[arg-type]

    assert verdict.state == state
    assert words in (verdict.reason or "")


@given(st.integers(1, 60), st.floats(0, 1))
def test_an_outage_ends_nothing_and_is_asked_again_within_half_an_hour(failures: int, jitter: float) -> None:
    verdict = passing.after_failure(Unavailable("down"), NOW, failures, jitter)

    assert verdict.state == "active"
    assert NOW < verdict.next_pull_at <= NOW + 2 * passing.LONGEST_WAIT


@given(st.integers(1, 20), st.floats(0, 1))
def test_a_rest_lasts_at_least_as_long_as_the_channel_asks(minutes: int, jitter: float) -> None:
    wait = timedelta(minutes=minutes)

    verdict = passing.after_failure(RateLimited("slow down", retry_after=wait), NOW, 1, jitter)

    assert verdict.next_pull_at >= NOW + wait


def test_the_whole_link_rests_only_where_it_was_asked_to() -> None:
    assert passing.rests(RateLimited("slow down"))
    assert passing.rests(Unavailable("later", retry_after=timedelta(minutes=1)))
    assert not passing.rests(Unavailable("down"))


@pytest.mark.parametrize(
    ("gone", "live", "trips"),
    [
        (3, 3, False),
        (4, 4, True),
        (4, 10, True),
        (3, 10, False),
        (4, 14, False),
        (30, 100, False),
        (31, 100, True),
    ],
)
def test_more_than_three_and_three_in_ten_are_many(gone: int, live: int, trips: bool) -> None:
    assert deletions.trips(gone, live) is trips


def test_a_full_calendar_is_told_in_few_lines() -> None:
    lines = [f"+1 stay {number}" for number in range(500)]

    said = told.summary({"created": 1, "updated": 3}, lines, ["refused", "refused"])

    assert said[:2] == ("1 event written", "3 events brought up to date")
    assert said[-2:] == (f"and {500 - told.LINES} lines more", "refused")
    assert len(said) == told.LINES + 4

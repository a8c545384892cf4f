"""How a link stands, and how that is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sync.planning import healthy
from sync.planning.healthy import SEVERITY, Known, Standing, judge, told

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

WELL = Known(
    state="active",
    created_at=NOW - timedelta(days=30),
    verified_at=NOW - timedelta(minutes=4),
    next_pull_at=NOW + timedelta(minutes=11),
)


def link(**known: Any) -> Known:
    return replace(WELL, **known)


@pytest.mark.parametrize(
    ("known", "standing"),
    [
        ({}, Standing.FRESH),
        ({"failures": 2}, Standing.FRESH),
        ({"failures": 3}, Standing.FAILING),
        ({"verified_at": NOW - HOUR}, Standing.FRESH),
        ({"verified_at": NOW - HOUR - timedelta(seconds=1)}, Standing.STALE),
        ({"verified_at": NOW - 2 * HOUR, "interval_seconds": 3600}, Standing.FRESH),
        ({"verified_at": None, "created_at": NOW}, Standing.NEW),
        ({"verified_at": None}, Standing.STALE),
        ({"state": "guarded"}, Standing.GUARDED),
        ({"state": "guarded", "failures": 5}, Standing.FAILING),
        ({"state": "paused", "failures": 5}, Standing.PAUSED),
        ({"state": "needs_auth", "failures": 5}, Standing.NEEDS_AUTH),
        ({"state": "lost", "failures": 5}, Standing.LOST),
        ({"reads": False, "verified_at": None}, Standing.EXPORTING),
        ({"reads": False, "state": "paused"}, Standing.PAUSED),
    ],
)
def test_how_a_link_stands(known: dict[str, Any], standing: Standing) -> None:
    assert judge(link(**known), NOW) is standing


def test_every_standing_has_words_and_its_place() -> None:
    assert set(SEVERITY) == set(Standing)
    assert SEVERITY[Standing.LOST] < SEVERITY[Standing.FAILING] < SEVERITY[Standing.FRESH]
    for standing in Standing:
        assert healthy._WORDS[standing]


def test_a_link_that_is_well_says_when_it_was_and_will_be_read() -> None:
    assert told(WELL, None, NOW) == "well; last read 4 min ago; next read in 11 min"


def test_a_link_that_fails_says_for_how_long_why_and_what_to_do() -> None:
    failing = link(
        failures=4,
        failing_since=NOW - 3 * HOUR,
        verified_at=NOW - 3 * HOUR,
        reason="calendar.example.com did not answer within 20 s",
    )

    assert told(failing, None, NOW) == (
        "its calendar cannot be read; the last 4 tries failed, for 3 h; calendar.example.com did not answer "
        "within 20 s; last read 3 h ago; 3 h behind its interval of 15 min; next read in 11 min; "
        "look whether the calendar's address still answers; what is held stays held"
    )


def test_what_to_do_is_not_said_twice() -> None:
    reason = "the channel refused us; sign in again, then resume the link"
    words = told(link(state="needs_auth", reason=reason, failures=5), None, NOW)

    assert words.count("sign in again") == 1


def test_what_was_not_written_or_looked_at_yet_is_counted() -> None:
    behind = link(by_event=True, dirty_seq=9, synced_seq=7, notices=3, noticed=2)
    words = told(behind, None, NOW)

    assert (behind.unsent, behind.unlisted) == (2, 1)
    assert "2 changes of ours not written there yet" in words
    assert "1 notice of changes there not looked at yet" in words
    assert link(dirty_seq=9).unsent == 0, "a feed is made when it is fetched: there is nothing to send"


@pytest.mark.parametrize(
    ("fetched_at", "words"),
    [(None, "nobody has fetched it yet"), (NOW - 26 * HOUR, "last fetched 26 h ago")],
)
def test_a_feed_says_when_it_was_fetched(fetched_at: datetime | None, words: str) -> None:
    said = told(link(reads=False, verified_at=None), fetched_at, NOW)

    assert said == f"the channel fetches our feed; {words}"


def test_a_pause_is_no_lag_and_an_interval_allows_for_its_spread() -> None:
    late = link(verified_at=NOW - HOUR)
    assert late.lag(NOW) == HOUR - timedelta(seconds=900 * 1.25)
    assert replace(late, state="paused").lag(NOW) == timedelta()
    assert WELL.lag(NOW) == timedelta()


def test_a_property_is_told_in_one_line() -> None:
    counts = healthy.counted([Standing.FRESH, Standing.FRESH, Standing.NEEDS_AUTH])

    assert healthy.coverage(counts, 1) == "3 links: 1 signed out, 2 fresh; 1 unit without any link"
    assert healthy.coverage(healthy.counted([]), 2) == "no links; 2 units without any link"

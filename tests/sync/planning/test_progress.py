"""How far a run of many links is, and when it will be over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.planning.progress import WINDOW, Progress, Resting, Tally, headline, progress, waits

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
EARLIER = NOW - timedelta(minutes=2)

few = st.integers(0, 50)
tallies = st.builds(
    Tally,
    queued=few,
    running=few,
    done=few,
    failed=few,
    cancelled=few,
    retried=few,
    changed=few,
    recent=few,
    began_at=st.none() | st.integers(0, 9999).map(lambda seconds: NOW - timedelta(seconds=seconds)),
    ended_at=st.none() | st.integers(0, 9999).map(lambda seconds: NOW - timedelta(seconds=seconds)),
)


def told(tally: Tally, *, cancelled: bool = False) -> Progress:
    return progress(tally, EARLIER, NOW, cancelled=cancelled)


@pytest.mark.parametrize(
    ("tally", "cancelled", "state"),
    [
        (Tally(), False, "done"),
        (Tally(queued=3), False, "queued"),
        (Tally(queued=2, running=1), False, "running"),
        (Tally(queued=2, failed=1), False, "running"),
        (Tally(done=3), False, "done"),
        (Tally(done=3, retried=2), False, "done"),
        (Tally(done=3, failed=1, cancelled=1), False, "failed"),
        (Tally(done=2, cancelled=1), False, "done"),
        (Tally(cancelled=3), False, "cancelled"),
        (Tally(done=2, running=1, cancelled=3), True, "cancelled"),
    ],
)
def test_the_state_follows_from_the_children_and_from_who_ended_it(
    tally: Tally, cancelled: bool, state: str
) -> None:
    assert told(tally, cancelled=cancelled).state == state


@given(tallies, st.booleans())
def test_it_is_over_when_none_waits_or_is_at_work_and_only_then_has_an_end(
    tally: Tally, cancelled: bool
) -> None:
    found = told(tally, cancelled=cancelled)

    assert found.over == (tally.queued + tally.running == 0)
    assert (found.finished_at is not None) == found.over
    assert found.over or found.state in ("queued", "running", "cancelled")
    assert tally.total == tally.queued + tally.running + tally.done + tally.failed + tally.cancelled


@given(tallies)
def test_the_time_left_is_told_where_anything_tells_it(tally: Tally) -> None:
    found = told(tally)

    assert found.rate >= 0
    if found.over:
        assert found.seconds_left == 0
    else:
        assert (found.seconds_left is None) == (tally.recent == 0 or tally.began_at is None)
        assert found.seconds_left is None or found.seconds_left > 0


@given(tallies, st.integers(1, 50))
def test_more_that_waits_takes_no_less_time(tally: Tally, more: int) -> None:
    found, longer = told(tally), told(replace(tally, queued=tally.queued + more))

    if not found.over and found.seconds_left is not None:
        assert longer.seconds_left is not None
        assert longer.seconds_left >= found.seconds_left


def test_the_rate_is_that_of_the_last_half_minute_and_of_less_where_it_began_later() -> None:
    tally = Tally(queued=60, done=100, recent=60, began_at=EARLIER)

    assert (told(tally).rate, told(tally).seconds_left) == (60 / WINDOW.total_seconds(), 30)
    assert told(replace(tally, began_at=NOW - timedelta(seconds=10))).seconds_left == 10


def test_of_a_run_that_is_over_the_rate_is_that_of_all() -> None:
    tally = Tally(done=30, failed=10, began_at=EARLIER, ended_at=EARLIER + timedelta(seconds=20))

    found = told(tally)

    assert (found.rate, found.finished_at) == (2.0, tally.ended_at)


def test_while_all_that_is_left_rests_it_is_said_until_when_and_not_how_long_it_takes() -> None:
    tally = Tally(queued=12, done=100, recent=60, began_at=EARLIER)
    until = datetime(2026, 6, 1, 9, 30, tzinfo=UTC)

    def found(tally: Tally, *hosts: str) -> Progress:
        return progress(tally, EARLIER, NOW, cancelled=False, resting=Resting(until, hosts))

    assert found(tally).seconds_left is None
    assert waits(found(tally, "cal.example.com")) == (
        "12 wait until 2026-06-01 09:30 UTC because cal.example.com asked for it"
    )
    assert waits(found(Tally(queued=1))) == (
        "1 waits until 2026-06-01 09:30 UTC because the channel asked for it"
    )
    assert waits(found(tally, "a.example", "b.example")).endswith(
        "because a.example and b.example asked for it"
    )
    assert found(Tally(done=3)).resting is None
    assert waits(told(tally)) == ""


def test_one_line_says_how_it_stands() -> None:
    assert headline(Tally(queued=2, done=5, changed=3)) == "5 of 7 links synced, 3 changed"
    assert headline(Tally(done=5, failed=1, cancelled=2)) == (
        "6 of 8 links synced, 0 changed, 1 failed, 2 cancelled"
    )

"""Which links are asked before a booking, and what came of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.evidence import Verdict
from sync.planning.checking import ALL, NOBODY, Candidate, Standing, answer, known, taken, version

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
SINCE = NOW - timedelta(seconds=1)
OLD = NOW - timedelta(hours=1)
STALE = Standing("active", None, OLD, 0)
ONE = Candidate(UUID(int=1), "Seaside Rentals", "Room 1", "cal.example.com", STALE, None)

moments = st.datetimes(datetime(2027, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


def verdict(one: Candidate, spared: dict[str, str] | None = None) -> Verdict | None:
    sight = known(one, SINCE, NOW, spared or {})
    return sight.verdict if sight else None


def test_a_link_that_was_read_long_ago_is_asked() -> None:
    assert verdict(ONE) is None
    assert verdict(replace(ONE, standing=replace(STALE, verified_at=None))) is None


def test_a_link_that_was_read_a_moment_ago_is_not() -> None:
    assert verdict(replace(ONE, standing=replace(STALE, verified_at=SINCE))) is Verdict.FRESH
    nearly = SINCE - timedelta(microseconds=1)
    assert verdict(replace(ONE, standing=replace(STALE, verified_at=nearly))) is None


def test_a_guarded_link_is_asked_like_any_other() -> None:
    assert verdict(replace(ONE, standing=replace(STALE, state="guarded"))) is None


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("paused", Verdict.PAUSED),
        ("needs_auth", Verdict.UNREACHABLE),
        ("lost", Verdict.UNREACHABLE),
    ],
)
def test_a_link_that_nobody_can_ask_is_told_at_once(state: str, said: Verdict) -> None:
    assert verdict(replace(ONE, standing=replace(STALE, state=state))) is said
    assert answer(ONE, replace(STALE, state=state), SINCE).verdict is said  # type: ignore[union-attr]


def test_a_host_that_does_not_answer_these_minutes_is_not_asked() -> None:
    assert verdict(ONE, {"cal.example.com": "it hangs"}) is Verdict.SPARED
    assert verdict(ONE, {"other.example.com": "it hangs"}) is None
    resting = replace(ONE, rests_until=NOW + timedelta(seconds=1))
    sight = known(resting, SINCE, NOW, {})
    assert sight is not None
    assert sight.verdict is Verdict.SPARED
    assert sight.why == f"its quota is used up until {NOW:%Y-%m-%d %H:%M} UTC"
    assert verdict(replace(ONE, rests_until=NOW)) is None


@given(moments, st.integers(0, 9), st.integers(0, 9), st.booleans())
def test_only_what_was_read_since_counts_as_an_answer(
    verified_at: datetime, failures_before: int, failures: int, leased: bool
) -> None:
    one = replace(ONE, standing=replace(STALE, failures=failures_before))
    sight = answer(one, Standing("active", "why", verified_at, failures, leased), SINCE)
    if verified_at >= SINCE:
        assert sight is not None
        assert sight.verdict is Verdict.ANSWERED
        assert sight.verified_at == verified_at
    elif failures > failures_before and not leased:
        assert sight is not None
        assert (sight.verdict, sight.why) == (Verdict.FAILED, "why")
    else:
        assert sight is None


def test_a_version_is_the_channels_own_mark_or_else_a_hash() -> None:
    assert version({"etag": '"v7"', "sha256": "ab"}) == '"v7"'
    assert version(None) == version({}) == ""
    one, other = version({"token": "a"}), version({"token": "b"})
    assert one.startswith("sha256:")
    assert one != other


def test_while_nobody_pulls_every_host_is_spared() -> None:
    sight = known(ONE, SINCE, NOW, {ALL: NOBODY})
    assert sight is not None
    assert (sight.verdict, sight.why) == (Verdict.SPARED, NOBODY)


@pytest.mark.parametrize(
    ("before", "now", "is_taken"),
    [
        (STALE, STALE, False),
        (None, STALE, False),
        (None, replace(STALE, leased=True), True),
        (STALE, replace(STALE, verified_at=NOW), True),
        (STALE, replace(STALE, failures=1), True),
    ],
)
def test_a_link_is_taken_by_who_pulls_it_or_has_pulled_it_since(
    before: Standing | None, now: Standing, is_taken: bool
) -> None:
    assert taken(before, now) is is_taken

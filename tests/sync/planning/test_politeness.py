"""How many ask one host at once, and how long it is left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import RateLimited, Unavailable
from sync.planning.politeness import (
    AT_ONCE,
    FIRST_PAUSE,
    JITTER,
    LONGEST_PAUSE,
    LONGEST_WISH,
    Standing,
    after_failure,
    later,
    room,
    share,
)

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
NAME = "calendar.example"
WELL = Standing(NAME, 1)
PAUSING = Standing(NAME, 1, 3, NOW + timedelta(minutes=1))
ASKING = Standing(NAME, 1, 1, NOW, NOW + timedelta(hours=2))

jitters = st.floats(0, 1, exclude_max=True)
moments = st.none() | st.integers(-9999, 9999).map(lambda seconds: NOW + timedelta(seconds=seconds))
standings = st.builds(
    Standing, st.just(NAME), st.integers(1, 9), st.integers(0, 99), not_before=moments, asked_until=moments
)


def down(wait: timedelta | None = None) -> Unavailable:
    return Unavailable("down", host=NAME, retry_after=wait)


@pytest.mark.parametrize("running", range(1, AT_ONCE + 3))
def test_so_many_are_let_in_and_the_others_come_back_in_a_moment(running: int) -> None:
    verdict = later(replace(WELL, running=running), NOW, 0.5, wanted=False, waits=True)

    assert (verdict is None) == (running <= AT_ONCE)
    if verdict is not None:
        assert NOW < verdict.until < NOW + timedelta(seconds=3)


def test_a_host_that_failed_is_tried_by_one_alone() -> None:
    failed = replace(PAUSING, not_before=NOW)

    assert later(failed, NOW, 0.5, wanted=False, waits=True) is None
    assert later(replace(failed, running=2), NOW, 0.5, wanted=False, waits=True) is not None
    assert (room(0), room(1)) == (AT_ONCE, 1)


def test_whoever_crowds_others_out_comes_back_in_a_moment_unless_at_a_terminal() -> None:
    crowding = replace(WELL, crowding=True)

    verdict = later(crowding, NOW, 0.5, wanted=True, waits=True)

    assert verdict is not None
    assert NOW < verdict.until < NOW + timedelta(seconds=3)
    assert later(crowding, NOW, 0.5, wanted=False, waits=False) is None


@pytest.mark.parametrize(("pullers", "most"), [(1, 1), (2, 1), (3, 1), (24, 12)])
def test_an_organization_has_half_of_the_pullers_and_at_least_one(pullers: int, most: int) -> None:
    assert share(pullers) == most


def test_a_person_is_not_stopped_by_our_own_pause() -> None:
    assert later(PAUSING, NOW, 0.0, wanted=True, waits=True) is None
    verdict = later(PAUSING, NOW, 0.0, wanted=False, waits=True)
    assert verdict is not None
    assert (verdict.until, "left alone for a while" in verdict.why) == (PAUSING.not_before, True)


@given(standings, jitters, st.booleans(), st.booleans())
def test_nobody_goes_where_the_host_asked_not_to_be_asked(
    host: Standing, jitter: float, wanted: bool, waits: bool
) -> None:
    verdict = later(host, NOW, jitter, wanted=wanted, waits=waits)

    if host.asked_until is not None and host.asked_until > NOW:
        assert verdict is not None
        assert verdict.until >= host.asked_until
        assert NAME in verdict.why


@given(standings, jitters)
def test_whoever_must_come_later_comes_neither_at_once_nor_much_later(host: Standing, jitter: float) -> None:
    verdict = later(host, NOW, jitter, wanted=False, waits=True)

    if verdict is not None:
        ends = [at for at in (host.not_before, host.asked_until) if at is not None and at > NOW]
        assert NOW < verdict.until <= max([NOW, *ends]) + timedelta(seconds=30)


def test_somebody_at_a_terminal_is_let_in_where_it_is_crowded() -> None:
    assert later(replace(WELL, running=9), NOW, 0.5, wanted=True, waits=False) is None


@given(st.integers(0, 10_000), jitters)
def test_each_failure_in_a_row_pauses_at_least_as_long_as_the_one_before_up_to_an_hour(
    failures: int, jitter: float
) -> None:
    host = replace(WELL, failures=failures)
    once = after_failure(host, down(), NOW, jitter)
    twice = after_failure(once, down(), NOW, jitter)

    assert once.failures == failures + 1
    assert once.not_before is not None
    assert twice.not_before is not None
    assert FIRST_PAUSE <= once.not_before - NOW <= LONGEST_PAUSE * (1 + JITTER)
    assert once.not_before <= twice.not_before
    assert once.asked_until is None


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 15), (1, 30), (2, 60), (7, 1920), (8, 3600), (20, 3600)]
)
def test_the_pause_doubles(failures: int, seconds: int) -> None:
    after = after_failure(replace(WELL, failures=failures), down(), NOW, 0.0)

    assert after.not_before == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("kind", [Unavailable, RateLimited])
def test_what_one_calendar_was_told_holds_for_the_whole_host(
    kind: type[Unavailable] | type[RateLimited],
) -> None:
    error = kind("later", host=NAME, retry_after=timedelta(minutes=40))

    after = after_failure(WELL, error, NOW, 0.0)

    assert after.asked_until == NOW + timedelta(minutes=40)
    assert later(after, NOW + timedelta(minutes=30), 0.0, wanted=True, waits=False) is not None
    assert later(ASKING, NOW + timedelta(hours=3), 0.0, wanted=False, waits=True) is None


@pytest.mark.parametrize("days", [1, 7])
def test_one_calendar_silences_its_host_for_an_hour_at_most(days: int) -> None:
    after = after_failure(WELL, down(timedelta(days=days)), NOW, 0.0)

    assert after.asked_until == NOW + LONGEST_WISH
    assert later(after, NOW + timedelta(hours=1), 0.0, wanted=False, waits=True) is None

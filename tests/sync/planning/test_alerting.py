"""What somebody must hear of, and when it begins and ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.ids import new_id
from hub.models.links import LINK_STATES
from sync.planning import alerting
from sync.planning.alerting import CAUSES, ConflictFacts, LinkFacts, Standing, Trouble

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
GUARD = Trouble("guard", "guard:1", "It is guarded", "Look.")
WELL = LinkFacts(
    id=new_id(),
    property_id=new_id(),
    channel="Seaside",
    place="Casa Azul, Room 1",
    state="active",
    reason=None,
    polled=True,
    interval=15 * MINUTE,
    known_at=NOW - 15 * MINUTE,
    failures=0,
    draining_since=None,
)


def causes(link: LinkFacts) -> list[str]:
    return [trouble.cause for trouble in alerting.of_link(link, NOW)]


def test_a_link_that_is_well_raises_nothing() -> None:
    assert causes(WELL) == []


@pytest.mark.parametrize(
    ("interval", "age", "stale"),
    [
        (15 * MINUTE, 60 * MINUTE, False),
        (15 * MINUTE, 61 * MINUTE, True),
        (60 * MINUTE, 180 * MINUTE, False),
        (60 * MINUTE, 181 * MINUTE, True),
    ],
)
def test_a_link_is_stale_after_three_intervals_and_never_within_an_hour(
    interval: timedelta, age: timedelta, stale: bool
) -> None:
    link = replace(WELL, interval=interval, known_at=NOW - age)
    assert causes(link) == (["link_stale"] if stale else [])


def test_a_link_that_only_tells_is_never_stale() -> None:
    assert causes(replace(WELL, polled=False, known_at=NOW - timedelta(days=9))) == []


def test_two_failures_in_a_row_are_none_and_three_are() -> None:
    assert causes(replace(WELL, failures=2)) == []
    assert causes(replace(WELL, failures=3)) == ["link_failing"]


@pytest.mark.parametrize(("state", "cause"), [("guarded", "guard"), ("needs_auth",) * 2, ("lost",) * 2])
def test_a_state_that_a_person_must_end_is_told(state: str, cause: str) -> None:
    (found,) = alerting.of_link(replace(WELL, state=state, reason="the calendar lost 40 stays"), NOW)
    assert found.cause == cause
    assert "40 stays" in found.words
    assert "stays held" in found.words


def test_who_hears_of_a_guard_is_told_to_release_or_to_keep_and_that_it_may_end_by_itself() -> None:
    (found,) = alerting.of_link(replace(WELL, state="guarded"), NOW)
    said = ("free by itself", f"hub link release {WELL.id}", f"hub link keep {WELL.id}")
    assert [words in found.words for words in said] == [True, True, True]


def test_what_we_took_back_drains_for_seven_days_before_anybody_is_told() -> None:
    assert causes(replace(WELL, draining_since=NOW - timedelta(days=7))) == []
    assert causes(replace(WELL, draining_since=NOW - timedelta(days=7, seconds=1))) == ["draining"]


def test_conflicts_are_told_one_by_one_with_their_nights() -> None:
    first = ConflictFacts(
        new_id(), "EXTERNAL_OVERLAP", WELL.id, WELL.property_id, "Seaside", "Room 1", NOW, NOW + MINUTE
    )
    told = [alerting.of_conflict(first), alerting.of_conflict(replace(first, id=new_id()))]
    assert told[0].key != told[1].key
    assert "2026-06-01" in told[0].subject


def test_while_beat_is_silent_the_silence_of_workers_means_nothing() -> None:
    long_ago = NOW - 2 * MINUTE

    def told(**hearts: datetime) -> list[str]:
        return [trouble.cause for trouble in alerting.of_hub(hearts, NOW)]

    assert told(beat=NOW, worker=NOW) == []
    assert told(beat=NOW - MINUTE, worker=NOW - MINUTE) == []
    assert told(beat=NOW, worker=long_ago) == ["worker_silent"]
    assert told(beat=long_ago, worker=long_ago) == ["beat_silent"]
    assert told() == []


def test_every_cause_that_is_found_is_in_the_table_and_says_what_to_do() -> None:
    ill = replace(WELL, known_at=NOW - timedelta(days=9), failures=5, draining_since=NOW - timedelta(days=9))
    conflict = ConflictFacts(
        new_id(), "UNPLACED", WELL.id, WELL.property_id, "Seaside", "Room 1", NOW, NOW + MINUTE
    )
    found = [
        *(trouble for state in LINK_STATES for trouble in alerting.of_link(replace(ill, state=state), NOW)),
        alerting.of_conflict(conflict),
        *alerting.of_outbox(new_id(), 1),
        *alerting.of_hub({"beat": NOW - 2 * MINUTE}, NOW),
        *alerting.of_hub({"beat": NOW, "worker": NOW - 2 * MINUTE}, NOW),
    ]
    assert {trouble.cause for trouble in found} == set(CAUSES)
    for trouble in found:
        assert trouble.key.partition(":")[0] == trouble.cause
        assert len(trouble.words) > 40
        assert "\n" not in trouble.subject
        assert "{" not in trouble.words


# What becomes of a cause that comes and goes


def play(present: list[bool], every: timedelta, trouble: Trouble = GUARD) -> list[tuple[int, str]]:
    """Looks in turn: at which of them something was told."""
    row: Standing | None = None
    told = []
    for number, here in enumerate(present):
        now = NOW + number * every
        for step in alerting.steps([row] if row else [], [trouble] if here else [], now):
            if step.kind == "see":
                row = Standing(step.key, trouble.cause, now)
                continue
            assert row is not None
            if step.kind in ("open", "recover"):
                told.append((number, step.kind))
            changes = {
                "open": {"opened_at": now},
                "miss": {"missing_since": now},
                "return": {"missing_since": None},
            }
            row = replace(row, **changes[step.kind]) if step.kind in changes else None  # type: ignore[arg-type]
    return told


TEN = timedelta(seconds=10)


def test_what_holds_is_told_once_and_its_end_once() -> None:
    looks = [True] * 30 + [False] * 30
    assert play(looks, TEN) == [(2, "open"), (36, "recover")]


def test_what_is_gone_at_the_next_look_is_told_to_nobody() -> None:
    assert play([True, False] * 50, TEN) == []


def test_what_comes_back_within_a_minute_was_never_gone() -> None:
    assert play([True] * 5 + [False, False, False, True, True] * 20, TEN) == [(2, "open")]


def test_after_a_standstill_a_stale_link_has_five_minutes_to_be_pulled() -> None:
    stale = replace(GUARD, cause="link_stale", key="link_stale:1")
    assert play([True] * 30 + [False] * 10, TEN, stale) == []
    assert play([True] * 31, TEN, stale) == [(30, "open")]


@given(st.lists(st.booleans(), max_size=80), st.integers(1, 90))
def test_laws_of_telling(looks: list[bool], seconds: int) -> None:
    every = timedelta(seconds=seconds)
    told = play(looks, every)
    kinds = [kind for _, kind in told]
    assert kinds == ["open", "recover"] * (len(kinds) // 2) + ["open"] * (len(kinds) % 2)
    for number, kind in told:
        held = CAUSES["guard"].opens_after if kind == "open" else CAUSES["guard"].recovers_after
        within = [n for n in range(number + 1) if (number - n) * every <= held]
        assert len(within) >= 1
        assert all(looks[n] == (kind == "open") for n in within)
        assert number > 0, "one look is never enough"


@given(st.sets(st.integers(0, 9)), st.sets(st.integers(0, 9)))
def test_one_cause_says_nothing_of_another(before: set[int], found: set[int]) -> None:
    standing = [Standing(f"guard:{n}", "guard", NOW - MINUTE) for n in before]
    troubles = [replace(GUARD, key=f"guard:{n}") for n in found]
    taken = {step.key: step.kind for step in alerting.steps(standing, troubles, NOW)}
    assert taken == {
        f"guard:{n}": "open" if n in before & found else "drop" if n in before else "see"
        for n in before | found
    }


@given(st.integers(1, 60), st.floats(0, 1), st.none() | st.timedeltas(timedelta(0), timedelta(days=7)))
def test_retries_come_more_and_more_rarely_and_never_before_they_were_asked_for(
    attempts: int, jitter: float, asked: timedelta | None
) -> None:
    wait = alerting.retry_after(attempts, asked, jitter)
    assert alerting.FIRST_RETRY <= wait <= alerting.LONGEST_RETRY * 1.25
    assert wait >= alerting.retry_after(max(attempts - 1, 1), None, 0)
    if asked:
        assert wait >= min(asked, alerting.LONGEST_RETRY)

"""What it means for a booking that channels could not be asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.evidence import (
    GOOD,
    CheckState,
    Evidence,
    Policy,
    Sight,
    Verdict,
    ago,
    in_words,
    state_of,
    strictest,
)

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
policies = st.sampled_from(list(Policy))
counts = st.integers(0, 5)


def sight(verdict: Verdict, verified_at: datetime | None = NOW, why: str = "") -> Sight:
    return Sight(UUID(int=1), "Seaside Rentals", "Room 1", verdict, verified_at, why=why)


@given(policies, counts, st.sampled_from([None, CheckState.AWAITING, CheckState.FLAGGED]))
def test_whose_channels_all_answered_is_never_refused(
    policy: Policy, asked: int, on_hold: CheckState | None
) -> None:
    assert state_of(policy, asked, 0, on_hold) in (CheckState.VERIFIED, CheckState.UNCHECKED)


@given(policies, st.integers(1, 5), st.integers(1, 5))
def test_what_is_not_vouched_for_is_never_called_verified(policy: Policy, asked: int, bad: int) -> None:
    state = state_of(policy, asked, min(asked, bad), CheckState.AWAITING)
    expected = {
        Policy.OFF: CheckState.UNCHECKED,
        Policy.FLAG: CheckState.FLAGGED,
        Policy.HOLD: CheckState.AWAITING,
        Policy.REFUSE: None,
    }
    assert state is expected[policy]


def test_what_can_not_be_held_is_refused_where_the_policy_is_to_hold() -> None:
    assert state_of(Policy.HOLD, 1, 1, None) is None


@given(st.lists(policies, min_size=1))
def test_the_strictest_of_several_policies_counts_whatever_their_order(found: list[Policy]) -> None:
    assert strictest(found) is strictest(list(reversed(found)))
    assert strictest(found) in found
    assert strictest([*found, Policy.REFUSE]) is Policy.REFUSE


def test_of_no_types_nothing_is_asked() -> None:
    assert strictest([]) is Policy.OFF


@pytest.mark.parametrize("verdict", list(Verdict))
def test_evidence_tells_bad_words_from_good_ones(verdict: Verdict) -> None:
    one = sight(verdict)
    evidence = Evidence(NOW, {one.link_id: one})
    assert evidence.bad([one.link_id]) == (() if verdict in GOOD else (one,))
    assert evidence.covers([one.link_id])
    assert not evidence.covers([one.link_id, UUID(int=2)])


def test_who_is_refused_reads_which_channel_did_what_and_how_old_its_word_is() -> None:
    late = sight(Verdict.LATE, NOW - timedelta(hours=26))
    assert in_words(late, NOW) == "Seaside Rentals (Room 1) did not answer in time; it was last read 26 h ago"
    failed = sight(Verdict.FAILED, None, "answered 500")
    assert in_words(failed, NOW) == (
        "Seaside Rentals (Room 1) could not be read: answered 500; it was never read"
    )


@pytest.mark.parametrize(
    ("since", "said"),
    [
        (timedelta(seconds=-1), "0 s"),
        (timedelta(seconds=119), "119 s"),
        (timedelta(minutes=2), "2 min"),
        (timedelta(hours=2), "2 h"),
        (timedelta(days=2), "2 d"),
    ],
)
def test_how_long_ago_is_said_roughly(since: timedelta, said: str) -> None:
    assert ago(since) == said

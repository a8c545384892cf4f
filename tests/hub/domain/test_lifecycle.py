"""The table of statuses: its laws, and the sentences it refuses with."""

from __future__ import annotations

from itertools import product

import pytest

from hub.domain.lifecycle import (
    ACTIONS,
    ALLOCATING,
    EXPORTED,
    FINAL,
    FIRST,
    LIFECYCLE,
    MOVABLE,
    Status,
    may_become,
    refusal,
)

STEPS = [(now, then) for now, then in product(Status, Status) if may_become(now, then)]


def reachable(start: Status) -> set[Status]:
    found, waiting = {start}, [start]
    while waiting:
        fresh = LIFECYCLE[waiting.pop()].then - found
        found |= fresh
        waiting += fresh
    return found


def test_every_status_has_its_row_and_can_be_reached_from_a_hold() -> None:
    assert set(LIFECYCLE) == set(Status) == reachable(Status.HELD)
    assert len(Status) == 10


def test_every_status_leads_to_a_final_one() -> None:
    assert {Status.COMPLETED, Status.EXPIRED, Status.CANCELLED, Status.NO_SHOW} == FINAL
    assert all(reachable(status) & FINAL for status in Status)


def test_what_gave_its_nights_away_never_takes_them_back() -> None:
    assert not [(now, then) for now, then in STEPS if now not in ALLOCATING and then in ALLOCATING]


def test_what_never_took_place_gives_its_nights_back_and_a_past_stay_keeps_them() -> None:
    assert set(Status) - ALLOCATING == {Status.EXPIRED, Status.CANCELLED, Status.NO_SHOW}


def test_channels_are_told_exactly_what_we_refuse_to_sell() -> None:
    assert EXPORTED == ALLOCATING


def test_what_is_movable_restorable_or_payable_has_its_nights() -> None:
    for status, stage in LIFECYCLE.items():
        if stage.movable or stage.restorable or stage.payable:
            assert status in ALLOCATING
            assert not stage.final


def test_nobody_who_has_the_key_is_moved() -> None:
    assert {Status.HELD, Status.PENDING, Status.CONFIRMED} == MOVABLE


def test_a_hold_expires_but_a_confirmed_booking_does_not() -> None:
    assert may_become(Status.HELD, Status.EXPIRED)
    assert may_become(Status.PENDING, Status.EXPIRED)
    assert not may_become(Status.CONFIRMED, Status.EXPIRED)


def test_a_mistaken_check_out_can_be_undone_until_the_accounts_are_closed() -> None:
    assert may_become(Status.CHECKED_OUT, Status.CHECKED_IN)
    assert not may_become(Status.COMPLETED, Status.CHECKED_IN)


def test_only_the_mistaken_check_out_leads_back() -> None:
    loops = {(now, then) for now, then in STEPS if now in reachable(then)}

    assert loops == {
        (Status.CHECKED_OUT, Status.CHECKED_IN),
        (Status.CHECKED_IN, Status.CHECKED_OUT),
        (Status.CHECKED_IN, Status.IN_PROGRESS),
        (Status.IN_PROGRESS, Status.CHECKED_OUT),
    }


@pytest.mark.parametrize(("now", "then"), list(product(Status, Status)))
def test_a_step_is_either_possible_or_refused_in_words(now: Status, then: Status) -> None:
    reason = refusal(now, then)

    assert (reason is None) == may_become(now, then)
    if reason is not None:
        assert reason.field == "status"
        assert reason.facts["possible"] == sorted(LIFECYCLE[now].then)
        assert reason.message.endswith("already") == (now is then)


@pytest.mark.parametrize(
    ("now", "then", "message"),
    [
        (Status.CANCELLED, Status.CONFIRMED, "a cancelled booking cannot be confirmed"),
        (Status.CONFIRMED, Status.EXPIRED, "a confirmed booking cannot expire"),
        (Status.NO_SHOW, Status.CHECKED_IN, "a no-show cannot be checked in"),
        (Status.IN_PROGRESS, Status.NO_SHOW, "a booking in progress cannot become a no-show"),
        (Status.CONFIRMED, Status.CONFIRMED, "this is a confirmed booking already"),
    ],
)
def test_a_refusal_is_in_plain_words(now: Status, then: Status, message: str) -> None:
    reason = refusal(now, then)

    assert reason is not None
    assert reason.message == message


def test_every_action_leads_somewhere_and_no_two_to_the_same_status() -> None:
    assert len(set(ACTIONS.values())) == len(ACTIONS)
    assert all(any(may_become(now, then) for now in Status) for then in ACTIONS.values())


def test_a_booking_starts_early_in_its_life() -> None:
    assert FIRST == (Status.HELD, Status.CONFIRMED)

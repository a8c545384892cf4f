"""How long one must wait after failed tries, from values alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.domain import lockout
from hub.domain.lockout import (
    LONGEST,
    PER_ACCOUNT,
    PER_ADDRESS,
    PER_PLACE,
    Table,
    Tries,
    after_failure,
    refused,
    waits,
    waits_here,
)

NOW = datetime(2030, 6, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

tables = st.sampled_from([PER_PLACE, PER_ACCOUNT, PER_ADDRESS])
gaps = st.lists(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=2)), max_size=60)


@pytest.mark.parametrize(
    ("failures", "minutes"),
    [
        (1, None),
        (4, None),
        (5, 1),
        (6, 2),
        (7, 4),
        (8, 8),
        (9, 16),
        (10, 32),
        (11, 60),
        (12, 60),
        (10**9, 60),
    ],
)
def test_the_first_wait_in_one_place_is_a_minute_and_each_further_one_twice_as_long(
    failures: int, minutes: int | None
) -> None:
    assert PER_PLACE.wait(failures) == (timedelta(minutes=minutes) if minutes else None)


@pytest.mark.parametrize(("failures", "wait"), [(49, None), (50, MINUTE), (60, MINUTE), (10**9, MINUTE)])
def test_an_account_waits_a_minute_at_most_and_only_after_many_failures(
    failures: int, wait: timedelta | None
) -> None:
    assert PER_ACCOUNT.wait(failures) == wait


def test_an_address_may_fail_more_often_than_an_account() -> None:
    assert PER_ADDRESS.wait(99) is None
    assert PER_ADDRESS.wait(100) == MINUTE


def test_a_wait_ends_on_time() -> None:
    locked = Tries(5, NOW, NOW + MINUTE)
    assert waits(locked, NOW + timedelta(seconds=59)) == timedelta(seconds=1)
    assert waits(locked, NOW + MINUTE) is None
    assert waits(None, NOW) is None


@pytest.mark.parametrize(("hours", "left"), [(0.9, 5), (1, 4), (4.5, 1), (5, 0), (50, 0)])
def test_every_hour_without_a_try_one_failure_is_forgotten(hours: float, left: int) -> None:
    assert lockout.remembered(Tries(5, NOW, None), NOW + timedelta(hours=hours)) == left


def test_a_clock_that_was_set_back_forgets_nothing() -> None:
    assert lockout.remembered(Tries(5, NOW, None), NOW - timedelta(days=1)) == 5


@given(tables, gaps)
def test_nobody_ever_waits_longer_than_an_hour_and_failures_without_pause_are_all_counted(
    table: Table, gaps: list[timedelta]
) -> None:
    tries, now = Tries(0, NOW, None), NOW
    for gap in gaps:
        now += gap
        tries = after_failure(table, tries, now)
        assert (waits(tries, now) or timedelta(0)) <= table.longest <= LONGEST
        assert 1 <= tries.failures <= table.most
    if all(gap == timedelta(0) for gap in gaps):
        assert tries.failures == min(len(gaps), table.most)


@given(tables, st.integers(0, 10**6))
def test_after_a_while_without_a_try_nothing_counts(table: Table, failures: int) -> None:
    tries = Tries(min(failures, table.most), NOW, None)
    assert lockout.remembered(tries, NOW + lockout.WORTHLESS_AFTER) == 0


def test_who_goes_on_for_a_day_is_heard_forty_times_at_most() -> None:
    tries, now, heard = Tries(0, NOW, None), NOW, 0
    while now < NOW + timedelta(days=1):
        tries = after_failure(PER_PLACE, tries, now)
        heard += 1
        now += waits(tries, now) or timedelta(0)
    assert heard <= 40


class Account:
    """One account under the laws alone: what each place has failed, and all of them together."""

    def __init__(self) -> None:
        self.everywhere = Tries(0, NOW, None)
        self.places: dict[int, Tries] = {}

    def hears(self, place: int, now: datetime) -> bool:
        """A try, counted as a failure where it is heard."""
        here = self.places.get(place, Tries(0, now, None))
        wait = waits_here(here, self.everywhere, now)
        if wait is None:
            self.everywhere = after_failure(PER_ACCOUNT, self.everywhere, now)
        self.places[place] = after_failure(PER_PLACE, here, now) if wait is None else refused(here, wait, now)
        return wait is None


@given(
    networks=st.sampled_from([1, 2, 60, 500]),
    every=st.integers(1, 30),
    first=st.integers(0, 600),
)
@settings(max_examples=25, deadline=None)
def test_an_owner_elsewhere_gets_in_although_a_stranger_fails_all_the_time(
    networks: int, every: int, first: int
) -> None:
    """With the right password, every five minutes: at the second try at the latest, from how many networks
    ever the stranger tries."""
    account = Account()
    for tried, second in enumerate(range(0, 7200, every)):
        now = NOW + timedelta(seconds=second)
        account.hears(1 + tried % networks, now)
        due = second - first
        if due >= 0 and due % 300 < every:
            if account.hears(0, now):
                return
            assert due < 300, "who has waited is heard"
    pytest.fail("the owner never got in")


def test_a_stranger_in_one_place_never_makes_others_wait() -> None:
    account = Account()
    for minute in range(3 * 24 * 60):
        account.hears(1, NOW + minute * MINUTE)
        assert waits(account.everywhere, NOW + minute * MINUTE) is None


def test_who_sits_out_the_accounts_wait_is_heard_once_and_then_waits_again() -> None:
    account = Account()
    for place in range(1, 51):
        assert account.hears(place, NOW)
    assert not account.hears(0, NOW)
    assert account.hears(51, NOW + MINUTE), "the wait is over for everybody"
    assert not account.hears(52, NOW + MINUTE)
    assert account.hears(0, NOW + MINUTE), "who was refused has waited, whoever came first"
    assert not account.hears(0, NOW + MINUTE)

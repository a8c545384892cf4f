"""A calendar that is out of reach: told in plain words, touching nothing, and made up for afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import text

from hub import clock as hub_clock
from hub.domain.lifecycle import Status
from hub.domain.periods import Nights
from sync import connecting, linking
from sync.runtime import Runtime
from tests.conftest import FrozenClock
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.sync.both_sides import OWNER, BothSides, wired

TODAY = hub_clock.now().date()
ROWS = " UNION ALL ".join(
    f"SELECT '{table}' AS of, id::text || xmin::text AS row FROM {table}"
    for table in (
        "bookings",
        "booking_items",
        "allocations",
        "blackouts",
        "external_events",
        "external_blocks",
    )
)


def nights(start: int, length: int = 3) -> Nights:
    return Nights(TODAY + timedelta(days=start), TODAY + timedelta(days=start + length))


def days(*spans: Nights) -> list[tuple[str, str]]:
    return sorted((span.arrival.isoformat(), span.departure.isoformat()) for span in spans)


def shown(both: BothSides) -> list[tuple[str, str]]:
    return [one[:2] for one in both.shown()]


@pytest.fixture
def google() -> Iterator[GoogleCalendar]:
    double = GoogleCalendar()
    with wired(double):
        yield double
    assert double.violations == []


@pytest.fixture
def both(reaching: Runtime, google: GoogleCalendar) -> BothSides:
    return BothSides.build(reaching, google)


def sign_in_again(both: BothSides) -> None:
    token = {"refresh_token": both.google.oauth.refresh_token(OWNER)}
    both.do(lambda session: connecting.amend(session, both.connection_id, settings=token))


def resume(both: BothSides) -> None:
    both.do(lambda session: linking.resume(session, both.link_id))


@dataclass(frozen=True)
class Loss:
    happens: Callable[[BothSides], object]
    ends: Callable[[BothSides], object]
    state: str
    words: tuple[str, ...]
    """What the link says: what is wrong, and what to do"""


def _share_and_resume(both: BothSides) -> None:
    both.person.shares(both.calendar, OWNER, "owner")
    resume(both)


def _restore_and_resume(both: BothSides) -> None:
    both.google.world.restore_calendar(both.calendar)
    resume(both)


LOSSES = {
    "the sign-in is revoked": Loss(
        lambda both: both.google.oauth.revoke(OWNER),
        sign_in_again,
        "needs_auth",
        ("no longer accepts the sign-in", "sign in to Google again"),
    ),
    "the calendar is not shared any more": Loss(
        lambda both: both.person.unshares(both.calendar, OWNER),
        _share_and_resume,
        "needs_auth",
        ("does not let this account", "have it shared"),
    ),
    "the calendar is deleted": Loss(
        lambda both: both.person.deletes_calendar(both.calendar),
        _restore_and_resume,
        "lost",
        ("not there any more", "link another calendar"),
    ),
}


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())
def test_a_loss_is_told_touches_nothing_and_is_made_up_for(both: BothSides, loss: Loss) -> None:
    stay, moved, gone, closed, meanwhile = nights(20), nights(30), nights(40), nights(50), nights(60)
    both.book(stay)
    to_move, to_cancel = both.book(moved), both.book(gone)
    both.person.creates("Painters", closed.arrival, closed.departure, both.calendar)
    both.rest()
    loss.happens(both)
    before, there = rows(both), both.google.effects()

    for _ in range(3):
        assert both.sync().state == "failed"

    link = both.link()
    assert link.state == loss.state
    assert link.state_reason is not None
    for words in loss.words:
        assert words in link.state_reason
    assert rows(both) == before
    assert both.google.effects() == there

    both.book(meanwhile)
    both.move(to_move, nights(33))
    both.cancel(to_cancel)
    both.sync()
    assert both.google.effects() == there

    loss.ends(both)
    both.rest()

    assert shown(both) == days(stay, nights(33), closed, meanwhile)
    assert both.link().state == "active"
    assert both.link().state_reason is None
    assert len(both.blocks()) == 1
    assert both.conflicts() == []


def test_a_calendar_that_tells_nothing_any_more_is_not_taken_for_an_empty_one(both: BothSides) -> None:
    spans = [nights(20 + 5 * n) for n in range(6)]
    booked = [both.book(span) for span in spans]
    both.rest()
    both.person.unshares(both.calendar, OWNER)
    both.google.world.strangers_see = 404
    both.google.world.expire_sync_tokens(both.calendar)
    both.cancel(booked[0])

    both.sync()

    assert both.link().state == "lost"
    assert [both.booking(one).status for one in booked[1:]] == [Status.CONFIRMED] * 5
    assert [item.remote_state for item in both.items()] == ["present"] * 6
    _share_and_resume(both)
    both.rest()
    assert shown(both) == days(*spans[1:])


def test_a_token_that_ends_in_the_middle_of_a_pass_is_renewed(both: BothSides) -> None:
    both.rest()
    spans = [nights(20 + 5 * n) for n in range(3)]
    for span in spans:
        both.book(span)
    before = both.google.oauth.exchanges
    both.google.world.changed.append(lambda _calendar: both.google.oauth.expire_access_tokens())

    outcome = both.sync()

    assert (outcome.state, outcome.counts) == ("changed", {"created": 3})
    assert shown(both) == days(*spans)
    assert both.google.oauth.exchanges - before >= 2
    assert len(both.google.effects()) == 3


@pytest.mark.parametrize(("status", "reason"), [(403, "rateLimitExceeded"), (429, "rateLimitExceeded")])
def test_a_quota_pauses_the_whole_link_and_afterwards_all_arrives_once(
    both: BothSides, clock: FrozenClock, status: int, reason: str
) -> None:
    both.rest()
    spans = [nights(20 + 5 * n) for n in range(5)]
    for span in spans:
        both.book(span)
    both.google.faults.out_of_quota(1000, status, reason, operation="events.insert", skip=2)

    assert both.sync().state == "failed"

    assert len(both.google.effects()) == 2
    first = rest_of(both)
    assert timedelta(seconds=10) <= first <= timedelta(seconds=20)
    assert both.link().state == "active"

    late = nights(80)
    both.book(late)
    both.google.reset_log()
    clock.advance(first - timedelta(seconds=1))
    assert both.sync().state == "busy"
    assert both.google.requests() == []

    clock.advance(timedelta(seconds=1))
    assert both.sync().state == "failed"
    assert timedelta(seconds=20) <= rest_of(both) <= timedelta(seconds=40)
    assert both.google.effects() == []

    both.google.faults.clear()
    clock.advance(rest_of(both))
    both.rest()
    assert shown(both) == days(*spans, late)
    assert len(both.google.effects()) == 4
    assert both.link().rests_until is None


def test_links_that_run_into_a_quota_at_one_moment_do_not_come_back_at_one(
    both: BothSides, clock: FrozenClock
) -> None:
    found = set()
    for number in range(4):
        both.book(nights(20 + 5 * number))
        both.google.faults.out_of_quota(operation="events.list")
        both.sync()
        found.add(rest_of(both))
        resume(both)
        clock.advance(rest_of(both))

    assert len(found) == 4


def rest_of(both: BothSides) -> timedelta:
    """How long the link has been told to rest, from now on."""
    until_then = both.link().rests_until
    assert until_then is not None
    return until_then - hub_clock.now()


def rows(both: BothSides) -> frozenset[tuple[str, str]]:
    return both.do(lambda session: frozenset((row.of, row.row) for row in session.execute(text(ROWS))))

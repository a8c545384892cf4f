"""When to pull a link again, and when to stop and ask a person. PURE: jitter is handed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.errors import ConnectorError, NeedsReconnect, RateLimited, Rejected, Unavailable

SHORTEST = timedelta(seconds=60)
LONGEST = timedelta(hours=6)
NEAR = timedelta(hours=48)
OFTEN = timedelta(minutes=5)
JITTER = 0.25
"""Polls are spread by a quarter either way, so that many links do not strike one host at once."""

REFUSALS_BEFORE_GIVING_UP = 5
"""Channels answer 403 and 404 in passing; only a row of them means that the calendar is gone for us"""

TO_DO = {
    "needs_auth": "sign in again, then resume the link",
    "lost": "give the link the calendar's new address",
}

CRASHES_BEFORE_SETTING_ASIDE = 3


@dataclass(frozen=True, slots=True)
class Refusals:
    """Failures in a row that all say the same of a link, and the state that it has after enough of them."""

    state: str = ""
    number: int = 0


NO_REFUSAL = Refusals()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a link after a failure; `reason` is plain words with what to do."""

    state: str
    reason: str | None
    next_pull_at: datetime


def near_arrivals(interval: timedelta, arrives_in: timedelta | None) -> timedelta:
    """
    How often to pull a link: twice as often while somebody is about to arrive, down to every five minutes.

    `arrives_in` is the time until a stay begins there, or a night that could still be sold; None where there
    is neither. An interval that a person made shorter than that stays what it is.
    """
    if arrives_in is None or arrives_in > NEAR:
        return interval
    return min(interval, max(interval / 2, OFTEN))


def after_success(now: datetime, interval: timedelta, jitter: float) -> datetime:
    """`jitter` is anywhere from 0 to 1."""
    return now + interval * (1 - JITTER + 2 * JITTER * jitter)


def while_waiting(now: datetime, usual: datetime, again_at: datetime, jitter: float) -> datetime:
    """
    When to pull a link of which something waits to be freed: when a reading counts again, and a little later
    rather than earlier. `usual` is when it would be pulled otherwise.
    """
    return min(usual, max(again_at, now + SHORTEST) + SHORTEST * jitter)


def refusals(before: Refusals, error: ConnectorError) -> Refusals:
    """One failure more. Of another kind it ends the row: what is out of order now was no refusal."""
    state = ""
    if isinstance(error, NeedsReconnect):
        state = "needs_auth"
    elif isinstance(error, Rejected):
        state = "lost"
    if not state:
        return NO_REFUSAL
    return Refusals(state, before.number + 1 if before.state == state else 1)


def after_failure(
    error: ConnectorError,
    now: datetime,
    interval: timedelta,
    failures: int,
    jitter: float,
    refused: Refusals = NO_REFUSAL,
) -> Verdict:
    """
    `failures` counts those in a row, `refused` the refusals among the last of them, this one included in
    both. What is held stays held in any case.
    """
    wait = min(max(interval, SHORTEST) * 2 ** min(failures - 1, 16), max(LONGEST, interval))
    if isinstance(error, Unavailable | RateLimited) and error.retry_after is not None:
        wait = max(wait if isinstance(error, RateLimited) else SHORTEST, error.retry_after)
    next_pull_at = now + wait * (1 + JITTER * jitter)
    if refused.number >= REFUSALS_BEFORE_GIVING_UP:
        return Verdict(refused.state, f"{error.message}; {TO_DO[refused.state]}", next_pull_at)
    return Verdict("active", None, next_pull_at)

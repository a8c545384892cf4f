"""How many may ask at once: of one host, and for one organization; and when a host is left alone. PURE."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.errors import ConnectorError, RateLimited, Unavailable

AT_ONCE = 4
"""Calendars that are asked of one host at one time, unless the settings say otherwise"""
FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(hours=1)
LONGEST_WISH = timedelta(hours=1)
"""Of what is asked of all: it is said to one calendar, which itself stays away for as long as it was told"""
A_TURN = timedelta(seconds=1)
"""So long one waits for a turn at a host with the lease in one's hand; for a later one it comes again"""
A_MOMENT = timedelta(seconds=1)
"""After which whoever found a host crowded looks again"""
JITTER = 0.25


@dataclass(frozen=True, slots=True)
class Standing:
    """How a host stands with us; `running` are the calendars being asked of it, one's own included."""

    name: str
    running: int = 0
    failures: int = 0
    """In a row, whichever of its calendars they were"""
    not_before: datetime | None = None
    """Our own pause"""
    asked_until: datetime | None = None
    """The host's own wish"""
    crowding: bool = False
    """Whose calendar it is has as many asked as it may while others wait, this one not counted"""
    turn: timedelta = timedelta()
    """After which its turn comes, where the host is not to be asked twice within some time"""


@dataclass(frozen=True, slots=True)
class Later:
    """Not now: `why` is for whoever asked for it by hand."""

    until: datetime
    why: str


def room(failures: int, at_once: int = AT_ONCE) -> int:
    """How many may be asked at once: a host that failed is tried by one alone."""
    return 1 if failures else at_once


def share(pullers: int) -> int:
    """
    How many of so many pullers may be at work for one organization while others wait: half of them. What it
    links to may keep each of them for as long as a channel may take.
    """
    return max(1, pullers // 2)


def later(
    host: Standing, now: datetime, jitter: float, *, wanted: bool, waits: bool, at_once: int = AT_ONCE
) -> Later | None:
    """
    Whether a pull that is about to begin must wait; `jitter` is anywhere from 0 to 1.

    `wanted`: a person asked for it, whom our own pause does not stop; the host's wish does. `waits`: it can
    come again in a moment, so that it is not let in where too many are already.
    """
    if host.asked_until is not None and host.asked_until > now:
        why = f"{host.name} asked not to be asked before {host.asked_until:%Y-%m-%d %H:%M:%S} UTC"
        return Later(_spread(host.asked_until, jitter), why)
    if not wanted and host.not_before is not None and host.not_before > now:
        why = f"{host.name} does not answer well and is left alone for a while"
        return Later(_spread(host.not_before, jitter), why)
    if waits and host.running > room(host.failures, at_once):
        return Later(now + A_MOMENT * (1 + jitter), f"{host.name} is busy with others")
    if waits and host.crowding:
        return Later(now + A_MOMENT * (1 + jitter), "many of the organization's calendars are read already")
    return None


def not_yet(host: str, turn: timedelta, now: datetime, jitter: float) -> Later:
    """Others have their turns before: to be asked again when the last of them has had it."""
    return Later(now + turn + A_MOMENT * (jitter / 2), f"{host} was asked a moment ago, and others are next")


def after_failure(host: Standing, error: ConnectorError, now: datetime, jitter: float) -> Standing:
    """The standing of a host that failed as a whole."""
    failures = host.failures + 1
    pause = min(FIRST_PAUSE * 2 ** min(failures - 1, 16), LONGEST_PAUSE)
    wish = error.retry_after if isinstance(error, Unavailable | RateLimited) else None
    asked_until = now + min(wish, LONGEST_WISH) if wish is not None else None
    return Standing(error.host, 0, failures, now + pause * (1 + JITTER * jitter), asked_until)


def _spread(until: datetime, jitter: float) -> datetime:
    """Those who wait for one moment do not all come at it."""
    return until + A_MOMENT * (30 * jitter)

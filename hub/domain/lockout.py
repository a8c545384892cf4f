"""
How long somebody must wait who failed to sign in too often.

Each failure beyond the free ones doubles the wait, up to the table's longest. For every hour without a try
one failure is forgotten. A try during the wait is refused unheard and counts for nothing.

An account's failures are counted for each place from which they come, so that a stranger shuts out nobody
elsewhere. Those of all places together only slow down who has many places, by a wait that each place sits
out once: whoever has waited is heard, whatever others do meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

LONGEST = timedelta(hours=1)
FORGETS_ONE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Table:
    """After `free` failures the first wait; twice as long after each further one, up to the longest."""

    free: int
    first: timedelta = timedelta(minutes=1)
    longest: timedelta = LONGEST

    def wait(self, failures: int) -> timedelta | None:
        """After so many failures; None while they are free."""
        beyond = failures - self.free
        if beyond < 0:
            return None
        return min(self.longest, self.first * (1 << min(beyond, 10)))

    @property
    def most(self) -> int:
        """Failures that are counted: more would only have to be forgotten."""
        return self.free + 10


PER_PLACE = Table(free=5)
"""Of one account, from one network"""

PER_ACCOUNT = Table(free=50, longest=timedelta(minutes=1))
"""From all networks together"""

PER_ADDRESS = Table(free=100)
"""Many people may share one address: an office, a house full of guests, a mobile network"""

WORTHLESS_AFTER = FORGETS_ONE * PER_ADDRESS.most
"""Without a try; then nothing of it still counts"""


@dataclass(frozen=True, slots=True)
class Tries:
    """Failed ones, as of the last of them."""

    failures: int
    last_at: datetime
    locked_until: datetime | None


def waits(tries: Tries | None, now: datetime) -> timedelta | None:
    """For how long every further try is refused; None where it may be made."""
    if tries is None or tries.locked_until is None or tries.locked_until <= now:
        return None
    return tries.locked_until - now


def waits_here(place: Tries, account: Tries, now: datetime) -> timedelta | None:
    """
    For how long a try at the account is refused in this place.

    A place whose last wait is over has waited for the account too: else a stranger with many networks
    could prolong the account's wait for ever.
    """
    if place.locked_until is not None:
        return waits(place, now)
    return waits(account, now)


def refused(place: Tries, wait: timedelta, now: datetime) -> Tries:
    """The place, once it was told to wait so long: it counts no failure, and remembers until when."""
    return Tries(place.failures, place.last_at, now + wait)


def remembered(tries: Tries, now: datetime) -> int:
    """How many of the failures still count."""
    quiet = max(timedelta(0), now - tries.last_at)
    return max(0, tries.failures - quiet // FORGETS_ONE)


def after_failure(table: Table, tries: Tries, now: datetime) -> Tries:
    failures = min(remembered(tries, now) + 1, table.most)
    wait = table.wait(failures)
    return Tries(failures, now, now + wait if wait else None)

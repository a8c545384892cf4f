"""What becomes of a link after a pass that failed. PURE: jitter is handed in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from connectors.errors import ConnectorError, NeedsReconnect, RateLimited, Rejected, Unavailable
from sync.planning.schedule import Verdict

FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=15)
FIRST_REST = timedelta(seconds=10)
"""After a quota ran out; a minute's is full again within one"""
LONGEST_REST = timedelta(minutes=10)

SHARE = "share the calendar with the account again and resume the link, or link another calendar"
SIGN_IN = "sign in to the account again"
KEPT = "what is held stays held, and what waits is written then"
CHANGE = "change the link's settings, or make another link"
TO_DO: Mapping[str, str] = {"access_refused": SHARE, "calendar_gone": SHARE, "signed_out": KEPT}
"""By the codes of errors, beside what the channel's own words say; else a sign-in helps, or other settings"""


def after_failure(error: ConnectorError, now: datetime, failures: int, jitter: float) -> Verdict:
    """
    `failures` counts those in a row, this one included; `jitter` is anywhere from 0 to 1.

    A channel that is asked event by event says by its protocol that a sign-in or a calendar is gone: it is
    believed at once. All else passes, and is tried again.
    """
    wait = _wait(error, failures) * (1 + jitter)
    if isinstance(error, NeedsReconnect):
        return Verdict("needs_auth", f"{error.message}; {TO_DO.get(error.code, SIGN_IN)}", now + wait)
    if isinstance(error, Rejected):
        return Verdict("lost", f"{error.message}; {TO_DO.get(error.code, CHANGE)}", now + wait)
    return Verdict("active", None, now + wait)


def rests(error: Exception) -> bool:
    """Whether the whole link pauses: also what somebody changes meanwhile waits."""
    return isinstance(error, RateLimited) or (
        isinstance(error, Unavailable) and error.retry_after is not None
    )


def _wait(error: ConnectorError, failures: int) -> timedelta:
    first, longest = (
        (FIRST_REST, LONGEST_REST) if isinstance(error, RateLimited) else (FIRST_WAIT, LONGEST_WAIT)
    )
    wait = min(first * (1 << min(failures - 1, 16)), longest)
    if isinstance(error, RateLimited | Unavailable) and error.retry_after is not None:
        wait = max(wait, error.retry_after)
    return wait

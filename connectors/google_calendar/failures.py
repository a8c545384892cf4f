"""
What Google's refusals mean for the caller: one table.

https://developers.google.com/workspace/calendar/api/guides/errors. No message repeats what Google wrote,
which may name a person or a calendar.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from connectors.errors import (
    ConnectorError,
    CursorExpired,
    NeedsReconnect,
    RateLimited,
    Rejected,
    Unavailable,
)
from connectors.transport import Reply, retry_after

HOST = "Google Calendar"

QUOTA = frozenset(
    {
        *("rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"),
        *("dailyLimitExceeded", "calendarUsageLimitsExceeded", "RATE_LIMIT_EXCEEDED"),
    }
)
_SCOPE = frozenset({"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"})

SIGNED_OUT = "Google no longer accepts the sign-in of this account: sign in to Google again"
CALENDAR_GONE = (
    "the calendar is not there any more, or is no longer shared with this account: choose another calendar, "
    "or have it shared again"
)
EXPIRED = f"{HOST} no longer knows what we listed last"
NO_DETAILS = (
    "this account may only see when the calendar is busy: have it shared so that event details can be seen, "
    "or choose access free_busy"
)
READ_ONLY = (
    "this account may only read that calendar: have it shared so that it may change events, or choose another"
)
NO_BUSY = "this account may not see when the calendar is busy: have it shared so that it may"
BUSY_NO_CONSENT = "the sign-in covers only calendars that we made, and not when others are busy"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer of Google's that is no success."""

    status: int
    headers: Mapping[str, str]
    reasons: frozenset[str] = frozenset()
    location: str = ""
    """The parameter at fault"""


@dataclass(frozen=True, slots=True)
class Row:
    """The first row that fits an answer holds; without reasons it fits all."""

    statuses: Collection[int]
    kind: type[ConnectorError]
    code: str
    words: str
    reasons: frozenset[str] = frozenset()

    def fits(self, said: Refusal) -> bool:
        return said.status in self.statuses and (
            not self.reasons or not self.reasons.isdisjoint(said.reasons)
        )


TABLE: tuple[Row, ...] = (
    Row({401}, NeedsReconnect, "signed_out", SIGNED_OUT),
    Row({403}, RateLimited, "rate_limited", f"{HOST} asks us to come less often", QUOTA),
    Row({429}, RateLimited, "rate_limited", f"{HOST} asks us to come less often"),
    Row(
        {403},
        NeedsReconnect,
        "not_enabled",
        "the Google Calendar API is not enabled for this hub: whoever runs it must do so at Google",
        frozenset({"accessNotConfigured", "SERVICE_DISABLED"}),
    ),
    Row(
        {403},
        NeedsReconnect,
        "scope_missing",
        "the sign-in does not cover what is needed: sign in to Google again, and leave every box ticked",
        _SCOPE,
    ),
    Row(
        {403},
        Rejected,
        "not_organizer",
        "only who organizes this event may change it",
        frozenset({"forbiddenForNonOrganizer"}),
    ),
    Row(
        {403},
        NeedsReconnect,
        "access_refused",
        "Google does not let this account do that in the calendar: have it shared with the right to make "
        "changes to events, or sign in with an account that has it",
    ),
    Row({404}, Rejected, "calendar_gone", CALENDAR_GONE),
    Row({410}, CursorExpired, "cursor_expired", EXPIRED),
    Row({408}, Unavailable, "remote_error", f"{HOST} did not read the request in time"),
    Row(range(400, 500), Rejected, "request_rejected", f"{HOST} rejects the request"),
    Row(range(500, 600), Unavailable, "remote_error", f"{HOST} answered with an error"),
)


def refusal(status: int, headers: Mapping[str, str], content: object) -> Refusal:
    """What an answer says, as far as it can be read; header names are lower-case."""
    try:
        said = json.loads(content) if isinstance(content, str | bytes) else None
        error = said["error"] if isinstance(said, dict) else None
    except (ValueError, RecursionError, KeyError):
        error = None
    if not isinstance(error, dict):
        return Refusal(status, headers)
    parts = [part for name in ("errors", "details") for part in _dicts(error.get(name))]
    reasons = frozenset(str(part["reason"]) for part in parts if "reason" in part)
    locations = [str(part["location"]) for part in parts if "location" in part]
    return Refusal(status, headers, reasons, locations[0] if locations else "")


def failure(said: Refusal) -> ConnectorError:
    """What to raise of it."""
    wait = retry_after(Reply(said.status, said.headers, b"", "", HOST))
    for row in TABLE:
        if row.fits(said):
            if issubclass(row.kind, RateLimited | Unavailable):
                return row.kind(row.words, code=row.code, retry_after=wait)
            return row.kind(row.words, code=row.code)
    return Unavailable(f"{HOST} answered with an unexpected status ({said.status})", code="unexpected_status")


def silence(error: Exception) -> Unavailable:
    """No answer: nobody knows whether anything was done."""
    if isinstance(error, TimeoutError):
        return Unavailable(f"{HOST} did not answer in time", code="timeout")
    return Unavailable(f"{HOST} cannot be reached, or broke off its answer", code="unreachable")


def nonsense(what: str) -> Unavailable:
    """A success that says something else than Google's documentation has it say."""
    return Unavailable(f"{HOST} answered something that is not {what}", code="unreadable")


def _dicts(said: object) -> list[dict[str, object]]:
    return [part for part in said if isinstance(part, dict)] if isinstance(said, list) else []

"""
What can go wrong on a channel, by what the caller should do next.

* ConnectorError
  - Unavailable      try again later (not before `retry_after`, when the channel named a time)
  - RateLimited      try again after `retry_after`
  - NeedsReconnect   stop, and ask the owner to sign in again
  - Rejected         never try this request again
  - CursorExpired    forget the cursor and pull everything

A message may name a host, never a path or a query: the addresses of calendars are secrets. Where what
failed is a whole host rather than one calendar, `host` names it, so that others spare it too.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Self

MOST_SHOWN = 256 * 1024
"""Bytes of what could not be read"""


class ConnectorError(Exception):
    """A failure that says by its class what to do, by `code` what it was, and by `message` why in words."""

    code = "channel_error"
    payload: bytes | None = None
    """The beginning of what was sent and could not be read, for who wants to know why"""

    def __init__(self, message: str, *, code: str | None = None, host: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.host = host

    def showing(self, sent: bytes) -> Self:
        """The same error, which keeps as much of it as tells what it is."""
        self.payload = sent[:MOST_SHOWN]
        return self


class Unavailable(ConnectorError):
    code = "unavailable"

    def __init__(
        self, message: str, *, code: str | None = None, host: str = "", retry_after: timedelta | None = None
    ) -> None:
        super().__init__(message, code=code, host=host)
        self.retry_after = retry_after


class RateLimited(ConnectorError):
    """`retry_after` is None when the channel did not say how long: the caller's own backoff applies."""

    code = "rate_limited"

    def __init__(
        self, message: str, *, code: str | None = None, host: str = "", retry_after: timedelta | None = None
    ) -> None:
        super().__init__(message, code=code, host=host)
        self.retry_after = retry_after


class NeedsReconnect(ConnectorError):
    code = "needs_reconnect"


class Rejected(ConnectorError):
    code = "rejected"


class CursorExpired(ConnectorError):
    code = "cursor_expired"

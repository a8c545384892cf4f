"""
Channels by which Google tells us that something changed. Pure.

https://developers.google.com/workspace/calendar/api/guides/push. They are not wholly reliable, cannot be
renewed, and tell nothing but that there is something to look at.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.calendars import Notice, Watch
from connectors.google_calendar.translate import Malformed

LIFE = timedelta(days=7)
LONGEST_ID = 64

_ID, _TOKEN, _STATE = "x-goog-channel-id", "x-goog-channel-token", "x-goog-resource-state"


def channel(watch_id: str, token: str, address: str) -> dict[str, Any]:
    """What is asked for."""
    seconds = int(LIFE.total_seconds())
    return {
        "id": watch_id,
        "token": token,
        "type": "web_hook",
        "address": address,
        "params": {"ttl": str(seconds)},
    }


def opened(said: Mapping[str, Any], watch_id: str, now: datetime) -> Watch:
    """What was given; where its end is not told, what was asked for is."""
    resource, until = said.get("resourceId"), said.get("expiration")
    if said.get("id", watch_id) != watch_id or not isinstance(resource, str) or not resource:
        raise Malformed("a watch")
    if until is None:
        return Watch(watch_id, resource, now + LIFE)
    try:
        return Watch(watch_id, resource, datetime.fromtimestamp(int(until) / 1000, UTC))
    except (TypeError, ValueError, OverflowError, OSError):
        raise Malformed("a watch") from None


def notice(headers: Mapping[str, str]) -> Notice | None:
    """By the headers of a POST; their names are lower-case."""
    watch_id, token, state = (headers.get(name, "") for name in (_ID, _TOKEN, _STATE))
    if not (watch_id and state) or len(watch_id) > LONGEST_ID:
        return None
    return Notice(watch_id, token, begins=state == "sync")

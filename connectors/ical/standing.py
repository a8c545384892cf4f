"""Whether an event takes the time that it names (RFC 5545, 3.8.1.11 and 3.8.2.7). Pure."""

from __future__ import annotations

from connectors.contract import Timed, When
from connectors.ical import notes


def standing(when: When, status: str, transparency: str) -> tuple[bool, str]:
    """Whether it is busy, and the note of one that only its calendar shows as free."""
    if isinstance(when, Timed) and when.starts_at == when.ends_at:
        return False, ""
    if status.strip().upper() == "CANCELLED":
        return False, ""
    if transparency.strip().upper() == "TRANSPARENT":
        return False, notes.SHOWN_AS_FREE
    return True, ""

"""What an event says, in three groups, and the keyed hashes by which both sides are compared. PURE."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from connectors.calendars import CalendarEvent
from connectors.contract import AllDay, When

GROUPS = ("time", "text", "busy")
"""A person's change of one and ours of another do not meet"""

LOOK = "look"
"""How we want it to look: compared with what we wanted before, never with what is there"""

Groups = Mapping[str, str]
"""Group -> hash; equal hashes say the same"""


@dataclass(frozen=True, slots=True)
class Content:
    """The canonical payload of an event."""

    when: When | None
    """None only where it cannot be read"""
    summary: str
    description: str
    busy: bool
    recurrence: tuple[str, ...] = ()
    """Also of an exception: that it is one"""

    def said(self, group: str) -> Any:
        """A group as JSON."""
        if group == "time":
            return [_edges(self.when), list(self.recurrence)]
        if group == "text":
            return [_text(self.summary), _text(self.description)]
        return self.busy

    def with_group(self, group: str, other: Content) -> Content:
        """This, with another's word in one group."""
        if group == "time":
            return replace(self, when=other.when, recurrence=other.recurrence)
        if group == "text":
            return replace(self, summary=other.summary, description=other.description)
        return replace(self, busy=other.busy)


def of_event(event: CalendarEvent) -> Content:
    """What a channel's event says. An exception of a series says of which occurrence it is one."""
    of_series = event.recurrence
    if event.series:
        original = event.original.first if isinstance(event.original, AllDay) else event.original
        of_series = (f"{event.series} {original.isoformat() if original else ''}", *event.recurrence)
    return Content(event.when, event.summary, event.description, event.busy, of_series)


def groups(content: Content, key: bytes) -> dict[str, str]:
    """Keyed, or whoever reads the database could try names and dates."""
    return {group: _hash(group, content.said(group), key) for group in GROUPS}


def shown(content: Content, colour: str, key: bytes) -> dict[str, str]:
    """The same of what we show, with its look."""
    return groups(content, key) | {LOOK: _hash(LOOK, colour, key)}


def _hash(group: str, said: Any, key: bytes) -> str:
    return hmac.digest(key, f"{group}\0{said!r}".encode("utf-8", "surrogatepass"), hashlib.sha256).hex()[:32]


def _edges(when: When | None) -> list[str]:
    if when is None:
        return []
    if isinstance(when, AllDay):
        return [when.first.isoformat(), when.after.isoformat()]
    return [when.starts_at.isoformat(timespec="seconds"), when.ends_at.isoformat(timespec="seconds")]


def _text(text: str) -> str:
    """Line ends, and blanks around a text, are the server's to choose."""
    return "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").strip().split("\n"))

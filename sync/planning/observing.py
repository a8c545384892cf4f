"""Whether what was seen of an event is news, and what it says of our own writes. PURE."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from connectors.calendars import CalendarEvent


@dataclass(frozen=True, slots=True)
class Shadow:
    """What was last seen of an event."""

    state: str
    """none, present or deleted"""
    etag: str = ""
    updated: datetime | None = None


class Sight(StrEnum):
    NEWS = "news"
    KNOWN = "known"
    """The version that was seen before"""
    OLDER = "older"
    """Than what was seen before: a listing may be stale"""
    LOOK = "look"
    """Said to be gone, without saying since when: ask for the event itself"""


def sight(shadow: Shadow, event: CalendarEvent, *, direct: bool, certain: bool = False) -> Sight:
    """
    `direct`: the event itself was asked for; a listing is believed of deletions only with their time.
    `certain`: it was seen or refused more than once that the shadow is not the event, so this is no older one
    whatever its clock says.
    """
    if event.deleted and shadow.state == "deleted":
        return Sight.KNOWN
    older = event.updated is not None and shadow.updated is not None and event.updated < shadow.updated
    if older and not certain:
        return Sight.OLDER
    if event.deleted:
        dated = event.updated is not None and shadow.updated is not None
        return Sight.NEWS if direct or shadow.state == "none" or dated else Sight.LOOK
    if shadow.state == "present" and event.etag and event.etag == shadow.etag:
        return Sight.KNOWN
    return Sight.NEWS


def recognised(event: CalendarEvent, ops: Collection[UUID], last: UUID | None) -> UUID | None:
    """
    The op of this item whose words the event bears, if it is news to us that they arrived.

    Ids of ops grow with time: one before the last that was recognised was overtaken.
    """
    if event.deleted or event.marker is None:
        return None
    try:
        revision = UUID(event.marker.revision)
    except ValueError:
        return None
    if revision not in ops or (last is not None and revision <= last):
        return None
    return revision

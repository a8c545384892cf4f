"""The words of calendars that are read and written: events as they are there, and what is put there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connectors.contract import AllDay, When


@dataclass(frozen=True, slots=True)
class Marker:
    """What stands on everything that we write, where people do not see it; others may have copied it."""

    item: str
    """UUID of the sync item"""
    revision: str
    """UUID of the op that wrote it last"""
    signature: str
    """Proof that this item was written to an event of this id"""


@dataclass(frozen=True, slots=True)
class Draft:
    """What an event of ours is to be, in full."""

    when: When
    summary: str
    description: str
    busy: bool
    marker: Marker
    colour: str = ""
    """As the connector names its colours; empty leaves it to the calendar"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEvent:
    """
    An event, a series or one exception of a series, as a calendar has it at one moment.

    Of a deleted one only `id` is sure to be told; `when` is None there, and where it cannot be read.
    """

    id: str
    etag: str = ""
    updated: datetime | None = None
    """Aware UTC, by the channel's clock: of two versions of one event the later is newer"""
    deleted: bool = False
    when: When | None = None
    """Of a series its first occurrence"""
    busy: bool = True
    why_free: str = ""
    """In words, where it is not busy although it has a time: declined, shown as free, a place of work"""
    summary: str = ""
    description: str = ""
    marker: Marker | None = None
    recurrence: tuple[str, ...] = ()
    """RRULE, RDATE and EXDATE lines (RFC 5545, 3.8.5); empty for what happens once"""
    zone: str = ""
    """The IANA zone in whose wall time a timed series recurs"""
    series: str = ""
    """The id of the series of which this is an exception"""
    original: AllDay | datetime | None = None
    """When the occurrence would have been of which this is an exception: its day, or its start (aware UTC)"""
    problem: str | None = None
    """In words, what could not be read; it is busy all the same"""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a listing, in the order in which the channel told it."""

    events: tuple[CalendarEvent, ...]
    next_page: str | None
    """None on the last page"""
    cursor: Mapping[str, str] | None
    """On the last page alone: from where the next listing tells changes only"""
    full: bool
    """The pages together are everything that lives; else they are changes, and the deleted are told"""


class Missed(StrEnum):
    """Why a write did nothing: the event was not as the writer believed. Look at it, then plan again."""

    EXISTS = "exists"
    """An event has this id, or had it: deleted ones keep theirs"""
    CHANGED = "changed"
    """It is another version than the one named"""
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Calendar:
    """A calendar that an account can see."""

    id: str
    name: str
    time_zone: str
    writable: bool
    primary: bool = False


@dataclass(frozen=True, slots=True)
class Watch:
    """A channel by which a calendar tells that something changed in it."""

    id: str
    """As we chose it"""
    resource: str
    """The channel's own name of what it watches; needed to close it"""
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    """A nudge by a watch: look at the calendar. `token` proves that who sends it was told of the watch."""

    watch_id: str
    token: str
    begins: bool
    """The watch says hello; nothing has changed"""

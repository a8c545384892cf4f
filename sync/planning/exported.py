"""What our feeds said, and what a channel tells now: on these it is judged what is our own word. PURE."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from connectors.contract import Mark, Nature
from hub.domain.periods import Period, difference

Periods: TypeAlias = tuple[Period, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What one of our feeds said of one stretch of time, and may say still."""

    id: UUID
    uid: str
    origin: str
    period: Period
    since_at: datetime
    until_at: datetime | None = None
    """When it was withdrawn"""
    seen_at: datetime | None
    """When it was first fetched, as far as that is written down"""
    fetched_at: datetime | None = None
    """When its feed was last fetched"""
    lost_at: datetime | None = None
    """When all that had fetched it had fetched its feed without it"""
    drained: bool = False
    """The channel was seen without it after it was withdrawn"""
    here: bool = True
    """In the feed of the link that is judged, not of another"""
    alike: bool = True
    """That feed speaks of exactly the units of the link that is judged"""
    told_here: bool = False
    """It passes on an event of the link that is judged"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """How an event stood until now."""

    uid_out: str
    """Its name in our feeds"""
    first_seen_at: datetime
    period: Period
    ours: Periods = ()
    muted: Periods = ()

    @property
    def blocked(self) -> Periods:
        """What took something."""
        return difference((self.period,), self.ours)

    @property
    def own(self) -> Periods:
        """What was the channel's, and told to others."""
        return difference((self.period,), (*self.ours, *self.muted))


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A busy event of the channel and the time that it asks for, our own included."""

    key: str
    uid: str
    period: Period
    nature: Nature
    mark: Mark | None = None
    before: Before | None = None
    """None for one that was not there yet"""


@dataclass(frozen=True, slots=True)
class History:
    """What is known of our feeds when a link's calendar is judged."""

    exports: tuple[Export, ...] = ()
    returned: Callable[[Mark], bool] = lambda _: False
    """Whether one of our feeds of these units stands on the way of a mark, and it is no forgery"""
    read_at: datetime | None = None
    """When the calendar was last known to be what is stored"""
    shown: Periods = ()
    """What it then showed, as far as it may have been ours by its content"""
    closed: tuple[Before, ...] = ()
    """The closures of a calendar of one unit as they then were, but for windows that move on every day"""
    by_content: bool = True
    """The channel shows again what it imported; else only signs and names make anything ours"""


def shown(heard: Iterable[Heard], returned: Callable[[Mark], bool]) -> Periods:
    """The time of all that may be ours by its content; `returned` as in a History."""
    return tuple(one.period for one in heard if may_be_ours(one, returned))


def may_be_ours(one: Heard, returned: Callable[[Mark], bool]) -> bool:
    """
    Though nothing on it says so. Not a guest's stay; nor what another hub marked as not from us: it knows.
    """
    return one.nature is not Nature.STAY and (one.mark is None or returned(one.mark))

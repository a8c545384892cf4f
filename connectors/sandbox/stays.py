"""What people did at a channel: stays and blocks, and the nights or hours that these take. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from hub.domain.periods import MIDNIGHT, Hours, Nights, Span, at

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)

Slot: TypeAlias = date | datetime
"""A night by the date on which it begins, or an hour by its first instant: what can be taken or free"""


class Kind(StrEnum):
    STAY = "stay"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Stay:
    """A guest's stay, or what a host closed; whole hours where the channel lets by the hour."""

    id: str
    """64 hex digits, for the stay's life"""
    kind: Kind
    span: Span
    changed_at: datetime
    guest: str = ""
    summary: str = ""
    """As somebody wrote it; empty: as the channel says it"""
    timed: bool = False
    """A personal calendar has it from an hour to an hour, not as whole days"""
    series: str = ""
    """The id of the recurring event that it is an occurrence of"""
    original: date | None = None
    """Where the recurrence has that occurrence; it may have been moved from there"""


def slots(span: Span) -> frozenset[Slot]:
    """All that a span takes; an hour that it begins or ends in is taken."""
    if isinstance(span, Nights):
        return frozenset(span)
    hour = span.starts_at.replace(minute=0, second=0, microsecond=0)
    found: set[Slot] = set()
    while hour < span.ends_at:
        found.add(hour)
        hour += HOUR
    return frozenset(found)


def taken(stays: Iterable[Stay]) -> frozenset[Slot]:
    return frozenset(slot for stay in stays for slot in slots(stay.span))


def whole_days(span: Span, zone: ZoneInfo) -> Span:
    """From midnight to midnight; nights as they are."""
    if isinstance(span, Nights):
        return span
    first = span.starts_at.astimezone(zone).date()
    last = (span.ends_at - timedelta.resolution).astimezone(zone).date()
    return Hours(at(first, MIDNIGHT, zone), at(last + DAY, MIDNIGHT, zone))


def spans(taken: Collection[Slot]) -> tuple[Span, ...]:
    """The longest spans that these make, in order; all are nights, or all are hours."""
    found: list[Span] = []
    run: list[Slot] = []
    in_order: list[Any] = list(taken)
    for slot in sorted(in_order):
        if run and slot != _next(run[-1]):
            found.append(_span(run))
            run = []
        run.append(slot)
    return (*found, _span(run)) if run else tuple(found)


def edges(span: Span) -> tuple[Slot, Slot]:
    """The first and the one after the last: both dates, or both instants."""
    if isinstance(span, Nights):
        return span.arrival, span.departure
    return span.starts_at, span.ends_at


def _span(run: list[Slot]) -> Span:
    first, after = run[0], _next(run[-1])
    if isinstance(first, datetime) and isinstance(after, datetime):
        return Hours(first, after)
    return Nights(first, after)


def _next(slot: Slot) -> Slot:
    return slot + (HOUR if isinstance(slot, datetime) else DAY)

"""
What people do to our events in a calendar, put to the inventory: done, or refused in words.

Each runs within the caller's transaction, the link's row locked. What cannot be is undone to where it began,
units' locks included, so that one who was refused holds nothing. StaleRead goes through: begin again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from connectors.contract import AllDay, When
from hub.database import StaleRead, organization_of
from hub.domain import rules
from hub.domain.lifecycle import LIFECYCLE, Status
from hub.domain.periods import Nights, Span
from hub.errors import Conflict, HubError, Reason
from hub.models.bookings import Blackout, Booking, BookingItem
from hub.models.links import Link
from hub.queries import links as links_query
from hub.queries import locks
from hub.services import asking, blackouts, bookings, rebooking
from hub.services.blackouts import BlackoutRequest
from hub.services.rebooking import MoveRequest
from sync.mirrors import BLACKOUT, ITEM

T = TypeVar("T", BookingItem, Booking, Blackout)

Reasons = tuple[Reason, ...]

_BEGUN = (Status.CHECKED_IN, Status.IN_PROGRESS)
_TURNAROUND = Reason("turnaround", "turnaround follows its stay: move or cancel the stay instead")
_GONE = Reason("gone", "what this event stood for is not there any more")


def move(
    session: Session,
    link: Link,
    kind: str,
    local_id: UUID,
    when: When,
    now: datetime,
    *,
    was: When | None = None,
) -> Reasons:
    """
    Give a booking's item, or a blackout, the time that its event was moved to; empty if that is done.

    The item stays on its unit. Where that is taken, one that was not asked for by unit goes to any of its
    type, if the link speaks of more than one. StaleRead where it is not at the time any more at which it
    `was` when the caller decided.
    """
    if kind == ITEM:
        return _move_item(session, link, local_id, when, now, was)
    if kind == BLACKOUT:
        return _move_blackout(session, local_id, when, now, was)
    return (_TURNAROUND,)


def release(session: Session, link: Link, kind: str, local_id: UUID, now: datetime) -> Reasons:
    """
    Give up what a deleted event stood for: a hold, with all its items, or a blackout. What is given up
    already is no reason against it; anything but a hold is.
    """
    if kind == BLACKOUT:
        if _row(session, Blackout, local_id) is None:
            return ()
        return _reasons(_tried(session, partial(blackouts.remove, blackout_id=local_id)))
    if kind != ITEM:
        return (_TURNAROUND,)
    item = _row(session, BookingItem, local_id)
    booking = _row(session, Booking, item.booking_id) if item else None
    if booking is None or not LIFECYCLE[Status(booking.status)].allocates:
        return ()
    if booking.hold_until is not None and booking.hold_until <= now:
        return ()
    name = links_query.connection(session, link.connection_id).name
    cancel = partial(
        bookings.advance,
        booking_id=booking.id,
        target=Status.CANCELLED,
        reason=f"its event was deleted in {name}",
        only=Status.HELD,
    )
    return _reasons(_tried(session, cancel))


def _move_item(
    session: Session, link: Link, item_id: UUID, when: When, now: datetime, was: When | None
) -> Reasons:
    item = _row(session, BookingItem, item_id)
    booking = _row(session, Booking, item.booking_id) if item else None
    if item is None or booking is None:
        return (_GONE,)
    span = _span(item, when)
    if isinstance(span, Reason):
        return (span,)
    if _unmoved(item, span, was):
        return ()
    begun = item.starts_at <= now or booking.status in _BEGUN
    if against := _against(session, item, booking.property_id, span, now, begun=begun):
        return (against,)

    by_type = not item.pinned and _has_others(session, link, item.unit_type_id)
    there = MoveRequest(item_id, span=span)
    anywhere = replace(there, unit_type_id=item.unit_type_id)
    change = partial(rebooking.move, booking_id=booking.id, version=booking.version)
    refusal = _tried(session, partial(change, requests=[there]))
    if by_type and isinstance(refusal, Conflict):
        refusal = _tried(session, partial(change, requests=[anywhere]))
    return _reasons(refusal)


def _move_blackout(
    session: Session, blackout_id: UUID, when: When, now: datetime, was: When | None
) -> Reasons:
    row = _row(session, Blackout, blackout_id)
    if row is None:
        return (_GONE,)
    span = _span(row, when)
    if isinstance(span, Reason):
        return (span,)
    if _unmoved(row, span, was):
        return ()
    if against := _against(session, row, row.property_id, span, now, begun=row.starts_at <= now):
        return (against,)

    request = BlackoutRequest(row.unit_id, span, row.kind, blackouts.note(session, row))
    change = partial(blackouts.change, blackout_id=blackout_id, request=request, version=row.version)
    return _reasons(_tried(session, change))


def _tried(session: Session, work: Callable[[Session], object]) -> HubError | None:
    """
    Do it within a savepoint: None, or why not, and then nothing was done. The units' locks go with the
    savepoint, and must not be counted on.
    """
    locked = session.info.get(locks.LOCKED)
    try:
        with session.begin_nested():
            work(session)
    except HubError as refusal:
        if locked is None:
            session.info.pop(locks.LOCKED, None)
        return refusal
    return None


def _reasons(refusal: HubError | None) -> Reasons:
    return tuple(refusal.reasons) if refusal else ()


def _span(row: BookingItem | Blackout, when: When) -> Span | Reason:
    """In the form in which the row is let."""
    nightly = row.arrival is not None
    if isinstance(when, AllDay) != nightly:
        if nightly:
            return Reason(
                "let_by_night", "this is let by the night: its event lasts whole days, without times"
            )
        return Reason("let_by_hour", "this is let by the hour: its event has a beginning and an end in time")
    if isinstance(when, AllDay):
        return rules.read_nights(when.first, when.after)
    return rules.read_hours(when.starts_at, when.ends_at)


def _unmoved(row: BookingItem | Blackout, span: Span, was: When | None) -> bool:
    held = asking.span_of(row)
    if was is not None and _span(row, was) != held:
        raise StaleRead
    return span == held


def _against(
    session: Session,
    row: BookingItem | Blackout,
    property_id: UUID,
    span: Span,
    now: datetime,
    *,
    begun: bool,
) -> Reason | None:
    """What is over stays; what has begun keeps its beginning; nothing ends before today."""
    if row.ends_at <= now:
        return Reason(
            "over", f"this was over on {row.departure or f'{row.ends_at:%Y-%m-%d}'}: it stays as it was"
        )
    held = asking.span_of(row)
    if begun and _start(span) != _start(held):
        return Reason("begun", "this has begun: only its end can be moved")
    today = now.astimezone(ZoneInfo(asking.property_of(session, property_id).time_zone)).date()
    past = span.departure < today if isinstance(span, Nights) else span.ends_at <= now
    if past:
        return Reason("in_the_past", "its new end is in the past")
    return None


def _start(span: Span) -> object:
    return span.arrival if isinstance(span, Nights) else span.starts_at


def _has_others(session: Session, link: Link, unit_type_id: UUID) -> bool:
    """Whether the link speaks of more than one unit of the type: then it speaks of all."""
    scope = links_query.scope(session, link)
    return sum(offer.unit.unit_type_id == unit_type_id for offer in scope) > 1


def _row(session: Session, kind: type[T], row_id: UUID) -> T | None:
    """As it is now."""
    return session.get(kind, (organization_of(session), row_id), populate_existing=True)

"""What people ask of our events in one calendar: show them, write them anew, hide them. The booking stays."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from connectors.contract import PushesEvents
from hub.domain.lifecycle import EXPORTED, LIFECYCLE, Status
from hub.errors import Conflict, Reason
from hub.models.bookings import Booking
from hub.models.links import Link
from hub.models.records import SyncRun
from hub.models.sync import SyncItem
from hub.queries import bookings
from hub.queries import links as links_query
from hub.queries import mirrors as mirrors_query
from hub.queries import shown as query
from hub.queries import sync as sync_query
from hub.services import changes
from sync import disputes, remote, requests, touching
from sync.mirrors import BLACKOUT
from sync.planning.content import LOOK


class Step(StrEnum):
    CREATE = "create"
    REFRESH = "refresh"
    REMOVE = "remove"


SHOWN, HIDDEN = "shown there, as somebody decided", "hidden there, as somebody decided"
"""How what was open about an event is settled by that"""
ANOTHER = ""
"""A hash that nothing has: as if we had agreed on something else"""


def take(session: Session, booking_id: UUID, link_id: UUID, step: Step, now: datetime) -> SyncRun:
    """
    Have the events of a booking shown, written anew or hidden in the calendar of one link: the run that does
    it.

    Conflict where the link writes into no calendar, or is not synced now, and where there is nothing to be
    shown, or nothing shown that could be written anew.
    """
    booking = bookings.one(session, booking_id)
    link = links_query.locked(session, link_id)
    check_written(session, link)
    touching.touch(session, [booking_id], (), only={link_id})
    items = query.of_booking(session, link_id, booking_id)
    _STEPS[step](session, link, booking, items, now)
    session.flush()
    return requests.request(session, link_id)


def check_written(session: Session, link: Link) -> None:
    """Conflict for a link in whose calendar we write nothing."""
    connector = links_query.connection(session, link.connection_id).connector
    if link.calendar_key is None:
        why = "this link's channel reads our feed by itself: there are no events to write"
        raise Conflict.because("not_by_event", why)
    if link.direction == "import" or not isinstance(remote.known(connector), PushesEvents):
        raise Conflict.because("import_only", "this link only imports: nothing is written in its calendar")
    if link.emptying:
        raise Conflict.because("emptying", "this link is being removed, and its events with it")


def show(session: Session, link: Link, item: SyncItem, now: datetime) -> None:
    """
    Have it seen there, also after somebody deleted it there; the link's row is locked. Conflict where it is
    not to be.
    """
    if item.local_id not in _to_show(session, link, [item], now):
        raise Conflict.because("not_exported", "what this event stood for is not to be shown there any more")
    _show(session, link, item)


def hide(session: Session, link: Link, item: SyncItem) -> None:
    """Take it out of the calendar for good; what it stands for is untouched. The link's row is locked."""
    _settle(session, item, HIDDEN)
    if not item.hidden:
        item.hidden = True
        _record(session, link, item, "hidden")
    item.touched = True


def _create(session: Session, link: Link, booking: Booking, items: Sequence[SyncItem], now: datetime) -> None:
    own = bookings.items(session, [booking.id])
    rows = {row.id: row for row in mirrors_query.items(session, link.id, [item.id for item in own], now)}
    if not rows:
        raise Conflict(_unshown(booking, now))
    if all(row.ends_at <= now for row in rows.values()):
        raise Conflict.because("over", "it is over: what is past is not put into calendars")
    for item in items:
        if item.local_id in rows:
            _show(session, link, item)


def _refresh(
    session: Session,
    link: Link,
    booking: Booking,  # noqa: ARG001
    items: Sequence[SyncItem],
    now: datetime,
) -> None:
    shown = _to_show(session, link, items, now)
    there = [
        item
        for item in items
        if item.local_id in shown and not item.hidden and item.remote_state != "deleted"
    ]
    if not there:
        why = "no event of it is in this calendar: create one"
        raise Conflict.because("not_shown", why)
    for item in there:
        if item.base_local is not None:
            item.base_local = {**item.base_local, LOOK: ANOTHER}
        item.touched = True
        _record(session, link, item, "refreshed")


def _remove(
    session: Session,
    link: Link,
    booking: Booking,  # noqa: ARG001
    items: Sequence[SyncItem],
    now: datetime,  # noqa: ARG001
) -> None:
    if not items:
        raise Conflict.because("not_shown", "no event of it is in this calendar, and none is to be")
    for item in items:
        hide(session, link, item)


def _show(session: Session, link: Link, item: SyncItem) -> None:
    op = sync_query.open_op(session, item.id)
    leaving = op is not None and op.kind == "delete"
    anew = item.hidden or item.remote_state == "deleted" or item.review or item.restores > 0
    if item.remote_state != "present" or leaving:
        # With nothing agreed on it is made anew, and nobody is asked why it was gone.
        item.base_local = item.base_remote = item.gone_at = None
        item.gone_agreed = False
    item.hidden, item.restores, item.touched = False, 0, True
    _settle(session, item, SHOWN)
    if anew:
        _record(session, link, item, "shown")


def _settle(session: Session, item: SyncItem, resolution: str) -> None:
    if item.review:
        item.review = False
        disputes.settle(session, item, resolution)


def _to_show(
    session: Session, link: Link, items: Collection[SyncItem], now: datetime
) -> frozenset[UUID | None]:
    """Of what these stand for, what the link shows."""
    blackouts = [item.local_id for item in items if item.local_kind == BLACKOUT and item.local_id]
    others = [item.local_id for item in items if item.local_kind != BLACKOUT and item.local_id]
    rows = (
        *mirrors_query.items(session, link.id, others, now),
        *mirrors_query.blackouts(session, link.id, blackouts),
    )
    return frozenset(row.id for row in rows)


def _unshown(booking: Booking, now: datetime) -> Reason:
    status = Status(booking.status)
    if status not in EXPORTED:
        return Reason("not_exported", f"{LIFECYCLE[status].title} is shown in no calendar")
    if booking.hold_until is not None and booking.hold_until <= now:
        return Reason("not_exported", "the hold ran out: it is shown in no calendar")
    return Reason("not_exported", "this calendar speaks of none of the booking's units")


def _record(session: Session, link: Link, item: SyncItem, action: str) -> None:
    after = {"link_id": str(link.id), "kind": item.local_kind, "local_id": str(item.local_id)}
    changes.record(session, "sync_item", item.id, action, after=after, property_id=link.property_id)


_STEPS: Mapping[Step, Callable[[Session, Link, Booking, Sequence[SyncItem], datetime], None]] = {
    Step.CREATE: _create,
    Step.REFRESH: _refresh,
    Step.REMOVE: _remove,
}

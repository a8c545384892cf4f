"""What of ours a link's calendar is to show at this moment: bookings, holds, blackouts and turnaround."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.orm import Session

from connectors.contract import AllDay, Timed, When
from connectors.mirroring import Kind, MirrorOptions, Telling
from hub.database import vault_of
from hub.domain.lifecycle import LIFECYCLE, Status
from hub.models.links import Link
from hub.queries import guests as guests_query
from hub.queries import mirrors as query
from hub.services import guests
from hub.services.guests import GuestFields
from sync.planning import looks
from sync.planning.content import Content
from sync.planning.looks import Shown

ITEM, BLACKOUT, TURNAROUND = "booking_item", "blackout", "turnaround"

Local: TypeAlias = tuple[str, UUID]
"""(local kind, local id) of a sync item of ours; turnaround has the id of the booking's item"""

LEFT = frozenset({Status.CHECKED_OUT, Status.COMPLETED})
"""The stay is over, whatever its dates"""


@dataclass(frozen=True, slots=True)
class Mirror:
    """What one event of ours says by our own words; how a person reworded it is not in it."""

    kind: str
    local_id: UUID
    content: Content
    colour: str
    restorable: bool
    """A deletion there must not end it"""
    ended: bool
    releasable: bool
    """A deletion there ends it"""
    booking_id: UUID | None


def of(
    session: Session, link: Link, options: MirrorOptions, wanted: Collection[Local], now: datetime
) -> dict[Local, Mirror]:
    """
    What the link's calendar is to show of what is wanted, over or not. What is missing is not to be seen
    there: it was cancelled, ran out, lies outside of the scope, or is turnaround that is not shown.

    Two statements, and one for the guests where their names may be told.
    """
    items = {local_id for kind, local_id in wanted if kind in (ITEM, TURNAROUND)}
    blackouts = {local_id for kind, local_id in wanted if kind == BLACKOUT}
    rows = query.items(session, link.id, items, now)
    people = _people(session, rows, options)
    one_way = link.direction == "export"

    found = {
        (mirror.kind, mirror.local_id): mirror
        for row in rows
        for mirror in _of_item(row, people.get(row.guest_id), options, one_way, now)
    }
    for row in query.blackouts(session, link.id, blackouts):
        found[BLACKOUT, row.id] = _of_blackout(session, row, options, one_way, now)
    return {local: found[local] for local in wanted if local in found}


def in_scope(session: Session, link: Link, options: MirrorOptions, now: datetime) -> frozenset[Local]:
    """All that the link's calendar is to show and that is not over."""
    return query.ahead(session, link.id, now, turnaround=options.turnaround)


def standing(
    session: Session, link: Link, options: MirrorOptions, wanted: Collection[Local], now: datetime
) -> frozenset[Local]:
    """Of what is wanted, the keys of what `of` would find; nothing is worded or opened for it."""
    rows = query.items(session, link.id, {one for kind, one in wanted if kind != BLACKOUT}, now)
    found = {(ITEM, row.id) for row in rows}
    if options.turnaround:
        found |= {(TURNAROUND, row.id) for row in rows if _turned(row)}
    blackouts = query.blackouts(session, link.id, {one for kind, one in wanted if kind == BLACKOUT})
    return frozenset(wanted) & (found | {(BLACKOUT, row.id) for row in blackouts})


def of_bookings(session: Session, booking_ids: Collection[UUID]) -> frozenset[Local]:
    """All that can stand for these bookings in calendars, whatever has become of them."""
    items = query.items_of(session, booking_ids) if booking_ids else ()
    return frozenset((kind, item_id) for item_id in items for kind in (ITEM, TURNAROUND))


def of_blackouts(blackout_ids: Collection[UUID]) -> frozenset[Local]:
    return frozenset((BLACKOUT, blackout_id) for blackout_id in blackout_ids)


def _people(
    session: Session, rows: Sequence[Row[Any]], options: MirrorOptions
) -> Mapping[UUID | None, GuestFields | None]:
    """Whom the calendar may name; None for who was forgotten."""
    if options.tells is not Telling.GUEST:
        return {}
    known = guests_query.by_id(session, {row.guest_id for row in rows if row.guest_id})
    return {guest_id: guests.read(session, guest) for guest_id, guest in known.items()}


def _of_item(
    row: Row[Any], person: GuestFields | None, options: MirrorOptions, one_way: bool, now: datetime
) -> Iterator[Mirror]:
    status = Status(row.status)
    shown = Shown(
        kind=Kind.HOLD if status is Status.HELD else Kind.BOOKING,
        when=_when(row),
        status=row.status,
        reference=row.reference,
        guests=row.guests,
        source=row.source,
        name=person.name if person else "",
        phone=(person.phone or "") if person else "",
        email=(person.email or "") if person else "",
        note=(person.note or "") if person else "",
        **_house(row),
    )
    over = row.ends_at <= now or status in LEFT
    yield _mirror(
        shown,
        ITEM,
        row.id,
        options,
        one_way,
        restorable=LIFECYCLE[status].restorable and not over,
        ended=over,
        releasable=status is Status.HELD and not over,
        booking_id=row.booking_id,
    )
    if options.turnaround and _turned(row):
        over = row.free_at <= now
        yield _mirror(
            replace(shown, kind=Kind.TURNAROUND, when=_after(row)),
            TURNAROUND,
            row.id,
            options,
            one_way,
            restorable=not over,
            ended=over,
            releasable=False,
            booking_id=row.booking_id,
        )


def _of_blackout(
    session: Session, row: Row[Any], options: MirrorOptions, one_way: bool, now: datetime
) -> Mirror:
    noted = row.note_sealed is not None and options.tells is Telling.GUEST
    shown = Shown(
        kind=Kind.BLACKOUT,
        when=_when(row),
        status=row.kind,
        note=vault_of(session).open(row.note_sealed) if noted else "",
        **_house(row),
    )
    over = row.ends_at <= now
    return _mirror(
        shown,
        BLACKOUT,
        row.id,
        options,
        one_way,
        restorable=False,
        ended=over,
        releasable=not over,
        booking_id=None,
    )


def _mirror(
    shown: Shown, kind: str, local_id: UUID, options: MirrorOptions, one_way: bool, **more: Any
) -> Mirror:
    look = looks.look(shown, options, one_way=one_way)
    content = Content(shown.when, look.summary, look.description, busy=True)
    return Mirror(kind=kind, local_id=local_id, content=content, colour=look.colour, **more)


def _house(row: Row[Any]) -> dict[str, Any]:
    return {"unit": row.unit, "property": row.property, "zone": ZoneInfo(row.time_zone)}


def _when(row: Row[Any]) -> When:
    """Nights are whole days from arrival to departure."""
    if row.arrival is not None:
        return AllDay(row.arrival, row.departure)
    return Timed(row.starts_at, row.ends_at)


def _turned(row: Row[Any]) -> bool:
    return row.free_at is not None and row.free_at > row.ends_at


def _after(row: Row[Any]) -> When:
    """From the end of the stay to where its unit is sold again; nights end at noon."""
    if row.arrival is not None:
        return AllDay(row.departure, row.free_at.astimezone(ZoneInfo(row.time_zone)).date())
    return Timed(row.ends_at, row.free_at)

"""Bookings: made, amended, confirmed, cancelled, and taken through their life."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from hub import clock
from hub.database import organization_of, vault_of
from hub.domain import lifecycle
from hub.domain.evidence import CheckState, Evidence
from hub.domain.lifecycle import LIFECYCLE, Status
from hub.domain.periods import Period
from hub.errors import Conflict, Reason, Refused
from hub.ids import new_id, new_reference
from hub.models.bookings import Booking, BookingItem, Guest
from hub.queries import bookings as query
from hub.queries import inventory, locks, rows
from hub.services import allocations, asking, changes, checks, outbox, placement, snapshots
from hub.services import guests as guest_book
from hub.services.asked import Asked
from hub.services.asking import ItemRequest
from hub.services.checks import Judged
from hub.services.guests import GuestFields


@dataclass(frozen=True, slots=True)
class BookingRequest:
    """What somebody wants to book. `hold_minutes` counts for a hold only; None is the property's own."""

    property_id: UUID
    items: tuple[ItemRequest, ...]
    guests: int
    guest: GuestFields | None
    status: Status = Status.CONFIRMED
    source: str = "direct"
    hold_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Booked:
    """A booking with its items, as they are now."""

    booking: Booking
    items: tuple[BookingItem, ...]
    guest: Guest | None = None
    """Where it was written just now, so that nobody has to read it again"""


def book(
    session: Session,
    request: BookingRequest,
    uid_domain: str,
    evidence: Evidence | None = None,
    among: frozenset[UUID] | None = None,
) -> Booked:
    """
    Sell, or hold, units for all items or for none. `uid_domain` is the host in the items' feed UIDs.

    `evidence` is what the channels said just now; without it nobody was to be asked. What is asked for by
    type gets a unit `among` these. Refused for what can never be; Conflict, naming what takes the units, for
    what cannot be now, or what a channel could not be asked about; checks.Unasked for a link that the
    evidence does not know.
    """
    asked = asking.offers_for(session, request.property_id, request.items, request.guests, clock.now())
    asked = asked if among is None else asking.narrowed(asked, among)
    margins = frozenset[UUID]() if evidence is None else checks.concerned(session, asked).margins
    return sell(session, request, asked, uid_domain, evidence, margins)


def sell(
    session: Session,
    request: BookingRequest,
    asked: tuple[Asked, ...],
    uid_domain: str,
    evidence: Evidence | None,
    margins: frozenset[UUID],
) -> Booked:
    """`book` for who has read in this transaction what could serve, and which types keep units back."""
    if request.status not in lifecycle.FIRST:
        raise Refused.because("invalid_status", "a new booking is held or confirmed", "status")
    checks.take_turns(session, margins)
    units = placement.find(session, asked, clock.now())
    waits = CheckState.FLAGGED if request.status is Status.HELD else CheckState.AWAITING
    judged = checks.judge(session, asked, units, evidence, on_hold=waits)

    guest = guest_book.new(session, request.guest) if request.guest else None
    new_rows = guest_book.rows(session, guest) if guest else []
    booking = _new(session, request, asked, guest, judged)
    items = tuple(
        BookingItem(
            organization_id=booking.organization_id,
            id=new_id(),
            booking_id=booking.id,
            position=position,
            unit_type_id=unit.unit_type_id,
            unit_id=unit.id,
            pinned=not item.by_type,
            uid=f"{new_id()}@{uid_domain}",
            **asking.columns(item.span, item.offers[0].zone),
        )
        for position, (item, unit) in enumerate(zip(asked, units, strict=True))
    )
    made = changes.row(
        session,
        "booking",
        booking.id,
        str(booking.status),
        after=snapshots.booking(booking, items),
        property_id=booking.property_id,
        for_id=booking.guest_id,
    )
    taken = [leaf for unit in units for leaf in unit.leaves]
    told = outbox.change_of_inventory(session, taken, f"booking.{booking.status}", booking.id)
    rows.insert(session, [*new_rows, booking, *items, made, told])
    for item, unit, row in zip(asked, units, items, strict=True):
        allocations.take(session, unit, item.period, row, booking.hold_until)
    checks.keep(session, booking.id, "booked", judged)
    return Booked(booking, items, guest)


def advance(
    session: Session,
    booking_id: UUID,
    target: Status,
    *,
    reason: str | None = None,
    only: Status | None = None,
) -> Booked:
    """
    Take a booking to its next status, and give up its units where that status no longer holds them; `only`
    from one status, for who has seen it there: Conflict where it has left it.

    A hold that lapsed, or whose nights a channel took meanwhile, cannot be confirmed; nobody checks in, or
    fails to come, before the day of arrival.
    """
    now = clock.now()
    query.one(session, booking_id)
    locks.units(session, query.units_of(session, [booking_id]))
    (booking,) = query.locked(session, [booking_id])
    units = query.units_of(session, [booking_id])
    locks.require(session, units)
    if booking.status == target:
        return Booked(booking, query.items(session, [booking_id]))
    if only is not None and booking.status != only:
        raise Conflict.because("changed", f"it is {LIFECYCLE[Status(booking.status)].title} by now")
    if refusal := lifecycle.refusal(Status(booking.status), target):
        raise Conflict(refusal)
    if booking.hold_until is not None and target not in (Status.EXPIRED, Status.CANCELLED):
        still_good(session, booking)

    if target in (Status.CHECKED_IN, Status.NO_SHOW):
        _not_too_early(session, booking, now)

    items = query.items(session, [booking_id])
    before = snapshots.booking(booking, items)
    if LIFECYCLE[target].allocates:
        if booking.hold_until is not None:
            allocations.keep(session, booking_id, units=units)
    else:
        allocations.release(session, [booking_id], units=units)
    booking.status = target
    booking.hold_until = None
    if target is Status.CANCELLED:
        booking.cancelled_at = now
        booking.cancel_reason_sealed = vault_of(session).seal(reason) if reason else None
    session.flush()

    after = snapshots.booking(booking, items)
    changes.record(
        session,
        "booking",
        booking.id,
        str(target),
        before=before,
        after=after,
        property_id=booking.property_id,
        for_id=booking.guest_id,
    )
    outbox.inventory_changed(session, units, f"booking.{target}", booking.id)
    return Booked(booking, items)


def amend(
    session: Session, booking_id: UUID, *, guest: GuestFields | None = None, guests: int | None = None
) -> Booked:
    """Change who comes, or how many; units and dates change by `rebooking.move`."""
    query.one(session, booking_id)
    (booking,) = query.locked(session, [booking_id])
    items = query.items(session, [booking_id])
    before = snapshots.booking(booking, items)
    if guests is not None:
        room_for = sum(offer.capacity for offer in inventory.of_units(session, [i.unit_id for i in items]))
        if guests < 1:
            raise Refused.because("no_guests", "at least one guest must come", "guests")
        if guests > room_for:
            too_many = f"{guests} guests are too many: there is room for {room_for}"
            raise Refused.because("over_capacity", too_many, "guests", capacity=room_for)
        booking.guests = guests
    renewed: list[str] = []
    if guest is not None:
        known = session.get(Guest, (organization_of(session), booking.guest_id)) if booking.guest_id else None
        was = guest_book.read(session, known) if known else None
        if known is None or was is None:  # who was forgotten stays so
            known = guest_book.new(session, guest)
            rows.insert(session, guest_book.rows(session, known))
            booking.guest_id = known.id
            renewed = guest_book.differing(None, guest_book.read(session, known))
        else:
            guest_book.write(session, known, guest)
            renewed = guest_book.differing(was, guest_book.read(session, known))
    booking.updated_at = clock.now()
    session.flush()
    changes.record(
        session,
        "booking",
        booking.id,
        "amended",
        before=before,
        after=snapshots.booking(booking, items) | ({"fields": renewed} if renewed else {}),
        property_id=booking.property_id,
        for_id=booking.guest_id,
    )
    outbox.shown_changed(session, booking_ids=[booking.id])
    return Booked(booking, items)


def extent(items: tuple[Asked, ...]) -> Period:
    """From the first arrival to the last departure, without turnaround."""
    spans = [asking.columns(item.span, item.offers[0].zone) for item in items]
    return Period(min(span["starts_at"] for span in spans), max(span["ends_at"] for span in spans))


def _new(
    session: Session,
    request: BookingRequest,
    asked: tuple[Asked, ...],
    guest: Guest | None,
    judged: Judged,
) -> Booking:
    """Held, too, while a channel's answer is awaited that it needs."""
    whole = extent(asked)
    held = request.status is Status.HELD or judged.state is CheckState.AWAITING
    return Booking(
        organization_id=organization_of(session),
        id=new_id(),
        property_id=request.property_id,
        guest_id=guest.id if guest else None,
        reference=new_reference(),
        status=Status.HELD if held else request.status,
        source=request.source,
        guests=request.guests,
        starts_at=whole.starts_at,
        ends_at=whole.ends_at,
        hold_until=_hold_until(session, request) if held else None,
        check_state=judged.state,
        check_at=judged.at,
    )


def _hold_until(session: Session, request: BookingRequest) -> datetime:
    minutes = request.hold_minutes or asking.property_of(session, request.property_id).hold_minutes
    return clock.now() + timedelta(minutes=minutes)


def cancel_reason(session: Session, booking: Booking) -> str | None:
    """Why it was cancelled, as whoever did it wrote."""
    sealed = booking.cancel_reason_sealed
    return vault_of(session).open(sealed) if sealed else None


def _not_too_early(session: Session, booking: Booking, now: datetime) -> None:
    zone = ZoneInfo(asking.property_of(session, booking.property_id).time_zone)
    arrival = booking.starts_at.astimezone(zone).date()
    if now.astimezone(zone).date() < arrival:
        raise Conflict(Reason("too_early", f"the day of arrival is {arrival}: it is too early for that"))


def still_good(session: Session, booking: Booking) -> None:
    """A hold may go on only before it lapses, and while no channel has taken what it holds."""
    now = clock.now()
    if booking.hold_until is not None and booking.hold_until <= now:
        place = asking.property_of(session, booking.property_id)
        until = booking.hold_until.astimezone(ZoneInfo(place.time_zone))
        raise Conflict(Reason("hold_lapsed", f"the hold ran out at {until:%H:%M on %Y-%m-%d}; book again"))
    for item in query.items(session, [booking.id]):
        (offer,) = inventory.of_units(session, [item.unit_id])
        wanted = Asked(asking.span_of(item), (offer,), by_type=False, field=f"items[{item.position}]")
        seen = inventory.takings(session, offer.unit.leaves, wanted.period, now, without=[booking.id])
        if seen.live:
            raise Conflict(*placement.against([wanted], seen.live))

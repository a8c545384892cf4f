"""Moving bookings: to other dates, to other units, or two bookings into each other's units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from hub import clock
from hub.database import StaleRead
from hub.domain.availability import SellableUnit
from hub.domain.evidence import Evidence
from hub.domain.lifecycle import LIFECYCLE, Status
from hub.domain.offers import Offer
from hub.domain.periods import Nights, Period, Span, occupied
from hub.errors import Conflict, NotFound, Refused
from hub.models.bookings import Booking, BookingItem
from hub.queries import bookings as query
from hub.queries import inventory, locks
from hub.services import allocations, asking, changes, checks, holds, outbox, placement, same_stays, snapshots
from hub.services.asked import Asked
from hub.services.asking import ItemRequest
from hub.services.bookings import Booked, extent
from hub.services.placement import Leaving


@dataclass(frozen=True, slots=True)
class MoveRequest:
    """Where one item goes: another unit, any of a type, another span; what is None stays as it is."""

    item_id: UUID
    unit_id: UUID | None = None
    unit_type_id: UUID | None = None
    span: Span | None = None
    pinned: bool | None = None
    """None: to another unit if that is named"""


def move(
    session: Session,
    booking_id: UUID,
    requests: Sequence[MoveRequest],
    *,
    version: int | None = None,
    evidence: Evidence | None = None,
    among: frozenset[UUID] | None = None,
) -> Booked:
    """
    Move some items of a booking, all or none. An item that has begun keeps its arrival. StaleRead where the
    booking is no longer of the `version` that was read. `evidence` and `among` as for `bookings.book`.
    """
    now = clock.now()
    items, wanted, asked = _asked(session, booking_id, requests, now)
    asked = asked if among is None else asking.narrowed(asked, among)

    if evidence is not None:
        checks.take_turns(session, checks.concerned(session, asked).margins)
    going = leaving(session, booking_id)
    held = going.unit_ids
    units = placement.find(session, asked, now, going)
    judged = checks.judge(session, asked, units, evidence, on_hold=None, leaving=[booking_id])
    (booking,) = query.locked(session, [booking_id])
    if version is not None and booking.version != version:
        raise StaleRead
    _movable(booking)
    items = query.items(session, [booking_id])
    if _targets(items, requests) != wanted:
        raise Conflict.because(
            "changed", "the booking was changed by somebody else at this moment; look again"
        )

    before = snapshots.booking(booking, items)
    allocations.release(session, [booking_id], units=held)
    pins = {one.item_id: one.pinned for one in requests}
    for item, one, unit in zip(items, asked, units, strict=True):
        pinned = item.pinned if wanted[item.id].unit_id == item.unit_id else not one.by_type
        item.pinned = pinned if (asked_pin := pins.get(item.id)) is None else asked_pin
        item.unit_id, item.unit_type_id = unit.id, unit.unit_type_id
        for column, value in asking.columns(one.span, one.offers[0].zone).items():
            setattr(item, column, value)
        session.flush()
        allocations.take(session, unit, one.period, item, booking.hold_until)
    whole = extent(asked)
    booking.starts_at, booking.ends_at = whole.starts_at, whole.ends_at
    booking.updated_at = now
    if evidence is not None:
        checks.judged_anew(booking, judged, now)
    session.flush()
    same_stays.booking_moved(session, booking_id)
    if evidence is None:
        checks.lies_elsewhere(session, booking)
    checks.keep(session, booking_id, "moved", judged)
    _told(session, booking, items, before, held | {leaf for unit in units for leaf in unit.leaves})
    return Booked(booking, items)


def leaving(session: Session, booking_id: UUID) -> Leaving:
    """What a booking gives up when it moves, and the events that a person said are its very stay."""
    held = query.units_of(session, [booking_id])
    return Leaving(frozenset({booking_id}), held, query.same_stays(session, booking_id))


def asked_for(
    session: Session, booking_id: UUID, requests: Sequence[MoveRequest], now: datetime
) -> tuple[Asked, ...]:
    """Where the items of a booking are to go, before anything is locked."""
    return _asked(session, booking_id, requests, now)[2]


def _asked(
    session: Session, booking_id: UUID, requests: Sequence[MoveRequest], now: datetime
) -> tuple[tuple[BookingItem, ...], Mapping[UUID, ItemRequest], tuple[Asked, ...]]:
    booking = _movable(query.one(session, booking_id))
    items = query.items(session, [booking_id])
    wanted = _targets(items, requests)
    asked = asking.offers_for(
        session,
        booking.property_id,
        [wanted[item.id] for item in items],
        booking.guests,
        now,
        begun=_begun(items, now),
    )
    return items, wanted, asked


def swapped_units(session: Session, booking_id: UUID, other_id: UUID) -> tuple[SellableUnit, ...]:
    """The units of two bookings that want to swap, before anything is locked."""
    return tuple(offer.unit for offer in _offers(session, _both(session, booking_id, other_id)))


def _both(session: Session, booking_id: UUID, other_id: UUID) -> list[UUID]:
    if booking_id == other_id:
        raise Refused.because("itself", "a booking cannot swap with itself", "swap_with")
    query.one(session, booking_id)
    try:
        query.one(session, other_id)
    except NotFound:
        raise Refused.because("unknown", "there is no such booking", "swap_with") from None
    return [booking_id, other_id]


def swap(
    session: Session, booking_id: UUID, other_id: UUID, *, evidence: Evidence | None = None
) -> tuple[Booked, Booked]:
    """
    Two bookings of one item each take each other's unit; each keeps its own dates. `evidence` as for `move`.
    """
    both = _both(session, booking_id, other_id)
    held = query.units_of(session, both)
    offers = {offer.unit.id: offer for offer in _offers(session, both)}
    leaves = inventory.leaves(list(offers.values()))
    locks.units(session, held | leaves | _lapsing(session, list(offers.values()), both))
    inventory.confirm(session, list(offers.values()))

    bookings = {row.id: _movable(row) for row in query.locked(session, both)}
    items = query.items(session, both)
    if query.units_of(session, both) != held or not offers.keys() <= {item.unit_id for item in items}:
        raise StaleRead
    if len(items) != 2 or bookings[booking_id].property_id != bookings[other_id].property_id:
        raise Conflict.because("not_swappable", "only bookings of one item each, of one property, can swap")
    locks.require(session, [leaf for item in items for leaf in _leaves(offers, item)])
    by_booking = {item.booking_id: item for item in items}
    mine, theirs = by_booking[booking_id], by_booking[other_id]
    targets = {mine.id: offers[theirs.unit_id], theirs.id: offers[mine.unit_id]}
    _fits(session, items, targets, both)

    before = {item.booking_id: snapshots.booking(bookings[item.booking_id], [item]) for item in items}
    allocations.release(session, both, units=held)
    for item in items:
        offer = targets[item.id]
        item.unit_id, item.unit_type_id, item.pinned = offer.unit.id, offer.unit.unit_type_id, True
        session.flush()
        booking = bookings[item.booking_id]
        booking.updated_at = clock.now()
        allocations.take(session, offer.unit, _period(item, offer), item, booking.hold_until)
    session.flush()
    for item in items:
        _look_again(session, bookings[item.booking_id], targets[item.id].unit, evidence)
        _told(session, bookings[item.booking_id], [item], before[item.booking_id], held)
    return Booked(bookings[booking_id], (mine,)), Booked(bookings[other_id], (theirs,))


def _look_again(session: Session, booking: Booking, unit: SellableUnit, evidence: Evidence | None) -> None:
    """What the unit's channels say; Conflict, Unasked as `checks.judge`."""
    if evidence is None:
        checks.lies_elsewhere(session, booking)
        return
    judged = checks.judge_standing(session, [unit], evidence, on_hold=None)
    checks.judged_anew(booking, judged, clock.now())
    session.flush()
    checks.keep(session, booking.id, "moved", judged)


def _targets(items: Sequence[BookingItem], requests: Sequence[MoveRequest]) -> Mapping[UUID, ItemRequest]:
    """What every item of the booking asks for after the move."""
    asked = {request.item_id: request for request in requests}
    known = {item.id for item in items}
    for position, request in enumerate(requests):
        if request.item_id not in known:
            raise Refused.because("unknown", "the booking has no such item", f"items[{position}].item_id")
        if request.unit_id and request.unit_type_id:
            raise Refused.because("one_of", "name either a unit_id or a unit_type_id", f"items[{position}]")
    if not asked:
        raise Refused.because("required", "name at least one item to move", "items")
    found = {}
    for item in items:
        request = asked.get(item.id, MoveRequest(item.id))
        stays = request.unit_id is None and request.unit_type_id is None
        found[item.id] = ItemRequest(
            span=request.span or asking.span_of(item),
            unit_id=item.unit_id if stays else request.unit_id,
            unit_type_id=None if stays else request.unit_type_id,
        )
    return found


def _begun(items: Sequence[BookingItem], now: datetime) -> frozenset[object]:
    """Arrivals that lie in the past already: keeping them is no booking into the past."""
    return frozenset(item.arrival or item.starts_at for item in items if item.starts_at <= now)


def _movable(booking: Booking) -> Booking:
    status = Status(booking.status)
    if not LIFECYCLE[status].allocates or status in (Status.CHECKED_OUT, Status.COMPLETED):
        raise Conflict.because("not_movable", f"{LIFECYCLE[status].title} cannot be moved")
    if booking.hold_until is not None and booking.hold_until <= clock.now():
        raise Conflict.because("hold_lapsed", "the hold ran out; book again")
    return booking


def _offers(session: Session, booking_ids: Sequence[UUID]) -> tuple[Offer, ...]:
    return inventory.of_units(session, [item.unit_id for item in query.items(session, booking_ids)])


def _leaves(offers: Mapping[UUID, Offer], item: BookingItem) -> frozenset[UUID]:
    if item.unit_id not in offers:
        raise NotFound.because("not_found", "the booking's unit is no longer there")
    return offers[item.unit_id].unit.leaves


def _period(item: BookingItem, offer: Offer) -> Period:
    return occupied(asking.span_of(item), offer.zone, offer.turnaround)


def _lapsing(session: Session, offers: Sequence[Offer], both: Sequence[UUID]) -> frozenset[UUID]:
    """Units of the lapsed holds that lie where the two go: they are locked with the rest, to be ended."""
    periods = [_period(item, offer) for item in query.items(session, both) for offer in offers]
    if not periods:
        return frozenset()
    reach = Period(min(one.starts_at for one in periods), max(one.ends_at for one in periods))
    seen = inventory.takings(session, inventory.leaves(offers), reach, clock.now(), without=both)
    return query.units_of(session, seen.lapsed)


def _fits(
    session: Session, items: Sequence[BookingItem], targets: Mapping[UUID, Offer], both: Sequence[UUID]
) -> None:
    """Each item must suit the other's unit in letting, and find it free but for the two themselves."""
    taking: dict[UUID, SellableUnit] = {}
    for item in items:
        offer = targets[item.id]
        if isinstance(asking.span_of(item), Nights) != (offer.let_by == "night"):
            raise Conflict.because("let_by", f"{offer.unit.name} is let by the {offer.let_by}")
        asked = Asked(asking.span_of(item), (offer,), by_type=False, field="swap_with")
        now = clock.now()
        seen = inventory.takings(session, offer.unit.leaves, asked.period, now, without=both)
        if seen.live:
            raise Conflict(*placement.against([asked], seen.live))
        holds.make_way(session, seen.lapsed, now)
        taking[item.id] = offer.unit
    first, second = items
    if taking[first.id].leaves & taking[second.id].leaves and _period(first, targets[first.id]).overlaps(
        _period(second, targets[second.id])
    ):
        raise Conflict.because("not_together", "the two stays would share a unit")


def _told(
    session: Session,
    booking: Booking,
    items: Sequence[BookingItem],
    before: Mapping[str, object],
    units: frozenset[UUID],
) -> None:
    changes.record(
        session,
        "booking",
        booking.id,
        "moved",
        before=before,
        after=snapshots.booking(booking, items),
        property_id=booking.property_id,
        for_id=booking.guest_id,
    )
    outbox.inventory_changed(session, units, "booking.moved", booking.id)

"""What can be sold: per unit type how many units are free and why none is, and the calendar of many units."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from hub import clock
from hub.domain import availability
from hub.domain.availability import Busy, SellableUnit
from hub.domain.offers import Offer
from hub.domain.periods import LetBy, Nights, Period, Span, days_covered, occupied, union
from hub.errors import NotFound, Reason, Refused
from hub.queries import inventory
from hub.services import asking


@dataclass(frozen=True, slots=True)
class TypeAvailability:
    """`free` units of a type can be had for the whole span; `reasons` say why when none can."""

    unit_type_id: UUID
    name: str
    let_by: LetBy
    capacity: int
    free: int
    units: tuple[SellableUnit, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class UnitCalendar:
    """A unit and the days on which something takes it."""

    offer: Offer
    busy: tuple[Busy, ...]


def of_property(
    session: Session, property_id: UUID, span: Span, guests: int, unit_type_id: UUID | None = None
) -> tuple[TypeAvailability, ...]:
    """One row per unit type that is let the way the span asks (by the night, or by the hour)."""
    asking.property_of(session, property_id)
    offers = inventory.of_property(session, property_id)
    if unit_type_id is not None:
        offers = tuple(offer for offer in offers if offer.unit.unit_type_id == unit_type_id)
        if not offers:
            raise NotFound.because("unknown", "this property has no units of such a type", "unit_type_id")
    let_by = LetBy.NIGHT if isinstance(span, Nights) else LetBy.HOUR
    fitting = [offer for offer in offers if offer.let_by == let_by]
    if offers and not fitting:
        raise Refused.because("let_by", f"nothing here is let by the {let_by}", "arrival")
    if not fitting:
        return ()
    widest = max(offer.turnaround for offer in fitting)
    reach = occupied(span, fitting[0].zone, widest)
    taken = inventory.takings(session, inventory.leaves(fitting), reach, clock.now()).live
    by_type = sorted(fitting, key=lambda offer: (offer.type_name, offer.unit.unit_type_id))
    return tuple(
        _of_type(tuple(group), taken, span, guests)
        for _, group in groupby(by_type, key=lambda offer: offer.unit.unit_type_id)
    )


def calendar(session: Session, property_id: UUID, first: date, after: date) -> tuple[UnitCalendar, ...]:
    """Every unit of a property and what takes it on the days from `first` until, not including, `after`."""
    place = asking.property_of(session, property_id)
    zone = ZoneInfo(place.time_zone)
    nights = Nights(first, after)
    reach = union([occupied(nights, zone), days_covered(first, after, zone)])
    offers = inventory.of_property(session, property_id)
    period = Period(reach[0].starts_at, reach[-1].ends_at)
    taken = inventory.spans(session, inventory.leaves(offers), period, clock.now())
    busy = availability.calendar([offer.unit for offer in offers], taken, nights, zone)
    return tuple(UnitCalendar(offer, tuple(busy[offer.unit.id])) for offer in offers)


def _of_type(
    offers: tuple[Offer, ...], taken: tuple[availability.Taken, ...], span: Span, guests: int
) -> TypeAvailability:
    offer = offers[0]
    units = [one.unit for one in offers]
    period = occupied(span, offer.zone, offer.turnaround)
    free = availability.free(units, taken, period)
    reasons = () if free else availability.explain(units, taken, period, span, offer.zone)
    if guests > offer.capacity * max(len(free), 1):
        too_many = f"{offer.type_name} has room for {offer.capacity} in each of {len(free)} free units"
        reasons = (*reasons, Reason("over_capacity", too_many, "guests"))
    return TypeAvailability(
        unit_type_id=offer.unit.unit_type_id,
        name=offer.type_name,
        let_by=offer.let_by,
        capacity=offer.capacity,
        free=len(free),
        units=free,
        reasons=reasons,
    )

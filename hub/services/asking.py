"""What is asked for: items by unit or by type, checked against the rules before anything is locked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from hub.database import organization_of
from hub.domain.periods import Hours, Nights, Span, occupied
from hub.domain.rules import Ask, Terms, refusals
from hub.errors import Conflict, NotFound, Reason, Refused
from hub.models.bookings import Blackout, BookingItem
from hub.models.properties import Property
from hub.queries import inventory
from hub.services.asked import Asked

GRACE = timedelta(minutes=15)
"""A rental that began a moment ago may still be written down: the walk-in's clock is not ours."""


@dataclass(frozen=True, slots=True)
class ItemRequest:
    """One unit, or any of a type, for one span."""

    span: Span
    unit_id: UUID | None = None
    unit_type_id: UUID | None = None


def property_of(session: Session, property_id: UUID) -> Property:
    found = session.get(Property, (organization_of(session), property_id))
    if found is None or found.archived_at is not None:
        raise NotFound.because("not_found", "there is no such property", "property_id")
    return found


def named_property(session: Session, property_id: UUID) -> Property:
    """The same for who was given the id as a value: Refused, like any value that cannot be."""
    try:
        return property_of(session, property_id)
    except NotFound:
        raise Refused.because("unknown", "there is no such property", "property_id") from None


def offers_for(
    session: Session,
    property_id: UUID,
    items: Sequence[ItemRequest],
    guests: int,
    now: datetime,
    *,
    begun: frozenset[object] = frozenset(),
) -> tuple[Asked, ...]:
    """
    Units that could serve each item; Refused, naming the field, where a rule of booking forbids it.

    `begun` are arrivals (dates or instants) of a stay that goes on: they may lie in the past.
    """
    try:
        if not items:
            raise Refused.because("required", "a booking needs at least one item", "items")
        asked = tuple(_asked(session, property_id, item, f"items[{n}]") for n, item in enumerate(items))
    except Refused:
        named_property(session, property_id)  # of a property that is not there nothing else is worth saying
        raise
    room_for = sum(max(offer.capacity for offer in item.offers) for item in asked)
    today = now.astimezone(asked[0].offers[0].zone).date()
    reasons: list[Reason] = []
    for item in asked:
        terms = Terms(today=today, now=now - GRACE, let_by=item.offers[0].let_by, capacity=room_for)
        reasons += [
            reason if reason.field == "guests" else replace(reason, field=f"{item.field}.{reason.field}")
            for reason in refusals(Ask(item.span, guests), terms)
            if not (reason.code == "in_the_past" and _start(item.span) in begun)
        ]
    if reasons:
        raise Refused(*_distinct(reasons))
    return asked


def question(session: Session, item: ItemRequest, now: datetime) -> Asked:
    """One item, of whichever property, that is only asked about; Refused as a booking of it would be."""
    named = [item.unit_id] if item.unit_id else []
    types = [item.unit_type_id] if item.unit_type_id else []
    offers = inventory.of_units(session, named) or inventory.of_types(session, types)
    property_id = offers[0].property_id if offers else organization_of(session)
    asked = replace(_asked(session, property_id, item, ""), field="")
    first = asked.offers[0]
    today = now.astimezone(first.zone).date()
    terms = Terms(today=today, now=now - GRACE, let_by=first.let_by, capacity=first.capacity)
    if reasons := refusals(Ask(item.span, 1), terms):
        raise Refused(*reasons)
    return asked


def narrowed(asked: Sequence[Asked], among: frozenset[UUID]) -> tuple[Asked, ...]:
    """The same, but what is asked for by type is to be one of these units; Conflict where there is none."""
    found = tuple(
        replace(item, offers=tuple(offer for offer in item.offers if offer.unit.id in among))
        if item.by_type
        else item
        for item in asked
    )
    if not all(item.offers for item in found):
        raise Conflict.because("sold_out", "none of these units is free", "items")
    return found


def columns(span: Span, zone: ZoneInfo) -> dict[str, Any]:
    """The four columns in which a row keeps its span."""
    if isinstance(span, Hours):
        return {"arrival": None, "departure": None, "starts_at": span.starts_at, "ends_at": span.ends_at}
    period = occupied(span, zone)
    return {
        "arrival": span.arrival,
        "departure": span.departure,
        "starts_at": period.starts_at,
        "ends_at": period.ends_at,
    }


def span_of(row: BookingItem | Blackout) -> Span:
    """The span that `columns` wrote."""
    if row.arrival is not None and row.departure is not None:
        return Nights(row.arrival, row.departure)
    return Hours(row.starts_at, row.ends_at)


def _asked(session: Session, property_id: UUID, item: ItemRequest, field: str) -> Asked:
    if (item.unit_id is None) == (item.unit_type_id is None):
        asked_for = field or ("unit_type_id" if item.unit_id else "unit_id")
        raise Refused.because("one_of", "name either a unit_id or a unit_type_id", asked_for)
    if item.unit_id is not None:
        offers, named = inventory.of_units(session, [item.unit_id]), "unit_id"
    else:
        types = [item.unit_type_id] if item.unit_type_id else []
        offers, named = inventory.of_types(session, types), "unit_type_id"
    offers = tuple(offer for offer in offers if offer.property_id == property_id)
    if not offers:
        where = "this property has" if field else "there is"
        why = f"{where} no such unit" if item.unit_id else f"{where} no unit of such a type"
        raise Refused.because("unknown", why, f"{field}.{named}".lstrip("."))
    return Asked(item.span, offers, by_type=item.unit_type_id is not None, field=field)


def _start(span: Span) -> object:
    return span.arrival if isinstance(span, Nights) else span.starts_at


def _distinct(reasons: Sequence[Reason]) -> list[Reason]:
    found: list[Reason] = []
    for reason in reasons:
        if reason not in found:
            found.append(reason)
    return found

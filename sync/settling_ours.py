"""Ways out of a conflict that change what is ours: a booking or a blackout goes elsewhere, or goes."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from hub.database import StaleRead
from hub.domain.availability import Cause
from hub.domain.lifecycle import Status
from hub.errors import Conflict, Refused
from hub.queries import blackouts as blackouts_query
from hub.queries import bookings as bookings_query
from hub.services import blackouts, bookings, rebooking
from hub.services.blackouts import BlackoutRequest
from hub.services.rebooking import MoveRequest
from sync.case import Case, moved_on
from sync.planning import ways_out as planning
from sync.planning.stakes import Closure, Stay

CHANNELS = frozenset({Cause.EXTERNAL})


def move_booking(case: Case) -> str:
    stay, booking_id = _stay(case)
    offer = case.unit()
    version = bookings_query.one(case.session, booking_id).version
    request = MoveRequest(stay.id, unit_id=offer.unit.id)
    try:
        rebooking.move(case.session, booking_id, [request], version=version)
    except Refused as error:
        raise Refused(*(replace(reason, field="unit_id") for reason in error.reasons)) from None
    except Conflict as error:
        period = case.period(offer, stay.span, turnaround=True)
        raise case.taken(offer, period, frozenset({stay.id})) or error from None
    case.confirm()
    return f"{stay.reference} was moved to {offer.unit.name}"


def cancel_booking(case: Case) -> str:
    stay, booking_id = _stay(case)
    version = bookings_query.one(case.session, booking_id).version
    booked = bookings.advance(case.session, booking_id, Status.CANCELLED, reason=case.said.reason)
    if booked.booking.version != version + 1:
        raise StaleRead  # somebody changed it before its units were locked
    case.confirm()
    return f"{stay.reference} was cancelled"


def move_blackout(case: Case) -> str:
    closure = _closure(case)
    said = case.said
    if said.unit_id is None and said.span is None:
        raise Refused.because("required", "say when, or to which unit", "arrival")
    offer = case.unit() if said.unit_id is not None else closure.offer
    span = said.span or closure.span
    row = blackouts_query.one(case.session, closure.id)
    request = BlackoutRequest(offer.unit.id, span, closure.kind, blackouts.note(case.session, row))
    period = case.period(offer, span, turnaround=False)
    own = frozenset({closure.id})
    try:
        blackouts.change(case.session, closure.id, request, version=row.version)
    except Conflict as error:
        raise case.taken(offer, period, own) or error from None
    if refusal := case.taken(offer, period, own, CHANNELS):
        raise refusal  # a blackout may lie over what a channel says, but that is what is to end here
    case.confirm()
    return f"the blackout was moved to {offer.unit.name}, {planning.span_words(span, offer.zone)}"


def remove_blackout(case: Case) -> str:
    closure = _closure(case)
    row = blackouts_query.one(case.session, closure.id)
    version = row.version
    blackouts.remove(case.session, closure.id)
    if row.version != version:
        raise StaleRead
    case.confirm()
    return f"the blackout of {closure.offer.unit.name} was removed"


def _stay(case: Case) -> tuple[Stay, UUID]:
    stay, booking_id = case.facts.stay, case.row.booking_id
    if stay is None or booking_id is None:
        raise moved_on("the booking is not there any more")
    return stay, booking_id


def _closure(case: Case) -> Closure:
    if case.facts.closure is None:
        raise moved_on("the blackout is not there any more")
    return case.facts.closure

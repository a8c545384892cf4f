"""POST, GET bookings; GET, PATCH bookings/{id}; GET bookings/{id}/history."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from api import etags
from api.booked import several, told
from api.checked import Asking, Checked, Done
from api.dependencies import Staff
from api.etags import IfMatch, etag
from api.idempotency import Answer, Idempotent
from api.instants import FIRST, LAST, WITHIN
from api.openapi import documented, example
from api.pagination import Page, Paged, next_cursor, shown
from api.schemas.bookings import NEW_BOOKING, BookingOut, BookingPatch, NewBooking, Slug
from api.schemas.changes import CHANGE, ChangeOut
from api.schemas.common import Day
from hub import clock
from hub.domain.evidence import Evidence
from hub.domain.lifecycle import Status
from hub.domain.periods import MIDNIGHT, at
from hub.errors import NotFound, Refused
from hub.queries import bookings as query
from hub.queries import changes, properties
from hub.queries.bookings import BookingFilter
from hub.queries.changes import Wanted
from hub.services import asking, bookings, checks, guests, placement
from hub.services.bookings import Booked
from hub.services.placement import Suggested

router = APIRouter(prefix="/bookings", tags=["bookings"])

BOOKING: dict[str, Any] = {
    "id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be105",
    "reference": "7KQ2M9XA",
    "property_id": NEW_BOOKING["property_id"],
    "status": "confirmed",
    "source": "phone",
    "guests": 2,
    "guest_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be106",
    "guest": {"name": "Ada Lovelace", "email": "ada@example.com", "phone": "+34600123456", "note": None},
    "items": [
        {
            "id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be104",
            "unit_type_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be102",
            "unit_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be103",
            "pinned": False,
            "arrival": "2027-07-01",
            "departure": "2027-07-04",
            "starts_at": None,
            "ends_at": None,
        }
    ],
    "hold_until": None,
    "check": {"state": "verified", "at": "2026-11-21T12:00:00Z"},
    "cancelled_at": None,
    "cancel_reason": None,
    "version": 1,
    "created_at": "2026-11-21T12:00:00Z",
    "updated_at": "2026-11-21T12:00:00Z",
}


@router.post(
    "",
    status_code=201,
    summary="Book or hold units",
    response_model=BookingOut,
    responses={**example(201, BOOKING, "Booked"), **documented(409)},
)
async def create(caller: Staff, body: NewBooking, once: Idempotent, checker: Checked) -> Response:
    """
    All items or none. An item names a unit, or a unit type of which any free unit is taken; movable
    bookings are moved to other units where only that makes room.

    Channels that could contradict it are asked first, if they were not asked a moment ago. What it means
    that one does not answer in time is the policy of the property, or of the unit type: 409, a booking that
    is flagged, or one that is held (`check.state` is `awaiting`) and confirmed by itself once all answered.
    """
    request, domain = body.request(), caller.runtime.uid_domain

    def answer(session: Session, booked: Booked) -> Answer:
        headers = {"Location": f"/api/v1/bookings/{booked.booking.id}", "ETag": etag(booked.booking)}
        return Answer(told(session, booked), headers=headers)

    def gather(session: Session, most: int | None) -> Suggested | Done[Response] | None:
        if once.answered(session, caller):
            return None
        now = clock.now()
        asked = asking.offers_for(session, request.property_id, request.items, request.guests, now)
        concerned = checks.concerned(session, asked)
        if concerned.linked:
            return placement.suggest(session, asked, now, most)

        def work(session: Session) -> Answer:
            unasked, margins = Evidence(now), concerned.margins
            return answer(session, bookings.sell(session, request, asked, domain, unasked, margins))

        return Done(once.within(session, caller, work))

    def act(evidence: Evidence, among: frozenset[UUID] | None) -> Response:
        def work(session: Session) -> Answer:
            return answer(session, bookings.book(session, request, domain, evidence, among))

        return once.create(caller, work)

    return await Asking(caller, checker).act(gather, act)


@router.get(
    "",
    summary="List bookings",
    responses={**example(200, {"items": [BOOKING], "next_cursor": None}), **documented(404)},
)
def page(
    caller: Staff,
    paging: Paged,
    status: Annotated[list[Status] | None, Query(description="Any of these")] = None,
    channel: Annotated[Slug | None, Query(description="The source: direct, phone, a channel's slug")] = None,
    first: Annotated[Day | None, Query(alias="from", description="Not gone before this day")] = None,
    after: Annotated[Day | None, Query(alias="to", description="Arriving before this day")] = None,
    q: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=320,
            description="A reference, whole words of a guest's name in any order, or exactly an e-mail"
            " address or a phone number with its country",
        ),
    ] = None,
    property_id: Annotated[UUID | None, Query(description="Of this property")] = None,
) -> Page[BookingOut]:
    """
    In the order of arrival. Days are those of the property's own wall clock if one is named, else UTC's.
    """

    def work(session: Session) -> Page[BookingOut]:
        zone = _zone(session, property_id)
        wanted = BookingFilter(
            property_ids=(property_id,) if property_id else (),
            status=tuple(status or ()),
            source=channel,
            ends_after=_midnight(first, zone, "from"),
            starts_before=_midnight(after, zone, "to"),
            **_search(session, q),
        )
        rows = query.page(session, wanted, paging.fetch, paging.after)
        return Page(
            items=several(session, shown(rows, paging)),
            next_cursor=next_cursor(rows, paging, lambda row: (row.starts_at, row.id)),
        )

    return caller.transact(work)


@router.get("/{booking_id}", summary="Show a booking", responses=example(200, BOOKING))
def one(caller: Staff, booking_id: UUID, response: Response) -> BookingOut:
    """Its ETag is for `If-Match` of an edit."""

    def work(session: Session) -> BookingOut:
        booking = query.one(session, booking_id)
        response.headers["ETag"] = etag(booking)
        return told(session, Booked(booking, query.items(session, [booking_id])))

    return caller.transact(work)


@router.patch(
    "/{booking_id}",
    summary="Change who comes, or how many",
    responses={**example(200, BOOKING), **documented(412)},
)
def amend(
    caller: Staff, booking_id: UUID, body: BookingPatch, response: Response, if_match: IfMatch = None
) -> BookingOut:
    """What is not said stays as it is. Other units or dates: `move`."""

    def work(session: Session) -> BookingOut:
        query.one(session, booking_id)
        (booking,) = query.locked(session, [booking_id])
        etags.check(if_match, booking)
        guest = body.guest.fields() if body.guest else None
        booked = bookings.amend(session, booking_id, guest=guest, guests=body.guests)
        response.headers["ETag"] = etag(booked.booking)
        return told(session, booked)

    return caller.transact(work)


@router.get(
    "/{booking_id}/history",
    summary="What happened to a booking",
    responses=example(200, {"items": [CHANGE], "next_cursor": None}),
)
def history(caller: Staff, booking_id: UUID, paging: Paged) -> Page[ChangeOut]:
    """Newest first: who or what changed it, when, from what to what."""

    def work(session: Session) -> Page[ChangeOut]:
        query.one(session, booking_id)
        wanted = Wanted(entity="booking", entity_id=booking_id)
        rows = changes.page(session, wanted, limit=paging.fetch, after=paging.after)
        return Page(
            items=[ChangeOut.of(row) for row in shown(rows, paging)],
            next_cursor=next_cursor(rows, paging, lambda row: (row.at, row.id)),
        )

    return caller.transact(work)


def _zone(session: Session, property_id: UUID | None) -> ZoneInfo:
    if property_id is None:
        return ZoneInfo("UTC")
    try:
        return ZoneInfo(properties.one(session, property_id).time_zone)
    except NotFound:
        raise NotFound.because("not_found", "there is no such property", "property_id") from None


def _midnight(day: date | None, zone: ZoneInfo, field: str) -> datetime | None:
    if day is None:
        return None
    if not FIRST <= day <= LAST:
        raise Refused.because("beyond_calendar", f"there are no bookings so far away: {WITHIN}", field)
    return at(day, MIDNIGHT, zone)


def _search(session: Session, q: str | None) -> dict[str, Any]:
    """What `q` may mean: an address has an @, a phone number begins with +, else a reference or a name."""
    if q is None:
        return {}
    text = q.strip()
    if "@" in text:
        return {"email_index": guests.email_index(session, guests.email(text, "q"))}
    if text.startswith("+"):
        return {"phone_index": guests.phone_index(session, guests.phone(text, "q"))}
    return {"reference": text.upper(), "words": guests.word_indexes(session, text)}

"""POST links/{id}/events/{event_id}/adopt."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.booked import told
from api.dependencies import Staff
from api.etags import etag
from api.idempotency import Answer, Idempotent
from api.openapi import documented, example
from api.routes.bookings import BOOKING
from api.schemas.adoptions import AdoptionIn
from api.schemas.bookings import BookingOut
from sync import adopting

router = APIRouter(prefix="/links/{link_id}", tags=["channels"])

ADOPTED = BOOKING | {"source": "google_calendar"}


@router.post(
    "/events/{event_id}/adopt",
    status_code=201,
    summary="Make an event of others a booking of ours",
    response_model=BookingOut,
    responses={
        **example(201, ADOPTED, "Booked"),
        200: {"model": BookingOut, **example(200, ADOPTED, "It was adopted before")[200]},
        **documented(409),
    },
)
def adopt(
    caller: Staff, link_id: UUID, event_id: UUID, once: Idempotent, body: AdoptionIn | None = None
) -> Response:
    """
    It takes the unit that the event has, or the one that is named, and the event becomes ours: the next sync
    writes our words on it, and what is changed or deleted there afterwards is treated as with every event of
    ours. 409 where the unit is not free for it, for an event that recurs, and for one that came with a feed.
    """
    wanted = (body or AdoptionIn()).adoption()

    def work(session: Session) -> Answer:
        done = adopting.adopt(session, link_id, event_id, wanted, caller.runtime.uid_domain)
        booking = done.booked.booking
        headers = {"Location": f"/api/v1/bookings/{booking.id}", "ETag": etag(booking)}
        return Answer(told(session, done.booked), 201 if done.new else 200, headers)

    return once.create(caller, work)

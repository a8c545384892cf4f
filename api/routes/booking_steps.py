"""POST bookings/{id}/confirm|cancel|move|check-in|check-out|no-show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.orm import Session

from api.booked import told
from api.callers import Caller
from api.dependencies import Staff
from api.etags import etag
from api.openapi import documented, example
from api.routes.bookings import BOOKING
from api.schemas.bookings import BookingOut, Cancellation, Moves
from hub.domain.lifecycle import ACTIONS, Status
from hub.errors import Refused
from hub.services import bookings, rebooking
from hub.services.bookings import Booked

router = APIRouter(prefix="/bookings", tags=["bookings"])

STEPS = {
    "confirm": "Confirm a held booking",
    "check-in": "Check the guests in",
    "check-out": "Check the guests out",
    "no-show": "Note that nobody came, and give the units back",
}
"""Steps that need nothing but the booking"""


def _answers(status: Status) -> dict[int | str, dict[str, Any]]:
    return {**example(200, {**BOOKING, "status": status.value}), **documented(409)}


@router.post(
    "/{booking_id}/cancel",
    summary="Cancel a booking, and give its units back",
    responses=_answers(Status.CANCELLED),
)
def cancel(
    caller: Staff, booking_id: UUID, response: Response, body: Cancellation | None = None
) -> BookingOut:
    """Cancelling what is cancelled already changes nothing."""
    reason = body.reason if body else None
    return _answer(
        caller,
        response,
        lambda session: bookings.advance(session, booking_id, Status.CANCELLED, reason=reason),
    )


@router.post(
    "/{booking_id}/move",
    summary="Move items to other units or dates, or swap units with another booking",
    responses=_answers(Status.CONFIRMED),
)
def move(caller: Staff, booking_id: UUID, body: Moves, response: Response) -> BookingOut:
    """All items or none. A swap leaves each booking its own dates; both must have one item."""
    if bool(body.items) == (body.swap_with is not None):
        raise Refused.because("one_of", "say either items or swap_with", "items")
    requests = [item.request(f"items[{n}]") for n, item in enumerate(body.items)]
    other = body.swap_with

    def work(session: Session) -> Booked:
        if other is not None:
            return rebooking.swap(session, booking_id, other)[0]
        return rebooking.move(session, booking_id, requests)

    return _answer(caller, response, work)


def _step(target: Status) -> Callable[..., BookingOut]:
    def step(caller: Staff, booking_id: UUID, response: Response) -> BookingOut:
        return _answer(caller, response, lambda session: bookings.advance(session, booking_id, target))

    return step


def _answer(caller: Caller, response: Response, work: Callable[[Session], Booked]) -> BookingOut:
    def whole(session: Session) -> BookingOut:
        booked = work(session)
        response.headers["ETag"] = etag(booked.booking)
        return told(session, booked)

    return caller.transact(whole)


for _action, _summary in STEPS.items():
    router.add_api_route(
        f"/{{booking_id}}/{_action}",
        _step(ACTIONS[_action]),
        methods=["POST"],
        name=_action,
        summary=_summary,
        response_model=BookingOut,
        responses=_answers(ACTIONS[_action]),
        description="Repeating it changes nothing.",
    )

"""POST bookings/{id}/confirm|cancel|move|check-in|check-out|no-show."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.orm import Session

from api.booked import told
from api.callers import Caller
from api.checked import Asking, Checked
from api.dependencies import Staff
from api.etags import etag
from api.openapi import documented, example
from api.routes.bookings import BOOKING
from api.schemas.bookings import BookingOut, Cancellation, Moves
from api.schemas.checks import CHECK, CheckOut, ChecksOut
from hub import clock
from hub.domain.evidence import Evidence
from hub.domain.lifecycle import ACTIONS, Status
from hub.errors import Refused
from hub.queries import bookings as query
from hub.queries import checks as checks_query
from hub.services import bookings, confirming, placement, rebooking
from hub.services.bookings import Booked
from hub.services.placement import Suggested

router = APIRouter(prefix="/bookings", tags=["bookings"])

STEPS = {
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
async def move(
    caller: Staff, booking_id: UUID, body: Moves, response: Response, checker: Checked
) -> BookingOut:
    """
    All items or none. A swap leaves each booking its own dates; both must have one item. Channels that could
    contradict it are asked first, as for a new booking; what they would have to be waited for is 409.
    """
    if bool(body.items) == (body.swap_with is not None):
        raise Refused.because("one_of", "say either items or swap_with", "items")
    requests = [item.request(f"items[{n}]") for n, item in enumerate(body.items)]
    other = body.swap_with

    def gather(session: Session, most: int | None) -> Suggested:
        if other is not None:
            return Suggested(tuple((u,) for u in rebooking.swapped_units(session, booking_id, other)))
        now = clock.now()
        asked = rebooking.asked_for(session, booking_id, requests, now)
        return placement.suggest(session, asked, now, most, rebooking.leaving(session, booking_id))

    def act(evidence: Evidence, among: frozenset[UUID] | None) -> BookingOut:
        if other is not None:
            swapped = partial(rebooking.swap, booking_id=booking_id, other_id=other, evidence=evidence)
            return _answer(caller, response, lambda session: swapped(session)[0])
        moved = partial(
            rebooking.move, booking_id=booking_id, requests=requests, evidence=evidence, among=among
        )
        return _answer(caller, response, moved)

    return await Asking(caller, checker).act(gather, act)


@router.post("/{booking_id}/confirm", summary="Confirm a held booking", responses=_answers(Status.CONFIRMED))
async def confirm(caller: Staff, booking_id: UUID, response: Response, checker: Checked) -> BookingOut:
    """
    Repeating it changes nothing. Its channels are asked again, as for a new booking: where one does not
    answer and the policy is to wait, it stays held, and is confirmed by itself once all have answered.
    """

    def gather(session: Session, _most: int | None) -> Suggested | None:
        if query.one(session, booking_id).status != Status.HELD:
            return None
        units = confirming.units_of(session, booking_id)
        return Suggested(tuple((unit,) for unit in units))

    def act(evidence: Evidence, _among: frozenset[UUID] | None) -> BookingOut:
        confirmed = partial(confirming.confirm, booking_id=booking_id, evidence=evidence)
        return _answer(caller, response, confirmed)

    return await Asking(caller, checker).act(gather, act)


@router.get(
    "/{booking_id}/checks",
    summary="What channels said before a booking was accepted",
    responses=example(200, {"items": [CHECK]}),
)
def checks_of(caller: Staff, booking_id: UUID) -> ChecksOut:
    """The newest look first: of each link how it stood, as of when, and how long it was waited for."""

    def work(session: Session) -> ChecksOut:
        query.one(session, booking_id)
        return ChecksOut(items=[CheckOut.of(row) for row in checks_query.of_booking(session, booking_id)])

    return caller.transact(work)


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

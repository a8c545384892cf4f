"""POST bookings/{id}/sync, bookings/{id}/channels/{link_id}/create|refresh|remove."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.dependencies import Staff
from api.idempotency import Answer, Idempotent
from api.openapi import documented, example
from api.schemas.asked_syncs import SYNCS, SyncsOut
from api.schemas.runs import QUEUED, RunOut
from hub import clock
from sync import by_hand, selecting
from sync.by_hand import Step

router = APIRouter(prefix="/bookings/{booking_id}", tags=["channels"])

STEPS = {
    Step.CREATE: (
        "Show a booking in one calendar",
        "Also after its event was removed by hand, or deleted there again and again: what was open about "
        "that is settled. 409 with the reason where it is not to be shown: a cancelled booking, a lapsed "
        "hold, a stay that is over, units of which the calendar does not speak.",
    ),
    Step.REFRESH: (
        "Write a booking's events in one calendar anew",
        "Even if nothing changed. What somebody changed there meanwhile is looked at first. 409 where no "
        "event of it is there.",
    ),
    Step.REMOVE: (
        "Take a booking out of one calendar",
        "It stays out until it is created there again. The booking is untouched, and its nights stay taken.",
    ),
}


@router.post(
    "/sync",
    status_code=202,
    summary="Sync a booking with all channels now",
    response_model=SyncsOut,
    responses=example(202, SYNCS, "Workers take them within seconds; look at sync-runs/{id}"),
)
def sync(caller: Staff, booking_id: UUID, once: Idempotent) -> Response:
    """
    Its events are compared anew in every calendar that shows it, or is to, and every calendar that speaks of
    its units is read.
    """

    def work(session: Session) -> Answer:
        return Answer(SyncsOut.of(selecting.of_booking(session, booking_id)), 202)

    return once.create(caller, work)


def _step(step: Step) -> Callable[..., Response]:
    def take(caller: Staff, booking_id: UUID, link_id: UUID, once: Idempotent) -> Response:
        def work(session: Session) -> Answer:
            run = by_hand.take(session, booking_id, link_id, step, clock.now())
            return Answer(RunOut.single(run), 202, {"Location": f"/api/v1/sync-runs/{run.id}"})

        return once.create(caller, work)

    return take


for _one, (_summary, _description) in STEPS.items():
    router.add_api_route(
        f"/channels/{{link_id}}/{_one.value}",
        _step(_one),
        methods=["POST"],
        name=_one.value,
        status_code=202,
        summary=_summary,
        description=_description,
        response_model=RunOut,
        responses={
            **example(202, QUEUED, "A worker takes it within seconds; look at sync-runs/{id}"),
            **documented(409),
        },
    )

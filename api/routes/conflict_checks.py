"""POST conflicts/check."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.orm import Session

from api.checked import Checked
from api.dependencies import Staff
from api.openapi import documented, example
from api.schemas.checks import CHECKED, CheckedOut, CheckIn, FreeOut, SightOut
from api.schemas.spans import span_in
from hub import clock
from hub.domain.availability import explain
from hub.domain.evidence import Sight
from hub.domain.periods import Span
from hub.errors import Refused
from hub.queries import inventory
from hub.services import asking
from hub.services.asked import Asked
from hub.services.asking import ItemRequest
from sync import precheck
from sync.precheck import Prepared

router = APIRouter(prefix="/conflicts", tags=["conflicts"])

MOST = 50
"""Units whose channels are asked at once on purpose"""


@router.post(
    "/check",
    summary="Ask every channel now whether units are free",
    responses={**example(200, CHECKED), **documented(409, 429, 503)},
)
async def check(caller: Staff, body: CheckIn, checker: Checked) -> CheckedOut:
    """
    The channels of the unit, or of all units of the type, are asked as before a booking; what they say is
    taken over, and then told. Nothing is booked. Waits as long as the property has a booking wait.
    """
    span = span_in(body)
    asked, prepared = await run_in_threadpool(
        caller.transact, lambda session: _prepare(session, body, span, checker.spared)
    )
    left = prepared.plan.deadline.total_seconds()
    sights = await checker.sights(caller.organization_id, prepared.plan, lambda _: False, left)
    return await run_in_threadpool(caller.transact, lambda session: _told(session, asked, prepared, sights))


def _prepare(
    session: Session, body: CheckIn, span: Span, spared: Callable[[timedelta], Mapping[str, str]]
) -> tuple[Asked, Prepared]:
    now = clock.now()
    asked = asking.question(session, ItemRequest(span, body.unit_id, body.unit_type_id), now)
    if len(asked.offers) > MOST:
        raise Refused.because("too_many", f"more than {MOST} units: ask for one", "unit_type_id", most=MOST)
    return asked, precheck.prepare(session, asked.units, now, spared, anyway=True)


def _told(session: Session, asked: Asked, prepared: Prepared, sights: Mapping[UUID, Sight]) -> CheckedOut:
    seen = inventory.takings(session, inventory.leaves(asked.offers), asked.period, clock.now()).live
    links = {one.unit.id: one.link_ids for one in prepared.units}
    units = []
    for offer in asked.offers:
        taken = explain([offer.unit], seen, asked.period, asked.span, offer.zone)
        units.append(
            FreeOut(
                unit_id=offer.unit.id,
                name=offer.unit.name,
                free=not taken,
                verified=all(sights[link_id].good for link_id in links.get(offer.unit.id, ())),
                taken_by=[reason.message for reason in taken[1:]],
            )
        )
    return CheckedOut(units=units, channels=_in_order(list(sights.values())))


def _in_order(sights: Sequence[Sight]) -> list[SightOut]:
    """Those that are missing first."""
    return [SightOut.seen(one) for one in sorted(sights, key=lambda one: (one.good, one.channel, one.scope))]

"""GET availability, calendar."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.dependencies import Staff
from api.instants import FIRST, LAST, WITHIN
from api.openapi import documented, example
from api.schemas.availability import AvailabilityOut, AvailabilityQuery, CalendarOut, TypeOut
from api.schemas.common import Day
from api.schemas.spans import span_in
from hub.domain.periods import Nights, Span
from hub.domain.rules import LONGEST_HOURS, LONGEST_NIGHTS
from hub.errors import Refused
from hub.services import availability

router = APIRouter(tags=["availability"])

MOST_DAYS = 400

AVAILABLE = {
    "property_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be101",
    "arrival": "2027-07-01",
    "departure": "2027-07-04",
    "starts_at": None,
    "ends_at": None,
    "guests": 2,
    "items": [
        {
            "unit_type_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be102",
            "name": "Double room",
            "let_by": "night",
            "capacity": 2,
            "free": 0,
            "units": [],
            "reasons": [
                {
                    "code": "sold_out",
                    "message": "sold out on 2027-07-02",
                    "field": None,
                    "facts": {"night": "2027-07-02"},
                }
            ],
        }
    ],
}
CALENDAR = {
    "property_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be101",
    "from": "2027-07-01",
    "to": "2027-08-01",
    "items": [
        {
            "unit_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be103",
            "unit_type_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be102",
            "name": "Room 1",
            "type_name": "Double room",
            "category": "room",
            "let_by": "night",
            "busy": [
                {
                    "first": "2027-07-02",
                    "after": "2027-07-05",
                    "cause": "booking",
                    "reference": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be105",
                }
            ],
        }
    ],
}


@router.get(
    "/availability",
    summary="How many units of each type are free, and why none is",
    responses={**example(200, AVAILABLE), **documented(404)},
)
def available(caller: Staff, asked: Annotated[AvailabilityQuery, Query()]) -> AvailabilityOut:
    """Ask by `arrival` and `departure` for types let by the night, by `starts_at` and `ends_at` for hours."""
    span = _not_too_long(span_in(asked))
    rows = caller.transact(
        lambda session: availability.of_property(
            session, asked.property_id, span, asked.guests, asked.unit_type_id
        )
    )
    return AvailabilityOut(
        property_id=asked.property_id,
        guests=asked.guests,
        arrival=asked.arrival,
        departure=asked.departure,
        starts_at=asked.starts_at,
        ends_at=asked.ends_at,
        items=[TypeOut.of(row) for row in rows],
    )


@router.get(
    "/calendar",
    summary="What takes each unit of a property, day by day",
    response_model=CalendarOut,
    responses={**example(200, CALENDAR), **documented(404)},
)
def calendar(
    caller: Staff,
    property_id: UUID,
    first: Annotated[Day, Query(alias="from", description="The first day")],
    after: Annotated[Day, Query(alias="to", description=f"Not included; at most {MOST_DAYS} days later")],
) -> Response:
    """A night is the day on which it begins. Days without an entry are free."""
    _within_bounds(first, after)
    rows = caller.transact(lambda session: availability.calendar(session, property_id, first, after))
    # Thousands of small spans: plain JSON, without a model for each.
    return Response(json.dumps(_calendar(property_id, first, after, rows)), media_type="application/json")


def _calendar(
    property_id: UUID, first: date, after: date, rows: tuple[availability.UnitCalendar, ...]
) -> dict[str, object]:
    return {
        "property_id": str(property_id),
        "from": first.isoformat(),
        "to": after.isoformat(),
        "items": [
            {
                "unit_id": str(row.offer.unit.id),
                "unit_type_id": str(row.offer.unit.unit_type_id),
                "name": row.offer.unit.name,
                "type_name": row.offer.type_name,
                "category": row.offer.category,
                "let_by": row.offer.let_by,
                "busy": [
                    {
                        "first": first.isoformat(),
                        "after": after.isoformat(),
                        "cause": cause,
                        "reference": reference,
                    }
                    for first, after, cause, reference in row.busy
                ],
            }
            for row in rows
        ],
    }


def _not_too_long(span: Span) -> Span:
    if isinstance(span, Nights):
        if len(span) > LONGEST_NIGHTS:
            raise Refused.because("too_long", f"ask for {LONGEST_NIGHTS} nights at most", "departure")
    elif span.ends_at - span.starts_at > LONGEST_HOURS:
        raise Refused.because("too_long", f"ask for {LONGEST_HOURS.days} days at most", "ends_at")
    return span


def _within_bounds(first: date, after: date) -> None:
    if after <= first:
        raise Refused.because("no_days", f"{after} must be after {first}", "to")
    if (after - first).days > MOST_DAYS:
        raise Refused.because("too_long", f"ask for {MOST_DAYS} days at most", "to")
    if not FIRST <= first < after <= LAST:
        field = "to" if first >= FIRST else "from"
        raise Refused.because("beyond_calendar", f"there is nothing to see so far away: {WITHIN}", field)

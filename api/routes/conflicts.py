"""GET conflicts, conflicts/summary and conflicts/{id}, POST conflicts/{id}/resolve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session

from api.callers import Caller
from api.dependencies import Staff
from api.openapi import documented, example
from api.pagination import Page, Paged, next_cursor, shown
from api.rights import RIGHTS, Right
from api.schemas.conflicts import ConflictOut, CountOut, ResolveIn, State, SummaryOut, Type
from hub import clock
from hub.database import vault_of
from hub.models.external import ConflictRecord
from hub.queries import conflicts as query
from hub.queries import inbox
from hub.queries import ways_out as sides_query
from hub.queries.inbox import Wanted
from sync import resolving, sides, ways_out
from sync.planning.stakes import Action

router = APIRouter(prefix="/conflicts", tags=["conflicts"])

CONFLICT: dict[str, Any] = {
    "id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be110",
    "type": "EXTERNAL_OVERLAP",
    "state": "open",
    "words": "Room 1 is claimed twice: by Seaside Rentals from 2027-06-28 to 2027-07-03, and by confirmed "
    "booking 7KQ2M9XA from 2027-07-01 to 2027-07-04",
    "link_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be111",
    "event_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be112",
    "sync_item_id": None,
    "unit_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be103",
    "booking_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be105",
    "item_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be104",
    "blackout_id": None,
    "other_event_id": None,
    "starts_at": "2027-07-01T10:00:00Z",
    "ends_at": "2027-07-03T10:00:00Z",
    "local": {
        "source": "direct",
        "reference": "7KQ2M9XA",
        "status": "confirmed",
        "from": "2027-07-01",
        "to": "2027-07-04",
    },
    "remote": {
        "source": "Seaside Rentals",
        "channel": "Seaside Rentals",
        "nature": "stay",
        "from": "2027-06-28",
        "to": "2027-07-03",
        "last_seen_at": "2026-11-21T11:59:40+00:00",
    },
    "fingerprint": "6f1d2c0b9a8e7f65",
    "opened_at": "2026-11-21T12:00:00Z",
    "closed_at": None,
    "resolution": None,
    "texts": None,
    "ways_out": [
        {
            "action": "move_booking",
            "words": "move 7KQ2M9XA to Room 4, which is free for all of it",
            "parameters": {"unit_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be106"},
            "recommended": True,
        },
        {"action": "cancel_booking", "words": "cancel 7KQ2M9XA", "parameters": {}, "recommended": False},
    ],
}
SETTLED: dict[str, Any] = CONFLICT | {
    "state": "closed",
    "closed_at": "2026-11-21T12:10:00Z",
    "resolution": "7KQ2M9XA was moved to Room 4",
    "ways_out": [],
}
SUMMARY: dict[str, Any] = {
    "open": 2,
    "items": [
        {
            "property_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be101",
            "type": "EXTERNAL_OVERLAP",
            "state": "open",
            "number": 2,
        }
    ],
}
SEES_BOOKINGS = RIGHTS["GET /api/v1/bookings/{booking_id}"]
ASKS: Mapping[Action, Right] = {
    Action.MOVE_BOOKING: RIGHTS["POST /api/v1/bookings/{booking_id}/move"],
    Action.CANCEL_BOOKING: RIGHTS["POST /api/v1/bookings/{booking_id}/cancel"],
    Action.MOVE_BLACKOUT: RIGHTS["PATCH /api/v1/blackouts/{blackout_id}"],
    Action.REMOVE_BLACKOUT: RIGHTS["DELETE /api/v1/blackouts/{blackout_id}"],
    Action.IGNORE_EVENT: RIGHTS["POST /api/v1/links/{link_id}/events/{event_id}/ignore"],
    Action.KEEP: RIGHTS["POST /api/v1/links/{link_id}/accept-guard"],
    Action.RELEASE: RIGHTS["POST /api/v1/links/{link_id}/accept-guard"],
}
"""What a way out asks of whoever takes it, beside the right to resolve: what doing the same elsewhere asks"""


@router.get(
    "",
    summary="List conflicts between what we sold and what channels say",
    responses=example(200, {"items": [CONFLICT], "next_cursor": None}),
)
def page(
    caller: Staff,
    paging: Paged,
    state: Annotated[list[State] | None, Query(description="Any of these")] = None,
    type_: Annotated[list[Type] | None, Query(alias="type", description="Any of these")] = None,
    property_id: UUID | None = None,
    link_id: Annotated[UUID | None, Query(description="Of either side")] = None,
    unit_id: UUID | None = None,
    booking_id: UUID | None = None,
) -> Page[ConflictOut]:
    """Newest first, each with what can be done about it now."""
    wanted = Wanted(state or (), type_ or (), property_id, link_id, unit_id, booking_id)

    def work(session: Session) -> Page[ConflictOut]:
        rows = inbox.page(session, wanted, limit=paging.fetch, after=paging.after)
        return Page(
            items=_told(session, caller, shown(rows, paging)),
            next_cursor=next_cursor(rows, paging, lambda row: (row.opened_at, row.id)),
        )

    return caller.transact(work)


@router.get("/summary", summary="Count the conflicts that stand", responses=example(200, SUMMARY))
def summary(caller: Staff, property_id: UUID | None = None) -> SummaryOut:
    def work(session: Session) -> SummaryOut:
        rows = inbox.counts(session, property_id)
        items = [CountOut.model_validate(row, from_attributes=True) for row in rows]
        return SummaryOut(open=sum(one.number for one in items if one.state is State.OPEN), items=items)

    return caller.transact(work)


@router.get("/{conflict_id}", summary="Show a conflict", responses=example(200, CONFLICT))
def one(caller: Staff, conflict_id: UUID) -> ConflictOut:
    """With what can be done about it now, the best first."""
    return caller.transact(lambda session: _one(session, caller, query.one(session, conflict_id)))


@router.post(
    "/{conflict_id}/resolve",
    summary="Take one of a conflict's ways out",
    responses={**example(200, SETTLED), **documented(409)},
)
def resolve(caller: Staff, conflict_id: UUID, body: ResolveIn) -> ConflictOut:
    """
    What it changes is done as elsewhere, and asks for the same rights; calendars follow within seconds. 409,
    saying what is in the way, where the world has moved on since you looked. Saying the same again changes
    nothing. `separate` takes `same_stay` back.
    """
    said = body.said()

    def work(session: Session) -> ConflictOut:
        query.one(session, conflict_id)  # what is not there is that to everybody
        if (right := ASKS.get(said.action)) is not None:
            caller.require(right)
        return _one(session, caller, resolving.resolve(session, conflict_id, said))

    return caller.transact(work)


def _one(session: Session, caller: Caller, row: ConflictRecord) -> ConflictOut:
    (told,) = _told(session, caller, [row])
    return told


def _told(session: Session, caller: Caller, rows: Sequence[ConflictRecord]) -> list[ConflictOut]:
    """A page costs as many statements as one."""
    ways = ways_out.of(session, rows, clock.now())
    units = sides_query.unit_names(session, {row.unit_id for row in rows if row.unit_id is not None})
    both = sides.now(session, rows)
    return [
        ConflictOut.of(
            row,
            both[row.id],
            vault_of(session),
            with_texts=caller.may(SEES_BOOKINGS),
            ways_out=[way for way in ways.get(row.id, ()) if _may(caller, way.action)],
            unit=units.get(row.unit_id) if row.unit_id is not None else None,
        )
        for row in rows
    ]


def _may(caller: Caller, action: Action) -> bool:
    right = ASKS.get(action)
    return right is None or caller.may(right)

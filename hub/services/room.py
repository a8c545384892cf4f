"""Making room: re-assigning movable bookings so that a stay fits, when every night has some free unit."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from hub.domain.availability import Cause, SellableUnit, Taken, explain
from hub.domain.packing import Movable, Move, Want, pack, place
from hub.domain.periods import Period
from hub.errors import Conflict
from hub.queries import bookings as bookings_query
from hub.queries import inventory
from hub.services import moves
from hub.services.asked import Asked

REACH = timedelta(days=60)
"""Who is moved lies wholly within this distance of the stay that needs room."""


def make(
    session: Session,
    asked: Sequence[Asked],
    now: datetime,
    without: Collection[UUID],
) -> Mapping[int, SellableUnit]:
    """
    Place the items one by one, moving others where needed; Conflict if that fails. The caller holds the
    locks of all units that could serve, so that whom this moves cannot be moved or ended meanwhile, and
    has ended the holds that lapsed `around` the items.
    """
    choice: dict[int, SellableUnit] = {}
    placed: list[Taken] = []
    for position, item in enumerate(asked):
        live = inventory.takings(session, _leaves(item), around(item.period), now, without=without).live
        found = place([Want(position, item.period, item.units)], [*live, *placed])
        unit = found[position] if found is not None else _pack(session, item, [*live, *placed], now, without)
        choice[position] = unit
        placed += [Taken(leaf, item.period, Cause.BOOKING, None, "this booking") for leaf in unit.leaves]
    return choice


def _pack(
    session: Session, item: Asked, taken: Sequence[Taken], now: datetime, without: Collection[UUID]
) -> SellableUnit:
    singles = {offer.unit.id: offer.unit for offer in item.offers if not offer.composite}
    rows = [
        row
        for row in bookings_query.movable(session, singles.keys(), around(item.period), now)
        if row.booking_id not in without
    ]
    movable = [Movable(row.item_id, row.unit_id, Period(row.starts_at, row.ends_at)) for row in rows]
    # Known by its booking too: a channel may have sold the very nights of a booking that may move.
    loose = {(row.unit_id, row.booking_id, Period(row.starts_at, row.ends_at)) for row in rows}
    fixed = {
        unit_id: [
            row.period
            for row in taken
            if row.unit_id == unit_id and (unit_id, row.reference, row.period) not in loose
        ]
        for unit_id in singles
    }
    packing = pack(item.period, list(singles), fixed, movable) if item.by_type else None
    if packing is None:
        raise Conflict(*explain(item.units, taken, item.period, item.span, item.offers[0].zone))
    _move(session, packing.moves)
    return singles[packing.unit_id]


def _move(session: Session, shifted: Sequence[Move]) -> None:
    moves.reassign(session, {move.item_id: move.to_unit for move in shifted})


def _leaves(item: Asked) -> frozenset[UUID]:
    return inventory.leaves(item.offers)


def around(period: Period) -> Period:
    """Where those lie who may have to move for this period."""
    return Period(period.starts_at - REACH, period.ends_at + REACH)

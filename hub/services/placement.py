"""
Finding units for what is asked, and locking them: the heart of not selling twice.

Where units are named there is nothing to choose: they are locked, then read. Else an unlocked read
suggests units first; then these are locked, in one round, and read again. Who finds that the world moved
on starts again, and after losing twice locks all units that could serve. A stay that fits nowhere although
every night has a free unit makes room by moving others (`services.room`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from hub.database import StaleRead
from hub.domain.availability import Cause, SellableUnit, Taken, explain
from hub.domain.offers import Offer
from hub.domain.packing import Want, place
from hub.domain.periods import Period
from hub.errors import Conflict, Reason
from hub.queries import bookings as bookings_query
from hub.queries import inventory, locks
from hub.queries.inventory import Takings
from hub.services import allocations, holds, room
from hub.services.asked import Asked

LOSSES_BEFORE_LOCKING_ALL = 2


@dataclass(frozen=True, slots=True)
class Leaving:
    """
    A booking or blackout that is about to give up these units, which therefore do not count as taken.
    """

    booking_ids: frozenset[UUID] = frozenset()
    unit_ids: frozenset[UUID] = frozenset()
    event_ids: frozenset[UUID] = frozenset()
    """Events of channels that are the very stay: they are in nobody's way but others'"""

    @property
    def uncounted(self) -> frozenset[UUID]:
        return self.booking_ids | self.event_ids


NOBODY = Leaving()


def find(
    session: Session,
    asked: Sequence[Asked],
    now: datetime,
    leaving: Leaving = NOBODY,
    *,
    despite: frozenset[Cause] = frozenset(),
) -> tuple[SellableUnit, ...]:
    """
    Lock a unit for every item and return them in the items' order; Conflict, saying what takes them,
    if they cannot all be had. On return nobody else can take these units. What takes a unit for one of
    the causes in `despite` does not count.
    """
    candidates = inventory.leaves([offer for item in asked for offer in item.offers])
    reach = Period(min(item.period.starts_at for item in asked), max(item.period.ends_at for item in asked))
    if session.info["attempt"] == 0 and leaving == NOBODY and not any(item.by_type for item in asked):
        return _in_order(asked, _named(session, asked, reach, now, despite))
    seen = _read(session, candidates, reach, now, leaving, despite)
    choice = _choose(asked, seen.live)
    if choice is None and not _curable(asked, seen.live):
        raise Conflict(*against(asked, seen.live))

    everything = choice is None or session.info["attempt"] >= LOSSES_BEFORE_LOCKING_ALL
    wanted = candidates if everything or choice is None else _leaves(choice)
    if everything:  # making room reaches further, and so do the lapsed holds that would be in its way
        reach = room.around(reach)
        seen = _read(session, candidates, reach, now, leaving, despite)
    lapsing = bookings_query.units_of(session, seen.lapsed)
    locks.units(session, wanted | lapsing | leaving.unit_ids)
    inventory.confirm(session, _offers(asked, None if everything else choice))
    if allocations.held(session, leaving.booking_ids) != leaving.unit_ids:
        raise StaleRead

    seen = _read(session, wanted, reach, now, leaving, despite)
    holds.make_way(session, seen.lapsed, now)
    if everything:
        choice = _choose(asked, seen.live) or _made_room(session, asked, now, leaving)
    elif choice is None or _overlap(asked, choice, seen.live):
        raise StaleRead
    return _in_order(asked, choice)


@dataclass(frozen=True, slots=True)
class Suggested:
    """
    Units that each item might get, by an unlocked read; `complete` where there are no others, and not `free`
    where that was not looked at, or others would have to move.
    """

    items: tuple[tuple[SellableUnit, ...], ...]
    complete: bool = True
    free: bool = True

    @property
    def units(self) -> tuple[SellableUnit, ...]:
        return tuple({unit.id: unit for units in self.items for unit in units}.values())


def suggest(
    session: Session,
    asked: Sequence[Asked],
    now: datetime,
    most: int | None,
    leaving: Leaving = NOBODY,
) -> Suggested:
    """
    Units that the items might get, free ones and of each type so many more than are needed; all that could
    serve without `most`, or where others would have to move. None at all where it cannot be.
    """
    every = tuple(item.units for item in asked)
    if most is None:
        return Suggested(every, free=False)
    reach = Period(min(item.period.starts_at for item in asked), max(item.period.ends_at for item in asked))
    candidates = inventory.leaves([offer for item in asked for offer in item.offers])
    seen = _read(session, candidates, reach, now, leaving, frozenset()).live
    if _choose(asked, seen) is None:
        return Suggested(every if _curable(asked, seen) else tuple(() for _ in asked), free=False)
    busy: dict[UUID, list[Period]] = {}
    for row in seen:
        busy.setdefault(row.unit_id, []).append(row.period)
    free = [
        [unit for unit in item.units if not any(_meets(busy, leaf, item.period) for leaf in unit.leaves)]
        for item in asked
    ]
    enough = most + len(asked)
    return Suggested(tuple(tuple(units[:enough]) for units in free), all(len(u) <= enough for u in free))


def _meets(busy: Mapping[UUID, Sequence[Period]], leaf: UUID, period: Period) -> bool:
    return any(one.overlaps(period) for one in busy.get(leaf, ()))


def against(asked: Sequence[Asked], taken: Sequence[Taken]) -> tuple[Reason, ...]:
    """Why the items cannot all be had, each reason with its field."""
    reasons = tuple(
        replace(reason, field=reason.field or item.field)
        for item in asked
        if _choose([item], taken) is None
        for reason in explain(item.units, taken, item.period, item.span, item.offers[0].zone)
    )
    if reasons:
        return reasons
    return (
        Reason("not_together", "each of these could be had alone, but not all of them together", "items"),
    )


def _named(
    session: Session, asked: Sequence[Asked], reach: Period, now: datetime, despite: frozenset[Cause]
) -> Mapping[int, SellableUnit]:
    """Lock the units that were asked for, and read once; StaleRead where a lapsed hold has others too."""
    offers = _offers(asked, None)
    wanted = locks.units(session, inventory.leaves(offers))
    inventory.confirm(session, offers)
    seen = _read(session, wanted, reach, now, NOBODY, despite)
    choice = _choose(asked, seen.live)
    if choice is None:
        raise Conflict(*against(asked, seen.live))
    holds.make_way(session, seen.lapsed, now)
    return choice


def _made_room(
    session: Session, asked: Sequence[Asked], now: datetime, leaving: Leaving
) -> Mapping[int, SellableUnit]:
    """Who leaves goes first: others may be moved to these units, and the constraint is asked at once."""
    allocations.release(session, leaving.booking_ids, units=leaving.unit_ids)
    return room.make(session, asked, now, leaving.uncounted)


def _read(
    session: Session,
    units: frozenset[UUID],
    reach: Period,
    now: datetime,
    leaving: Leaving,
    despite: frozenset[Cause],
) -> Takings:
    seen = inventory.takings(session, units, reach, now, without=leaving.uncounted)
    return replace(seen, live=tuple(row for row in seen.live if row.cause not in despite))


def _curable(asked: Sequence[Asked], taken: Sequence[Taken]) -> bool:
    """Whether moving others could help: all that fails was asked for by type and is only fragmented."""
    failing = [item for item in asked if _choose([item], taken) is None]
    return all(
        item.by_type and all(reason.code == "fragmented" for reason in against([item], taken))
        for item in failing
    ) and any(item.by_type for item in asked)


def _choose(asked: Sequence[Asked], taken: Sequence[Taken]) -> Mapping[int, SellableUnit] | None:
    wants = [Want(position, item.period, item.units) for position, item in enumerate(asked)]
    return place(wants, taken)


def _overlap(asked: Sequence[Asked], choice: Mapping[int, SellableUnit], taken: Sequence[Taken]) -> bool:
    return any(
        row.unit_id in choice[position].leaves and row.period.overlaps(item.period)
        for position, item in enumerate(asked)
        for row in taken
    )


def _in_order(asked: Sequence[Asked], choice: Mapping[int, SellableUnit]) -> tuple[SellableUnit, ...]:
    return tuple(choice[position] for position in range(len(asked)))


def _offers(asked: Sequence[Asked], choice: Mapping[int, SellableUnit] | None) -> frozenset[Offer]:
    """What the decision rests on: all that could serve, or only what was chosen."""
    every = frozenset(offer for item in asked for offer in item.offers)
    if choice is None:
        return every
    chosen = {unit.id for unit in choice.values()}
    return frozenset(offer for offer in every if offer.unit.id in chosen)


def _leaves(choice: Mapping[int, SellableUnit]) -> frozenset[UUID]:
    return frozenset(leaf for unit in choice.values() for leaf in unit.leaves)

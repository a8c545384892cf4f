"""A sync that is undone, in as few words as a test of its plan needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from hub.domain.availability import Cause, SellableUnit, Taken
from hub.domain.offers import Offer
from hub.domain.periods import Hours, LetBy, Nights, Period, occupied
from sync.planning import logged, undoing
from sync.planning.placing import Blocked
from sync.planning.undone import (
    Act,
    Event,
    There,
)

MADRID = ZoneInfo("Europe/Madrid")
FIRST = date(2027, 7, 1)
NOW = datetime(2027, 6, 20, 10, tzinfo=UTC)
RUN, OTHER_RUN = UUID(int=1), UUID(int=2)
EVENT, SECOND, BOOKING, ITEM, BLACKOUT, SERIES = (UUID(int=n) for n in range(10, 16))


def unit(number: int, let_by: LetBy = LetBy.NIGHT) -> Offer:
    unit_id = UUID(int=100 + number)
    sellable = SellableUnit(unit_id, f"Room {number}", UUID(int=7), frozenset({unit_id}), let_by)
    return Offer(sellable, UUID(int=8), "Double", "room", 0, 2, MADRID, time(15), time(11))


ROOMS = tuple(unit(n) for n in range(1, 4))
ROOM, OTHER = ROOMS[0].unit.id, ROOMS[1].unit.id
CAR = unit(9, LetBy.HOUR)


@dataclass(frozen=True)
class Changed:
    """A row of the change log."""

    id: UUID
    entity: str
    entity_id: UUID
    action: str
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


def nights(first: int, after: int) -> Nights:
    return Nights(FIRST + timedelta(days=first), FIRST + timedelta(days=after))


def period(first: int, after: int) -> Period:
    return occupied(nights(first, after), MADRID)


def said(first: int, after: int, unit_id: UUID | None = None) -> dict[str, Any]:
    """A side of an event's change; with what it took, where a unit is named."""
    span = nights(first, after)
    found: dict[str, Any] = {"link_id": "l", "span": f"{span.arrival} to {span.departure}"}
    if unit_id is None:
        return found
    took = Blocked(unit_id, period(first, after), period(first, after).ends_at)
    return found | {logged.TAKES: logged.values([took])}


def came(number: int = 1, event_id: UUID = EVENT) -> Changed:
    return Changed(UUID(int=number), "external_event", event_id, "added", None, said(3, 7))


def went(number: int = 1, first: int = 3, after: int = 7, unit_id: UUID = ROOM) -> Changed:
    gone = UUID(int=5000 + number)
    return Changed(UUID(int=number), "external_event", gone, "removed", said(first, after, unit_id))


def moved(number: int = 1, event_id: UUID = EVENT) -> Changed:
    before, after = said(3, 7, ROOM), said(13, 17)
    return Changed(UUID(int=number), "external_event", event_id, "changed", before, after)


def at_item(unit_id: UUID, first: int, after: int) -> dict[str, Any]:
    span = nights(first, after)
    item = {"id": str(ITEM), "unit_id": str(unit_id), "pinned": False}
    items = [item | {"arrival": str(span.arrival), "departure": str(span.departure)}]
    return {"reference": "7KQ2M9XA", "items": items}


def booking_moved(number: int, was: tuple[UUID, int, int], now: tuple[UUID, int, int]) -> Changed:
    return Changed(UUID(int=number), "booking", BOOKING, "moved", at_item(*was), at_item(*now))


def closed(first: int, after: int, unit_id: UUID = ROOM) -> dict[str, Any]:
    span = nights(first, after)
    found = {"unit_id": str(unit_id), "kind": "maintenance"}
    return found | {"arrival": str(span.arrival), "departure": str(span.departure)}


def taken(first: int, after: int, owner: UUID, label: str, unit_id: UUID = ROOM) -> Taken:
    return Taken(unit_id, period(first, after), Cause.EXTERNAL, owner, label)


def there(*events: Event, **more: Any) -> There:
    offers = {one.unit.id: one for one in (*ROOMS, CAR)}
    names = {unit_id: one.unit.name for unit_id, one in offers.items()}
    found = There(RUN, NOW, MADRID, {one.id: one for one in events}, offers=offers, names=names)
    return replace(found, **more)


def told(*rows: Changed, there: There) -> list[tuple[str, tuple[Act, ...], str | None]]:
    found = undoing.plan(rows, there)
    return [(step.does, step.acts, step.why.code if step.why else None) for step in found.steps]


HERE = Event(EVENT, None, RUN, ahead=True, unit_ids=frozenset({ROOM}))


def hours(first: int, after: int) -> Hours:
    return Hours(NOW + timedelta(hours=first), NOW + timedelta(hours=after))

"""A sync that is undone, in values: what it changed, what is there now, what is done about it. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from hub.domain.availability import Taken
from hub.domain.offers import Offer
from hub.domain.periods import Hours, Nights, Span
from hub.errors import Reason

HELD_AGAIN = "closed"
"""The kind of the blackouts that hold what an event took: nobody stays there, and nothing is repaired"""


class Row(Protocol):
    """One row of the change log."""

    @property
    def id(self) -> UUID: ...
    @property
    def entity(self) -> str: ...
    @property
    def entity_id(self) -> UUID: ...
    @property
    def action(self) -> str: ...
    @property
    def before(self) -> dict[str, Any] | None: ...
    @property
    def after(self) -> dict[str, Any] | None: ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where an item of a booking is."""

    item_id: UUID
    unit_id: UUID
    span: Span


@dataclass(frozen=True, slots=True)
class Closure:
    """What a blackout takes."""

    unit_id: UUID
    span: Span
    kind: str


@dataclass(frozen=True, slots=True)
class Ignore:
    event_id: UUID


@dataclass(frozen=True, slots=True)
class Keep:
    """What an event left behind and waits to be freed counts from now on."""

    event_id: UUID


@dataclass(frozen=True, slots=True)
class Hold:
    """What an event took is held by a blackout of ours."""

    unit_id: UUID
    span: Span


@dataclass(frozen=True, slots=True)
class MoveBack:
    booking_id: UUID
    places: tuple[Place, ...]
    loose: frozenset[UUID] = frozenset()
    """Items that were not pinned to the unit to which they go back"""


@dataclass(frozen=True, slots=True)
class ChangeBack:
    blackout_id: UUID
    closure: Closure


@dataclass(frozen=True, slots=True)
class CloseAgain:
    closure: Closure


Act = Ignore | Keep | Hold | MoveBack | ChangeBack | CloseAgain


@dataclass(frozen=True, slots=True)
class Event:
    """An event of the channel as it is held now."""

    id: UUID
    item_id: UUID | None
    """Of a calendar that is synced event by event: what is ignored, which is a series as a whole"""
    run_id: UUID | None
    ahead: bool
    """Whether it takes anything that is not over"""
    with_others: bool = False
    """Its series takes time that another sync brought"""
    other: bool = False
    """It has another name since, or says other words: it may be another stay"""
    unit_ids: frozenset[UUID] = frozenset()
    ignored: bool = False
    """Of a feed: left out by a person, as by undoing this very sync"""


@dataclass(frozen=True, slots=True)
class Stay:
    reference: str
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class There:
    """What is there now of all that a sync changed."""

    run_id: UUID
    now: datetime
    zone: ZoneInfo
    events: Mapping[UUID, Event] = field(default_factory=dict)
    waiting: frozenset[UUID] = frozenset()
    """Events that are what this sync left of others, until their channel has said so often enough"""
    stays: Mapping[UUID, Stay] = field(default_factory=dict)
    closures: Mapping[UUID, Closure] = field(default_factory=dict)
    offers: Mapping[UUID, Offer] = field(default_factory=dict)
    """The units that there are, by their ids"""
    names: Mapping[UUID, str] = field(default_factory=dict)
    """Of those, and of archived ones"""
    taken: tuple[Taken, ...] = ()
    """What takes leaf units where something could be held again; whose it is says `reference`: an item's, a
    blackout's or an event's"""


@dataclass(frozen=True, slots=True)
class Step:
    """What is done about one change; where it is not possible, why."""

    change_id: UUID
    what: str
    does: str = ""
    acts: tuple[Act, ...] = ()
    why: Reason | None = None

    @property
    def possible(self) -> bool:
        return self.why is None


def span_of(said: Mapping[str, Any]) -> Span:
    """As the change log has it (`hub.services.snapshots`)."""
    if "arrival" in said:
        return Nights(date.fromisoformat(said["arrival"]), date.fromisoformat(said["departure"]))
    return Hours(datetime.fromisoformat(said["starts_at"]), datetime.fromisoformat(said["ends_at"]))


def places_of(said: Mapping[str, Any] | None) -> tuple[Place, ...]:
    items = (said or {}).get("items", ())
    return tuple(Place(UUID(one["id"]), UUID(one["unit_id"]), span_of(one)) for one in items)


def loose_in(said: Mapping[str, Any] | None) -> frozenset[UUID]:
    """Items of a booking that are not pinned to their units."""
    return frozenset(UUID(one["id"]) for one in (said or {}).get("items", ()) if not one["pinned"])


def closure_of(said: Mapping[str, Any] | None) -> Closure | None:
    if said is None:
        return None
    return Closure(UUID(said["unit_id"]), span_of(said), said["kind"])

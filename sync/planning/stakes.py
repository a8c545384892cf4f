"""What a conflict is about, in values: its kind, what may be done about it, and both sides. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from connectors.contract import When
from hub.domain.lifecycle import LIFECYCLE, Status
from hub.domain.offers import Offer
from hub.domain.periods import Span
from sync.planning.vacancies import NOTHING, Reading, Wanted


class Action(StrEnum):
    """What a person can say of a conflict."""

    MOVE_EVENT = "move_event"
    MOVE_BOOKING = "move_booking"
    MOVE_BLACKOUT = "move_blackout"
    SAME_STAY = "same_stay"
    SEPARATE = "separate"
    REMOVE_BLACKOUT = "remove_blackout"
    CANCEL_BOOKING = "cancel_booking"
    IGNORE_EVENT = "ignore_event"
    ACCEPT = "accept"
    IGNORE = "ignore"
    RELEASE = "release"
    KEEP = "keep"
    SHOW = "show"
    HIDE = "hide"


class Kind(StrEnum):
    """A conflict's type, and for overlaps what the other side is."""

    BOOKING = "booking"
    BLACKOUT = "blackout"
    CHANNELS = "channels"
    UNPLACED = "unplaced"
    UNPARSEABLE = "unparseable"
    GUARD = "guard"
    DELETED = "deleted"
    SETTLED = "settled"


A = Action
ACTIONS: Mapping[Kind, tuple[Action, ...]] = {
    Kind.BOOKING: (
        *(A.MOVE_EVENT, A.MOVE_BOOKING, A.SAME_STAY, A.SEPARATE, A.CANCEL_BOOKING),
        *(A.IGNORE_EVENT, A.ACCEPT, A.IGNORE),
    ),
    Kind.BLACKOUT: (A.MOVE_EVENT, A.MOVE_BLACKOUT, A.REMOVE_BLACKOUT, A.IGNORE_EVENT, A.ACCEPT, A.IGNORE),
    Kind.CHANNELS: (A.MOVE_EVENT, A.IGNORE_EVENT, A.ACCEPT, A.IGNORE),
    Kind.UNPLACED: (A.MOVE_EVENT, A.IGNORE_EVENT, A.ACCEPT, A.IGNORE),
    Kind.UNPARSEABLE: (A.IGNORE_EVENT, A.ACCEPT, A.IGNORE),
    Kind.GUARD: (A.KEEP, A.RELEASE),
    Kind.DELETED: (A.SHOW, A.HIDE),
    Kind.SETTLED: (),
}
"""All that each kind can ever have"""

_BY_TYPE = {
    "UNPLACED": Kind.UNPLACED,
    "UNPARSEABLE": Kind.UNPARSEABLE,
    "GUARD_TRIPPED": Kind.GUARD,
    "MIRROR_DELETED": Kind.DELETED,
}


def kind_of(type_: str, *, item: bool, blackout: bool, other: bool) -> Kind:
    if type_ != "EXTERNAL_OVERLAP":
        return _BY_TYPE.get(type_, Kind.SETTLED)
    if item:
        return Kind.BOOKING
    if blackout:
        return Kind.BLACKOUT
    return Kind.CHANNELS if other else Kind.SETTLED


@dataclass(frozen=True, slots=True)
class Stay:
    """The item of a booking that is one side, with the terms of the unit that it has."""

    id: UUID
    reference: str
    status: Status
    span: Span
    offer: Offer
    least_capacity: int
    """How many guests its unit must have room for, beside what the booking's other units have"""
    lapsed: bool = False
    others: tuple[Wanted, ...] = ()
    """What else the booking takes: it moves as a whole, so this must be free of channels"""
    items: frozenset[UUID] = frozenset()
    """All items of the booking, this one included"""
    source: str = ""

    @property
    def movable(self) -> bool:
        allocates = LIFECYCLE[self.status].allocates
        return allocates and not self.lapsed and self.status not in (Status.CHECKED_OUT, Status.COMPLETED)


@dataclass(frozen=True, slots=True)
class Closure:
    """The blackout that is one side."""

    id: UUID
    kind: str
    span: Span
    offer: Offer
    held_again: bool = False
    """Undoing a sync made it, and nobody changed it since"""


@dataclass(frozen=True, slots=True)
class Told:
    """The event that is one side."""

    id: UUID
    link_id: UUID
    channel: str
    connector: str
    when: When
    leaves: frozenset[UUID]
    scope: tuple[Offer, ...]
    """The units of which its calendar speaks"""
    by_event: bool = False
    """Its calendar is synced event by event"""
    untold: bool = False
    """The channel does not tell it any more, as far as anybody knows"""
    whole: bool = True
    """None of it is our own word come back, so it can be put elsewhere as a whole"""
    same_as: UUID | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """A conflict, as far as it matters to what can be done about it."""

    kind: Kind
    state: str
    zone: ZoneInfo
    now: datetime
    event: Told | None = None
    other: Told | None = None
    stay: Stay | None = None
    closure: Closure | None = None
    offers: tuple[Offer, ...] = ()
    """The units of the property"""
    keeps: bool = True
    """Of a guarded link: whether what is missed can be kept here"""
    reading: Reading = NOTHING
    """What takes the units to which something could go, when it could"""

    @property
    def events(self) -> tuple[Told, ...]:
        return tuple(one for one in (self.event, self.other) if one is not None)

"""The life of a booking: one table of its statuses, and what each of them means for the inventory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from hub.errors import Reason


class Status(StrEnum):
    """Where a booking stands; the table below says what that means."""

    HELD = "held"
    PENDING = "pending"
    CONFIRMED = "confirmed"
    CHECKED_IN = "checked_in"
    IN_PROGRESS = "in_progress"
    CHECKED_OUT = "checked_out"
    COMPLETED = "completed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"


@dataclass(frozen=True, slots=True)
class Stage:
    """One row of the table.

    * allocates: it takes its units; nobody else gets them for its periods
    * exported: channels are told that it is there
    * payable: money may be taken towards it
    * restorable: if a channel deletes our event of it, the event is put back and somebody is asked
    * movable: packing may give its items other units
    """

    title: str
    becoming: str
    then: frozenset[Status]
    allocates: bool
    exported: bool
    payable: bool
    restorable: bool
    movable: bool

    @property
    def final(self) -> bool:
        return not self.then


def _stage(title: str, becoming: str, then: tuple[Status, ...], yes: str = "") -> Stage:
    claims = {"allocates", "exported", "payable", "restorable", "movable"}
    said = set(yes.split())
    if unknown := said - claims:
        raise ValueError(f"{title}: {unknown} is nothing that the table says")
    return Stage(title, becoming, frozenset(then), **{claim: claim in said for claim in claims})


S = Status

# What allocates is exported: a feed that calls a night free while we refuse to sell it sells it twice.
# Past stays keep their allocation, it is the history of the nights; a no-show gives its nights back.
#
# A mistaken check-out may be undone, as front desks do on the same day: the allocation was kept, so the
# way back needs no new inventory. There is no way back from a status that has given its nights away
# (a no-show who arrives after all makes a new booking, if there is still room), nor from completed,
# with which the accounts are closed.
LIFECYCLE: Mapping[Status, Stage] = {
    S.HELD: _stage(
        "a held booking",
        "be held",
        (S.PENDING, S.CONFIRMED, S.EXPIRED, S.CANCELLED),
        "allocates exported payable movable",
    ),
    S.PENDING: _stage(
        "a pending booking",
        "become pending",
        (S.CONFIRMED, S.CANCELLED, S.EXPIRED),
        "allocates exported payable restorable movable",
    ),
    S.CONFIRMED: _stage(
        "a confirmed booking",
        "be confirmed",
        (S.CHECKED_IN, S.CANCELLED, S.NO_SHOW),
        "allocates exported payable restorable movable",
    ),
    S.CHECKED_IN: _stage(
        "a checked-in booking",
        "be checked in",
        (S.IN_PROGRESS, S.CHECKED_OUT),
        "allocates exported payable restorable",
    ),
    S.IN_PROGRESS: _stage(
        "a booking in progress",
        "be put in progress",
        (S.CHECKED_OUT,),
        "allocates exported payable restorable",
    ),
    S.CHECKED_OUT: _stage(
        "a checked-out booking",
        "be checked out",
        (S.COMPLETED, S.CHECKED_IN),
        "allocates exported payable",
    ),
    S.COMPLETED: _stage("a completed booking", "be completed", (), "allocates exported"),
    S.EXPIRED: _stage("an expired booking", "expire", ()),
    S.CANCELLED: _stage("a cancelled booking", "be cancelled", ()),
    S.NO_SHOW: _stage("a no-show", "become a no-show", ()),
}

ACTIONS: Mapping[str, Status] = {
    "confirm": S.CONFIRMED,
    "cancel": S.CANCELLED,
    "check-in": S.CHECKED_IN,
    "start": S.IN_PROGRESS,
    "check-out": S.CHECKED_OUT,
    "complete": S.COMPLETED,
    "no-show": S.NO_SHOW,
    "expire": S.EXPIRED,
}
"""What people and beat call the step to a status."""

FIRST: tuple[Status, ...] = (S.HELD, S.CONFIRMED)
"""What a booking may be created as."""

ALLOCATING = frozenset(status for status, stage in LIFECYCLE.items() if stage.allocates)
EXPORTED = frozenset(status for status, stage in LIFECYCLE.items() if stage.exported)
MOVABLE = frozenset(status for status, stage in LIFECYCLE.items() if stage.movable)
FINAL = frozenset(status for status, stage in LIFECYCLE.items() if stage.final)


def may_become(now: Status, then: Status) -> bool:
    return then in LIFECYCLE[now].then


def refusal(now: Status, then: Status) -> Reason | None:
    """Why a booking cannot take this step, in words; None when it can."""
    if may_become(now, then):
        return None
    facts = {"status": now.value, "wanted": then.value, "possible": sorted(LIFECYCLE[now].then)}
    if now is then:
        return Reason("already", f"this is {LIFECYCLE[now].title} already", "status", facts)
    message = f"{LIFECYCLE[now].title} cannot {LIFECYCLE[then].becoming}"
    return Reason("wrong_status", message, "status", facts)

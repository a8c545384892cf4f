"""How an event of ours stands in a calendar, and how that is told to people. PURE."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

REFUSED = "refused: "
"""Beginning of the outcome of a write that the channel refused"""


class State(StrEnum):
    SYNCED = "synced"
    WAITING = "waiting"
    ON_ITS_WAY = "on_its_way"
    PUT_OFF = "put_off"
    REFUSED = "refused"
    DELETED_THERE = "deleted_there"
    HIDDEN = "hidden"
    NOT_SHOWN = "not_shown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known of an event of ours and its link."""

    wanted: bool
    """It is to be seen there, and not over"""
    present: bool
    deleted: bool = False
    """It was there, and is not any more"""
    hidden: bool = False
    review: bool = False
    touched: bool = False
    held: bool = False
    """By the guard, for much was deleted there at once"""
    op_state: str = ""
    outcome: str = ""
    """Of the last write"""
    rests_until: datetime | None = None
    link_rests: str = ""
    """Why nobody syncs the link, if nobody does"""


def judge(one: Standing, now: datetime) -> State:
    if one.hidden:
        return State.HIDDEN
    if one.op_state == "inflight":
        return State.ON_ITS_WAY
    rests = one.rests_until is not None and one.rests_until > now
    if one.op_state == "ready" or (one.touched and rests):
        return State.PUT_OFF
    if one.touched:
        return State.WAITING
    if one.op_state == "settled" and one.outcome.startswith(REFUSED):
        return State.REFUSED
    if one.present:
        return State.SYNCED
    if one.deleted and (one.review or one.held):
        return State.DELETED_THERE
    return State.WAITING if one.wanted and not one.deleted else State.NOT_SHOWN


def told(one: Standing, state: State) -> str:
    """In one line, with what follows."""
    if state is State.WAITING and one.link_rests:
        return f"waits: {one.link_rests}"
    if state is State.PUT_OFF:
        return f"put off: {one.outcome}" if one.outcome else "put off: the channel's quota ran out"
    if state is State.REFUSED:
        return one.outcome
    if state is State.SYNCED and one.review:
        return "in the calendar; it was deleted there and put back, and nobody has said yet whether it stays"
    if state is State.HIDDEN and one.present:
        return "hidden by hand; it is being taken out of the calendar"
    if state is State.DELETED_THERE and one.held:
        return "deleted there together with much else: nothing follows until further looks agree"
    return _WORDS[state]


_WORDS = {
    State.SYNCED: "in the calendar",
    State.WAITING: "waits for the next sync",
    State.ON_ITS_WAY: "being written; whether it arrived is not known yet",
    State.DELETED_THERE: "deleted there; it stays so until somebody decides",
    State.HIDDEN: "hidden by hand",
    State.NOT_SHOWN: "not in the calendar, and not to be",
}

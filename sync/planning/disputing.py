"""
Whether what a channel says clashes with somebody else's claim on the same unit, and what a person's word on
it is worth once a side changes. PURE.

* a booking of ours clashes with whatever takes its time: we promised it, and the channel may have sold it
* a blackout of ours clashes with what may be a guest: somebody arrives at a room under repair. A closure of
  the channel's says what the blackout says
* two channels clash where both may have a guest there. Most closures are made because of something: another
  tool, or the channel itself, closes what was sold elsewhere, so a closure against a stay is how it should
  be, and two closures sell nothing. Each channel has hundreds, the windows of its policy among them

What a channel does not tell the nature of may be a guest, and counts as one: a conflict that proves to be
none is put aside with one word, a double sale that nobody heard of is found out by the guests.

Nor do two events clash that tell one thing: the same time under the name that it had where it began, which
hubs write on what they say.

What its channel no longer tells clashes with nothing new but bookings, whose nights it still keeps: a guest
who goes from one channel to another is in both for as long as the first must be read twice. A conflict that
stands goes on until that is agreed on.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from connectors.contract import Mark, Nature

OPEN, IGNORED, ACCEPTED, CLOSED = "open", "ignored", "accepted", "closed"


class Claim(StrEnum):
    """Who else claims the time of a channel's event."""

    BOOKING = "booking"
    BLACKOUT = "blackout"
    STAY = "stay"
    UNKNOWN = "unknown"
    BLOCK = "block"


_ANY = frozenset(Nature)
_MAYBE_A_GUEST = frozenset({Nature.STAY, Nature.UNKNOWN})

CLASHES: Mapping[Claim, frozenset[Nature]] = {
    Claim.BOOKING: _ANY,
    Claim.BLACKOUT: _MAYBE_A_GUEST,
    Claim.STAY: _MAYBE_A_GUEST,
    Claim.UNKNOWN: _MAYBE_A_GUEST,
    Claim.BLOCK: frozenset(),
}
"""Each claim, and the events of a channel that clash with it; the last three are other channels' events"""

_PASSING = frozenset({"last_seen_at", "channel", "source", "why", "readings", "series"})
"""What of a side says how we know of it, not what it is"""
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|\u201c[^\u201d]*\u201d")
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Told:
    """An event as its channel tells it. `span` is of the whole of it."""

    nature: Nature
    span: Mapping[str, str]
    uid: str
    """Its name in our feeds"""
    mark: Mark | None = None
    waits: bool = False
    """Its channel no longer tells it, and nobody said that it counts all the same"""


def with_ours(event: Told, claim: Claim) -> bool:
    """Whether an event clashes with a booking or blackout of ours."""
    return event.nature in CLASHES[claim]


def between_channels(one: Told, other: Told) -> bool:
    """Whether the events of two channels clash."""
    return one.nature in CLASHES[Claim(other.nature)] and not _one_thing(one, other)


def opens(claim: Claim | None, *, waits: bool) -> bool:
    """Whether a clash that is not known yet is told, one side of which `waits` or not."""
    return claim in (Claim.BOOKING, None) or not waits


def fingerprint(local: Mapping[str, Any], remote: Mapping[str, Any], unit_id: UUID | None) -> str:
    """Of both sides and where they meet: equal as long as neither changed."""
    sides = [{name: side[name] for name in side.keys() - _PASSING} for side in (local, remote)]
    said = json.dumps([*sides, str(unit_id)], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def state_after(state: str, before: str, now: str) -> str:
    """The state of one that goes on, by its fingerprints: what was put aside is open once it changed."""
    return OPEN if state == IGNORED and before != now else state


def series(family: str) -> str:
    """What an event recurs with, in a word that outlives it and says nothing of it: names hold anything."""
    return hashlib.sha256(family.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def plainly(problem: str) -> str:
    """What could not be read, without what the calendar wrote there: that may name a guest."""
    return _QUOTED.sub("…", problem)[:_LONGEST]


def _one_thing(one: Told, other: Told) -> bool:
    """The same span under one origin. Not the origin alone: apps copy what is written on events."""
    origins = {_origin(one), _origin(other)}
    return len(origins) == 1 and dict(one.span) == dict(other.span)


def _origin(event: Told) -> str:
    return event.mark.origin if event.mark is not None else event.uid

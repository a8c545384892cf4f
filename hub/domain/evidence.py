"""What channels said before a booking was accepted, and what it means for the booking. PURE."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID


class Policy(StrEnum):
    """What it means that a channel could not be asked, the weakest first."""

    OFF = "off"
    FLAG = "flag"
    HOLD = "hold"
    REFUSE = "refuse"


class Verdict(StrEnum):
    FRESH = "fresh"
    """Known well enough, not asked again"""
    ANSWERED = "answered"
    LATE = "late"
    FAILED = "failed"
    SPARED = "spared"
    """It was known that nobody would answer these minutes, so it was not waited for"""
    UNREACHABLE = "unreachable"
    """Nobody can ask before a person has done something about the link, or it is gone"""
    PAUSED = "paused"
    """A person said that it is not to be asked"""


GOOD = frozenset({Verdict.FRESH, Verdict.ANSWERED, Verdict.PAUSED})


class CheckState(StrEnum):
    """How a booking stands with the channels that could contradict it."""

    UNCHECKED = "unchecked"
    VERIFIED = "verified"
    FLAGGED = "flagged"
    AWAITING = "awaiting"


@dataclass(frozen=True, slots=True)
class Terms:
    """How a unit type's channels are asked; each property's own, unless the type has others."""

    policy: Policy
    age: timedelta
    """What is known as of then is not asked again"""
    deadline: timedelta
    """How long a booking waits"""


@dataclass(frozen=True, slots=True)
class Sight:
    """How one link stood at one look."""

    link_id: UUID
    channel: str
    scope: str
    verdict: Verdict
    verified_at: datetime | None
    version: str = ""
    """ETag or hash of what is known of it"""
    waited: timedelta = timedelta()
    why: str = ""

    @property
    def good(self) -> bool:
        return self.verdict in GOOD


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that was looked at for one booking, and when the look began."""

    at: datetime
    sights: Mapping[UUID, Sight] = field(default_factory=dict)

    def bad(self, link_ids: Collection[UUID]) -> tuple[Sight, ...]:
        return tuple(self.sights[link_id] for link_id in link_ids if not self.sights[link_id].good)

    def covers(self, link_ids: Collection[UUID]) -> bool:
        return self.sights.keys() >= set(link_ids)


def strictest(policies: Collection[Policy]) -> Policy:
    """Of several types in one booking."""
    order = list(Policy)
    return max(policies, key=order.index, default=Policy.OFF)


def state_of(policy: Policy, asked: int, bad: int, on_hold: CheckState | None) -> CheckState | None:
    """
    How a booking stands that so many links could contradict, of which so many are bad; None: it is refused.

    `on_hold` is what the policy `hold` comes to: a new booking awaits the answer, what is only to be held is
    flagged because it is asked again when it is confirmed, and what can be neither is refused (None).
    """
    if policy is Policy.OFF or not asked:
        return CheckState.UNCHECKED
    if not bad:
        return CheckState.VERIFIED
    return {Policy.FLAG: CheckState.FLAGGED, Policy.HOLD: on_hold}.get(policy)


def in_words(sight: Sight, now: datetime) -> str:
    """Why a link's word is missing, for who is refused."""
    why = {
        Verdict.LATE: "did not answer in time",
        Verdict.FAILED: "could not be read",
        Verdict.SPARED: "was not waited for",
        Verdict.UNREACHABLE: "cannot be asked",
    }.get(sight.verdict, sight.verdict.value)
    said = f"{sight.channel} ({sight.scope}) {why}"
    if sight.why:
        said += f": {sight.why}"
    if sight.verified_at is None:
        return f"{said}; it was never read"
    return f"{said}; it was last read {ago(now - sight.verified_at)} ago"


def ago(since: timedelta) -> str:
    seconds = max(0, int(since.total_seconds()))
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"

"""Which links are asked before a booking is accepted, and what came of it. PURE."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hub.domain.evidence import Sight, Verdict

PULLED = frozenset({"active", "guarded"})

ALL = "*"
"""Stands for every host, where nobody pulls at all"""
SILENT = "it did not answer a moment ago"
UNTAKEN = "no puller took it"
NOBODY = "no puller took what was called out a moment ago"
PUT_OFF = "a puller put it off, for the sake of its host or of others who wait"
GONE = "the link was removed at this moment"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a link stands at one moment."""

    state: str
    state_reason: str | None
    verified_at: datetime | None
    failures: int
    leased: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A link that could contradict a booking, as it stood when the booking came."""

    link_id: UUID
    channel: str
    scope: str
    host: str
    """By which it is spared: the host's name, or what stands for it where there is none"""
    standing: Standing
    cursor: Mapping[str, Any] | None
    rests_until: datetime | None = None
    """Its quota is used up until then"""

    def sight(self, verdict: Verdict, standing: Standing | None = None, why: str = "") -> Sight:
        now = standing or self.standing
        known = version(self.cursor)
        return Sight(self.link_id, self.channel, self.scope, verdict, now.verified_at, known, why=why)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is known already, and what must be asked; `since` is what counts as known."""

    since: datetime
    deadline: timedelta
    sights: Mapping[UUID, Sight] = field(default_factory=dict)
    asked: tuple[Candidate, ...] = ()


def fresh(standing: Standing, since: datetime) -> bool:
    return standing.verified_at is not None and standing.verified_at >= since


def known(one: Candidate, since: datetime, now: datetime, spared: Mapping[str, str]) -> Sight | None:
    """
    What can be said of a link without asking it; None where it must be asked. `spared` are hosts that do not
    answer these minutes, and why; ALL is among them while nobody pulls.
    """
    if one.standing.state == "paused":
        return one.sight(Verdict.PAUSED, why="the link is paused")
    if fresh(one.standing, since):
        return one.sight(Verdict.FRESH)
    if one.standing.state not in PULLED:
        return one.sight(Verdict.UNREACHABLE, why=one.standing.state_reason or one.standing.state)
    if one.rests_until is not None and one.rests_until > now:
        until = f"{one.rests_until:%Y-%m-%d %H:%M} UTC"
        return one.sight(Verdict.SPARED, why=f"its quota is used up until {until}")
    why = spared.get(one.host) or spared.get(ALL)
    return one.sight(Verdict.SPARED, why=why) if why else None


def taken(before: Standing | None, now: Standing) -> bool:
    """Whether somebody pulls a link, or has pulled it since it was looked at before."""
    return now.leased or (
        before is not None and (before.verified_at, before.failures) != (now.verified_at, now.failures)
    )


def answer(one: Candidate, now: Standing, since: datetime) -> Sight | None:
    """What came of asking a link; None while it has not answered."""
    if fresh(now, since):
        return one.sight(Verdict.ANSWERED, now)
    if now.state == "paused":
        return one.sight(Verdict.PAUSED, now, "the link was paused at this moment")
    if now.state not in PULLED:
        return one.sight(Verdict.UNREACHABLE, now, now.state_reason or now.state)
    if now.failures > one.standing.failures and not now.leased:
        return one.sight(Verdict.FAILED, now, now.state_reason or "")
    return None


def version(cursor: Mapping[str, Any] | None) -> str:
    """The channel's own mark of what is known, else a hash of where reading it stands."""
    if not cursor:
        return ""
    etag = cursor.get("etag")
    if isinstance(etag, str) and etag:
        return etag[:200]
    canonical = json.dumps(cursor, sort_keys=True, default=str).encode()
    return f"sha256:{hashlib.sha256(canonical).hexdigest()[:16]}"

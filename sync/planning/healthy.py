"""How a link does, and what that means for whoever lets: judged and told from what is known of it. PURE."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sync.planning.alerting import FAILURES, STALE_AT_LEAST, STALE_INTERVALS
from sync.planning.exposure import span
from sync.planning.schedule import JITTER, TO_DO
from sync.planning.seen import ago


class Standing(StrEnum):
    """How a link stands, the worst first."""

    LOST = "lost"
    NEEDS_AUTH = "needs_auth"
    FAILING = "failing"
    STALE = "stale"
    GUARDED = "guarded"
    NEW = "new"
    """Never read yet"""
    PAUSED = "paused"
    FRESH = "fresh"
    EXPORTING = "exporting"
    """There is nothing to read: its channel fetches our feed"""


SEVERITY: Mapping[Standing, int] = {standing: place for place, standing in enumerate(Standing)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a link; all that has to do with reading is of no meaning where `reads` is not."""

    state: str
    reason: str | None = None
    reads: bool = True
    by_event: bool = False
    """It is synced event by event, so that what changes here is written there too"""
    created_at: datetime
    verified_at: datetime | None = None
    failures: int = 0
    failing_since: datetime | None = None
    interval_seconds: int = 900
    next_pull_at: datetime
    rests_until: datetime | None = None
    running: bool = False
    dirty_seq: int = 0
    synced_seq: int = 0
    notices: int = 0
    noticed: int = 0

    @property
    def interval(self) -> timedelta:
        return timedelta(seconds=self.interval_seconds)

    @property
    def unsent(self) -> int:
        """Changes here that are not known to be written there."""
        return max(0, self.dirty_seq - self.synced_seq) if self.by_event else 0

    @property
    def unlisted(self) -> int:
        """Notices of changes there that no listing has followed yet."""
        return max(0, self.notices - self.noticed)

    def age(self, now: datetime) -> timedelta | None:
        """How old what we hold of it is."""
        return max(timedelta(), now - self.verified_at) if self.verified_at is not None else None

    def lag(self, now: datetime) -> timedelta:
        """How far it is behind its own interval, with the spread that pulls are given."""
        if not self.reads or self.state == "paused":
            return timedelta()
        since = self.verified_at if self.verified_at is not None else self.created_at
        return max(timedelta(), now - since - self.interval * (1 + JITTER))


def stale_after(interval: timedelta) -> timedelta:
    """From which age on a calendar is stale: as alerts have it."""
    return max(interval * STALE_INTERVALS, STALE_AT_LEAST)


def judge(link: Known, now: datetime) -> Standing:
    if link.state in ("lost", "needs_auth", "paused"):
        return Standing(link.state)
    if not link.reads:
        return Standing.EXPORTING
    if link.failures >= FAILURES:
        return Standing.FAILING
    age = link.age(now)
    if (age if age is not None else now - link.created_at) > stale_after(link.interval):
        return Standing.STALE
    if link.state == "guarded":
        return Standing.GUARDED
    return Standing.NEW if age is None else Standing.FRESH


def told(link: Known, fetched_at: datetime | None, now: datetime) -> str:
    """In plain words, with what to do where somebody has to; `fetched_at`: when a channel took our feed."""
    standing = judge(link, now)
    parts = [_WORDS[standing], *_streak(link, standing, now), *_reading(link, standing, fetched_at, now)]
    if link.unsent:
        parts.append(f"{_number(link.unsent, 'change')} of ours not written there yet")
    if link.unlisted and standing is not Standing.PAUSED:
        parts.append(f"{_number(link.unlisted, 'notice')} of changes there not looked at yet")
    if link.rests_until is not None and link.rests_until > now:
        parts.append(f"its account's quota ran out: it goes on {ago(link.rests_until, now)}")
    if to_do := _to_do(link, standing):
        parts.append(to_do)
    return "; ".join(parts)


_WORDS: Mapping[Standing, str] = {
    Standing.LOST: "the channel no longer has this calendar",
    Standing.NEEDS_AUTH: "the channel no longer lets us in",
    Standing.FAILING: "its calendar cannot be read",
    Standing.STALE: "its calendar has not been read for too long",
    Standing.GUARDED: "its calendar lost much at once: what that would free is held",
    Standing.NEW: "not read yet",
    Standing.PAUSED: "paused: nobody reads its calendar",
    Standing.FRESH: "well",
    Standing.EXPORTING: "the channel fetches our feed",
}

_TO_DO: Mapping[Standing, str] = {
    Standing.LOST: TO_DO["lost"],
    Standing.NEEDS_AUTH: TO_DO["needs_auth"],
    Standing.FAILING: "look whether the calendar's address still answers; what is held stays held",
    Standing.STALE: "sync it by hand; if nothing happens, look whether beat and a puller run (`hub doctor`)",
    Standing.GUARDED: "release what is held if it was meant, else put it back on the channel",
    Standing.PAUSED: "resume the link, or nights that the channel sells stay for sale here",
}


def _to_do(link: Known, standing: Standing) -> str:
    """Nothing where the reason says it already."""
    to_do = _TO_DO.get(standing, "")
    return "" if to_do and link.reason and to_do in link.reason else to_do


def _streak(link: Known, standing: Standing, now: datetime) -> list[str]:
    parts = []
    if link.failures and standing is not Standing.PAUSED:
        tries = "the last try" if link.failures == 1 else f"the last {link.failures} tries"
        since = f", for {span(now - link.failing_since)}" if link.failing_since else ""
        parts.append(f"{tries} failed{since}")
    if link.reason:
        parts.append(link.reason)
    return parts


def _reading(link: Known, standing: Standing, fetched_at: datetime | None, now: datetime) -> list[str]:
    if not link.reads:
        fetched = f"last fetched {ago(fetched_at, now)}" if fetched_at else "nobody has fetched it yet"
        return [fetched]
    parts = [f"last read {ago(link.verified_at, now)}" if link.verified_at else "never read"]
    if standing is Standing.NEW:
        parts = []
    if lag := link.lag(now):
        parts.append(f"{span(lag)} behind its interval of {span(link.interval)}")
    if link.running:
        parts.append("being read now")
    elif link.state in ("active", "guarded"):
        due = ago(link.next_pull_at, now) if link.next_pull_at > now else "now"
        parts.append(f"next read {due}")
    return parts


def _number(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def counted(standings: Iterable[Standing]) -> dict[str, int]:
    """How many links stand how; complete, the worst first."""
    counts = Counter(standings)
    return {standing.value: counts[standing] for standing in Standing}


def coverage(counts: Mapping[str, int], unlinked: int) -> str:
    """Of one property, in one line."""
    found = [standing for standing in Standing if counts[standing]]
    parts = [f"{counts[standing]} {_SHORT.get(standing, standing.value)}" for standing in found]
    links = sum(counts.values())
    words = f"{_number(links, 'link')}: {', '.join(parts)}" if links else "no links"
    return f"{words}; {_number(unlinked, 'unit')} without any link" if unlinked else words


_SHORT: Mapping[Standing, str] = {
    Standing.NEEDS_AUTH: "signed out",
    Standing.NEW: "not read yet",
    Standing.EXPORTING: "fetched from us",
}

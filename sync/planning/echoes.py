"""
Whether what a channel tells is our own word come back: what we exported, against what it shows. PURE.

* ours: it takes nothing, for what takes that time is with us
  - echo       our feed says it still
  - draining   our feed stopped saying it: for sale here, told to nobody, until the channel drops it too
* the rest is a fact of the channel's, and blocks
  - muted      most likely our word that came by a detour: it opens no conflict and is told to nobody, so that
               it ends when we stop saying it
  - external

Signs and names prove what is ours, whatever it is called. Where a channel rewrites all, the time itself has
to do: what it shows as closed just where our feed to it is busy. A guest's stay is never taken for ours so.

What came first is nobody's echo: time that a channel had already when we began to say it stays the channel's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from connectors.contract import Nature
from hub.domain.periods import Period, difference, intersect, union
from sync.planning import draining, marks
from sync.planning.exported import Before, Export, Heard, History, Periods, may_be_ours
from sync.planning.timelines import Timeline

LATE = timedelta(hours=6)
"""
How long after we stopped saying something a detour may still bring it for the first time. Not longer: what is
closed in the very time that was just cancelled may as well be a decision of the host's.
"""


UNWRITTEN = timedelta(minutes=1)
"""So long after a fetch it may not be in the ledger yet"""


class Standing(StrEnum):
    """What is left of an event once our own word is taken from it; see the module."""

    EXTERNAL = "external"
    ECHO = "echo"
    DRAINING = "draining"
    MUTED = "muted"
    IGNORED = "ignored"
    """Not judged at all: a person left it out, and it takes nothing"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`ours` takes nothing; `muted` blocks and stays among us."""

    standing: Standing
    ours: Periods = ()
    muted: Periods = ()
    draining_since: datetime | None = None
    """Since when some of it is only there because the channel has not dropped it yet"""


def judge(
    history: History, heard: Sequence[Heard], now: datetime, told_at: datetime | None = None
) -> dict[str, Verdict]:
    """By the key of each event; `told_at` is when the channel was last known to tell them, if not now."""
    if not history.exports:
        return {one.key: Verdict(Standing.EXTERNAL) for one in heard}
    case = _Case.of(history, heard, now, told_at or now)
    return {one.key: _verdict(one, case) for one in heard}


@dataclass(frozen=True, slots=True)
class _Case:
    """What is the same for all events of one reading."""

    history: History
    now: datetime
    by_uid: Mapping[str, Sequence[Export]]
    by_origin: Mapping[str, Sequence[Export]]
    to_here: Timeline[Export]
    """What the channel was told and may show as its own"""
    saying: Timeline[Export]
    """What it is told at this moment"""
    elsewhere: Timeline[Export]
    """What may have come by a detour"""
    standing: Mapping[str, Period]
    """What the events that were there before take now, by their names in our feeds"""
    closed: Timeline[Before]

    def was(self, one: Heard) -> Sequence[Before]:
        """How its time stood until now. Closures are cut and joined anew with each change, and named anew."""
        found = tuple(self.closed.meeting(one.period))
        return found if one.before is None or one.before in found else (*found, one.before)

    @classmethod
    def of(cls, history: History, heard: Iterable[Heard], now: datetime, told_at: datetime) -> _Case:
        by_uid: dict[str, list[Export]] = {}
        by_origin: dict[str, list[Export]] = {}
        for export in history.exports:
            by_uid.setdefault(export.uid, []).append(export)
            by_origin.setdefault(export.origin, []).append(export)
        gone = draining.drained_before(history, now)
        here = [one for one in history.exports if one.here]
        told = (one for one in here if one.id not in gone and draining.may_be_shown(one, told_at))
        return cls(
            history,
            now,
            by_uid,
            by_origin,
            Timeline((one.period, one) for one in told),
            Timeline((one.period, one) for one in here if one.until_at is None),
            Timeline((one.period, one) for one in history.exports if _may_come_by_detour(one, now)),
            {one.before.uid_out: one.period for one in heard if one.before is not None},
            Timeline((before.period, before) for before in history.closed),
        )


def _verdict(one: Heard, case: _Case) -> Verdict:
    returned = one.mark is not None and case.history.returned(one.mark)
    parts = list(_by_name(one, case, returned))
    if case.history.by_content and may_be_ours(one, case.history.returned):
        parts += _by_content(one, case)

    ours = union(period for _, part in parts for period in part)
    rest = difference((one.period,), ours)
    muted = _muted(one, case, rest, foreign=one.mark is not None and not returned)
    saying = (export.period for export in case.saying.meeting(one.period))
    since = draining.draining_since(parts, saying, case.now) if parts else None
    if rest:
        standing = Standing.EXTERNAL if difference(rest, muted) else Standing.MUTED
    else:
        standing = Standing.ECHO if since is None else Standing.DRAINING
    return Verdict(standing, ours, muted, since)


def _by_name(one: Heard, case: _Case, returned: bool) -> Iterator[tuple[Export, Periods]]:
    """What we ever said under its origin or its very UID, unless we said it because of this event."""
    found = {export.id: export for export in case.by_uid.get(one.uid, ())}
    if returned and one.mark is not None:
        found |= {export.id: export for export in case.by_origin.get(one.mark.origin, ())}
    for export in found.values():
        if not _because_of(export, one) and (part := one.period.intersection(export.period)):
            yield export, (part,)


def _by_content(one: Heard, case: _Case) -> list[tuple[Export, Periods]]:
    """
    Where our feed to this channel was busy, and before the channel was. What may be a stay is altogether ours
    or not at all, unless it was before and is as it was: a guest's stay may well overlap what we said. Time
    that the channel had closed before, whoever's word that was, speaks neither for nor against it.
    """
    was = case.was(one)
    found = []
    for export in case.to_here.meeting(one.period):
        part = difference(intersect((one.period,), (export.period,)), _its_own(export, was))
        if part:
            found.append((export, part))
    told = (period for _, part in found for period in part)
    closed = (period for before in was for period in before.blocked)
    if one.nature is Nature.UNKNOWN and difference((one.period,), (*told, *closed)):
        as_it_was = one.before if one.before is not None and one.before.period == one.period else None
        was_ours = as_it_was.ours if as_it_was is not None else ()
        return [(export, both) for export, part in found if (both := intersect(part, was_ours))]
    return found


def _muted(one: Heard, case: _Case, rest: Periods, *, foreign: bool) -> Periods:
    """
    The closed time that others of our feeds say, or said not long ago, and said first. A hub that marks what
    it passes on is also asked for what we told itself: it may have it from a channel that rewrote it.
    """
    if one.nature is not Nature.BLOCK or not rest or not case.history.by_content:
        return ()
    was = case.was(one)
    quiet, own = [period for before in was for period in before.muted], _own(was)
    found: list[Period] = []
    for export in case.elsewhere.meeting(one.period):
        if (export.here and not foreign) or _because_of(export, one):
            continue
        part = intersect(rest, (export.period,))
        found += intersect(part, quiet)
        part = difference(difference(part, quiet), _its_own(export, was))
        if export.told_here:
            part = intersect(part, _still_told(export, case))
        if export.until_at is not None and case.now > export.until_at + LATE:
            part = intersect(part, own)
        found += part
    return union(found)


def _own(was: Iterable[Before]) -> list[Period]:
    return [period for before in was for period in before.own]


def _its_own(export: Export, was: Iterable[Before]) -> list[Period]:
    """
    What cannot be an echo of an export, for the channel had it first, by whatever detour it may have come; or
    was the channel's although we knew that the export had been fetched.
    """
    return [
        period
        for before in was
        for period in (before.blocked if export.since_at > before.first_seen_at else before.own)
        if export.since_at > before.first_seen_at
        or (export.seen_at is not None and export.seen_at < before.first_seen_at - UNWRITTEN)
        or (export.until_at is not None and before.first_seen_at > export.until_at + LATE)
    ]


def _still_told(export: Export, case: _Case) -> Periods:
    """
    Of what we pass on of this very channel, only what stands beside the event: that which went when the event
    came is the same thing under another name.
    """
    teller = case.standing.get(marks.whole(export.uid))
    return () if teller is None else (teller,)


def _may_come_by_detour(export: Export, now: datetime) -> bool:
    """A feed that nobody fetches any more says nothing: its last word was the last that was fetched."""
    if not export.alike or export.seen_at is None:
        return False
    last_told = export.until_at or export.fetched_at
    return last_told is not None and now - last_told <= draining.OVERDUE


def _because_of(export: Export, one: Heard) -> bool:
    return one.before is not None and marks.whole(export.uid) == one.before.uid_out

"""
What a reading has to tell people: what came, moved, went or waits. PURE.

Nothing of other names, of other words, nor of windows that move on every day; these share one line. Where
the guard is tripped one sentence says it all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from connectors.contract import Nature, When
from hub.domain.periods import Period
from sync.planning import headline, words
from sync.planning.differences import Difference, Kind, Pair
from sync.planning.exported import Periods
from sync.planning.guard import NOT_OURS, Verdict
from sync.planning.headline import Gist
from sync.planning.measure import Measure
from sync.planning.words import Told

AGAIN = "was left out, and is another event now"


@dataclass(frozen=True, slots=True)
class Notices:
    """For `words.summary`: `told` with units, then the spans that wait, then whole lines."""

    told: tuple[Told, ...] = ()
    waits: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    gist: Gist = field(default_factory=Gist, compare=False)
    """All of it in numbers, for one line"""


def notices(
    found: Difference,
    verdict: Verdict,
    new: Mapping[str, UUID],
    measure: Measure,
    now: datetime,
    ours: Mapping[str, Periods] = NOT_OURS,
) -> Notices:
    """
    `new` has the ids under which new events were stored, by key: what it lacks is not told. Nor is what
    becomes of time that is `ours`, by the keys of the events: our own word come back.
    """
    zone = measure.zone
    fresh = [
        one for one in found.new if one.key in new and one.key not in found.slides and not one.event.part
    ]
    changed = [pair for pair in found.of(Kind.CHANGED) if _is_news(pair, ours, measure.cut(now))]
    gone = [
        one
        for one in verdict.gone
        if one.known.slide is None and one.known.pieces and (one.agreed or not one.known.remainder)
    ]
    told = [Told(new[one.key], None, _span(one.event.when, one.own(ours), measure)) for one in fresh]
    told += [_changed(pair, pair.own(ours), measure) for pair in changed]
    again = [pair for pair in found.pairs if _counts_again(pair, ours, measure.cut(now))]
    told += [Told(pair.known.id, None, words.stretch(pair.when, zone), AGAIN) for pair in again]
    told += [Told(one.known.id, words.stretch(one.known.when, zone), None) for one in gone]
    moved = [(pair.slide, pair.when) for pair in found.of(Kind.SLID) if pair.slide is not None]
    moved += [(found.slides[one.key], one.event.when) for one in found.new if one.key in found.slides]
    returned = sum(1 for pair in found.back if pair.known.slide is None)
    more = (*words.windows(moved, zone), *words.back(returned))
    waits = _waits(verdict, zone)
    gist = headline.total(
        (
            headline.came([*(one.event.nature for one in fresh), *(pair.event.nature for pair in again)]),
            *(headline.changed(*_spans(pair, pair.own(ours), measure), zone) for pair in changed),
            *(headline.went(one.known.pieces, measure, now) for one in gone),
            Gist(missing=len(waits), back=returned, windows=len(moved)),
        )
    )
    if verdict.alarm and verdict.guard is not None:
        return Notices(tuple(told), (), (*more, verdict.guard.why), gist)
    return Notices(tuple(told), waits, more, gist)


def _is_news(pair: Pair, ours: Mapping[str, Periods], cut: datetime) -> bool:
    """
    Its own time is another, and not all of it is over. Where all of it is our own word now, what it had goes
    or waits by itself.
    """
    own = pair.own(ours)
    if not own and pair.event.key in ours:
        return False
    ahead = any(period.ends_at > cut for period in (*own, *pair.known.pieces))
    return pair.turned or (own != pair.known.pieces and ahead)


def _counts_again(pair: Pair, ours: Mapping[str, Periods], cut: datetime) -> bool:
    """A person left it out; at the same time there is something else now, as far as anybody can tell."""
    own = pair.own(ours)
    return pair.known.left_out and pair.kind is not Kind.CHANGED and any(one.ends_at > cut for one in own)


def _changed(pair: Pair, own: Periods, measure: Measure) -> Told:
    had, has = _spans(pair, own, measure)
    before = words.stretch(had, measure.zone) if had is not None else None
    after = words.stretch(has, measure.zone)
    remark = ""
    if pair.turned:
        remark = "a guest's stay now" if pair.event.nature is Nature.STAY else "no guest's stay any more"
    return Told(pair.known.id, before, after, remark)


def _spans(pair: Pair, own: Periods, measure: Measure) -> tuple[When | None, When]:
    """The time that it had, and has; None where all of it was our own word."""
    known = pair.known
    was_ours = not known.pieces and measure.takes(known.when) is not None
    before = None if was_ours else _own(known.when, known.pieces, measure)
    return before, _own(pair.when, own, measure)


def _span(when: When, own: Periods, measure: Measure) -> str:
    return words.stretch(_own(when, own, measure), measure.zone)


def _own(when: When, own: Periods, measure: Measure) -> When:
    """An event's time; of one that is partly our own word come back, what is the channel's own."""
    takes = measure.takes(when)
    if own and takes is not None and own != (takes,):
        return measure.when(Period(own[0].starts_at, own[-1].ends_at))
    return when


def _waits(verdict: Verdict, zone: ZoneInfo) -> tuple[str, ...]:
    """What waits since this reading."""
    missing = [one.known.when for one in verdict.waiting if one.known.missing is None and not one.known.slide]
    missing += [one.when for one in verdict.remainders if one.missing is not None and not one.of.slide]
    return tuple(words.stretch(when, zone) for when in missing)
